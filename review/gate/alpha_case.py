"""Reliability: alpha of the first two answers of each example."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from review.gate.figures import Figures, nothing
from review.stats import reliability_bets as bets
from review.stats.coefficients import krippendorff_alpha
from review.stats.forecast import examples_for_alpha
from review.stats.patterns import Value, tally
from review.stats.reliability import (
    AllThatShips,
    FirstTwo,
    alpha_e_value,
    alpha_lower_bound,
    alpha_upper_bound,
    first_two,
)
from review.stats.repeated import Repeated
from review.stats.sequences import ErrorLevel
from review.stats.shipping import Shipping

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Pair = tuple[str | None, str | None]

TWO = 2


@dataclass(frozen=True)
class AlphaCase:
    """Alpha over the examples that ship.

    Attributes:
        classes: The classes offered, at least one.
        drawn: The first two answers of each example of the sample, in the review order; `kept` are those of the
            reviewed examples that ship, and `gone` of those of the sample that don't, or not as they were.
        total: N, the population that the sample was drawn from.
    """

    classes: Sequence[str]
    drawn: Repeated[Pair]
    kept: Repeated[Pair]
    gone: Repeated[Pair]
    total: int
    shipping: Shipping
    threshold: Decimal
    final: bool = True

    def figures(self, level: ErrorLevel) -> Figures:
        """Returns alpha with its bounds and its e-value; undefined where every answer is the same."""
        point = krippendorff_alpha(tally(self.kept.read(_given).counts), "nominal")
        if self._kept.undefined:
            return Figures(point.value, None, None, None, failed=False, e_value=None, note=self._kept.undefined)
        e_value = self.e_value(level)
        return Figures(
            value=point.value,
            lower=self._lower(level.bound),
            upper=self._upper(level.bound),
            passes=e_value is not None and e_value >= level.needed,
            failed=self.final and self._upper(level.reject) < float(self.threshold),
            e_value=e_value,
            note=point.undefined or "",
        )

    def e_value(self, level: ErrorLevel) -> float | None:
        """Returns the e-value, weighted; None where every answer is the same."""
        if self._kept.undefined:
            return None
        if len(self.classes) <= TWO or not self.total:
            found = bets.alpha_e_value(self._kinds, self.total, float(self.threshold), self._beside)
        else:
            found = alpha_e_value(self._drawn, self.threshold, self._ships).value or 0.0
        return level.weight * found

    def examples_needed(self, level: ErrorLevel) -> int | None:
        """Returns the size of the sample at which the e-value would be enough; see `review.gate.figures.Case`."""
        if self._kept.undefined or not self.total:
            return None
        if len(self.classes) > TWO:
            return examples_for_alpha(self._drawn, self.threshold, level.bound)
        known = self._kinds[self._kinds != bets.MISSING]
        if not len(known):
            return None
        import numpy as np

        repeated = np.resize(known, self.total)
        wealth = bets.running_log_wealth(repeated, self.total, float(self.threshold), self._beside)
        passed = wealth >= -math.log(level.bound)
        return max(len(self.drawn), 1 + int(passed.argmax())) if passed.any() else None

    @cached_property
    def _drawn(self) -> FirstTwo:
        return first_two(self.drawn.counts, max(self.total, 1), self.classes)

    @cached_property
    def _kept(self) -> FirstTwo:
        whole = self.kept.then((None, None), self.shipping.kept - len(self.kept))
        return first_two(whole.counts, max(self.shipping.size, 1), self.classes)

    @cached_property
    def _kinds(self) -> NDArray[np.intp]:
        return self.drawn.array(self._kind, dtype="intp")

    @cached_property
    def _beside(self) -> bets.Beside:
        """What ships beside the population: all that is kept, less what of the sample is kept as it was drawn."""
        kept, gone, drawn = (pairs.read(self._kind).counts for pairs in (self.kept, self.gone, self.drawn))
        kept[bets.MISSING] += self.shipping.kept - len(self.kept)
        return bets.Beside(
            kept=tuple(kept[kind] - drawn[kind] + gone[kind] for kind in range(4)),
            lost=tuple(gone[kind] for kind in range(4)),
            removed=self.shipping.removed,
        )

    def _lower(self, delta: float) -> float | None:
        if len(self.classes) <= TWO:
            return bets.alpha_lower_bound(self._kinds, self.total, delta, float(self.threshold), self._beside)
        return alpha_lower_bound(self._drawn, delta, self._ships).value

    def _upper(self, delta: float) -> float:
        found = alpha_upper_bound(self._drawn, delta, self._ships).value
        return 1.0 if found is None else found

    @property
    def _ships(self) -> AllThatShips:
        return AllThatShips(self._kept, self.shipping)

    def _kind(self, pair: Pair) -> int:
        if None in pair:
            return bets.MISSING
        if pair[0] != pair[1]:
            return bets.DIFFER
        return bets.FIRST if pair[0] == self.classes[0] else bets.SECOND


def _given(pair: Pair) -> tuple[Value, ...]:
    return tuple(one for one in pair if one is not None)


@dataclass(frozen=True)
class Unmeasured:
    """Reliability where nothing says yet what may be answered."""

    why: str

    def figures(self, level: ErrorLevel) -> Figures:
        """Returns that there is nothing to measure yet."""
        return nothing(self.why)

    def e_value(self, level: ErrorLevel) -> float:
        """Nothing speaks for it yet, nor against."""
        return 1.0

    def examples_needed(self, level: ErrorLevel) -> int | None:
        """Nothing has been seen that would tell."""
        return None
