"""A share of examples that must be high: label agreement, what is not ambiguous, an author's own yes/no question."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from review.gate.figures import Figures, nothing
from review.stats import one_sided
from review.stats.control_variate import Scores, explained, fewest_good, running_log_wealth, share_e_value
from review.stats.forecast import smallest
from review.stats.repeated import Repeated
from review.stats.sequences import ErrorLevel
from review.stats.shares import DEFAULT_PRIOR, Draws, confidence_sequence, from_log, least_count
from review.stats.shipping import Shipping

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Known = bool | None
"""Whether an example is a good one; None where that isn't known."""


@dataclass(frozen=True)
class ShareCase:
    """The share of good examples among those that ship.

    Attributes:
        drawn: The examples of the sample, in the review order; `kept` are the reviewed ones that ship.
        total: N, the population that the sample was drawn from.
        threshold: The share to reach, in [0, 1].
        scores: What was known of each example of the sample before, if that is to be used.
    """

    drawn: Repeated[Known]
    kept: Repeated[Known]
    total: int
    shipping: Shipping
    threshold: Decimal
    scores: Scores | None = None
    final: bool = True

    @property
    def needed_of_all(self) -> int:
        """How many good ones must ship."""
        return least_count(self.threshold, self.shipping.size)

    @property
    def needed(self) -> int:
        """How many good examples the population must have, what isn't known taken as bad."""
        return int(self.shipping.needed(self.needed_of_all, self.kept.counts[True], self.drawn.counts[True]))

    def figures(self, level: ErrorLevel) -> Figures:
        """Returns the share with its bounds and its e-value."""
        if not self.shipping.size:
            return nothing("no example ships")
        good, e_value = self.drawn.counts[True], self.e_value(level)
        return Figures(
            value=self._estimate(),
            lower=self.shipping.least(self.kept.counts[True], good, self._fewest(level.bound)) / self.shipping.size,
            upper=self._most(level.bound) / self.shipping.size,
            passes=e_value >= level.needed,
            failed=self.final and self._most(level.reject) < self.needed_of_all,
            e_value=e_value,
            note="" if self._known or not self.total else "nothing in the sample is settled yet",
            explained=None if self.scores is None else explained(self._good, self.scores.seen),
            saved=self._saved(level),
        )

    def e_value(self, level: ErrorLevel) -> float:
        """Returns the e-value, weighted."""
        if not self.shipping.size:
            return 1.0
        if not self.total:
            return math.inf if self.needed <= 0 else 0.0
        return level.weight * share_e_value(self._good, self.scores, self.total, self.needed)

    def examples_needed(self, level: ErrorLevel) -> int | None:
        """Returns the size of the sample at which the e-value would be enough; see `review.gate.figures.Case`."""
        found = self._examples_needed(level, self.scores)
        return None if found is None else max(found, len(self.drawn))

    def _saved(self, level: ErrorLevel) -> int | None:
        """Returns how many examples the scores save: the size at which it passes without them, less that with them."""
        if self.scores is None:
            return None
        without, with_them = self._examples_needed(level, None), self._examples_needed(level, self.scores)
        return None if without is None or with_them is None else without - with_them

    def _examples_needed(self, level: ErrorLevel, scores: Scores | None) -> int | None:
        if not self._known or not self.total:
            return None
        import numpy as np

        needed, limit = self.needed, level.needed / level.weight
        places = np.resize(self._spread, self.total)
        good = self._good[places]
        so_far = np.cumsum(good)
        betting = None
        if scores is not None:
            seen = np.asarray(scores.seen)[places]
            betting = running_log_wealth(good, Scores(seen, 0.0, float(seen.max())), self.total, needed)

        def passes(size: int) -> bool:
            draws = Draws(int(so_far[size - 1]), size, self.total, one_sided.PRIOR)
            if betting is None:
                return one_sided.reaches(draws, needed, limit)
            return one_sided.reaches(draws, needed, 2 * limit - from_log(float(betting[size - 1])))

        return smallest(passes, 1, self.total)

    @cached_property
    def _good(self) -> NDArray[np.bool_]:
        """Whether each example of the sample is known to be good, shape (len(drawn),)."""
        return self.drawn.array(lambda known: known is True, dtype="bool")

    @property
    def _known(self) -> int:
        return len(self.drawn) - self.drawn.counts[None]

    @cached_property
    def _spread(self) -> NDArray[np.int64]:
        return spread_evenly(self.drawn)

    def _fewest(self, delta: float) -> int:
        if not self.total:
            return 0
        return fewest_good(self._good, self.scores, self.total, delta)

    def _most(self, delta: float) -> float:
        """Returns the most good ones that may ship, what isn't known taken as good."""
        most = self.drawn.counts[True] + self.drawn.counts[None]
        bound = most
        if self.total:
            bound = confidence_sequence(most, len(self.drawn), self.total, prior=DEFAULT_PRIOR, delta=delta).upper
        kept = self.kept.counts[True] + self.kept.counts[None]
        return self.shipping.most(kept, most, bound)

    def _estimate(self) -> float | None:
        """Returns the share if what isn't known is like what is known of the sample."""
        good, unknown = self.kept.counts[True], self.kept.counts[None] + self.shipping.rest
        if not unknown:
            return good / self.shipping.size
        if not self._known:
            return None
        return (good + self.drawn.counts[True] / self._known * unknown) / self.shipping.size


def spread_evenly(drawn: Repeated[Known]) -> NDArray[np.int64]:
    """Returns the places of what is known, the bad ones evenly among the good: a rate, not the luck of their order."""
    import numpy as np

    known = drawn.array(lambda good: good)
    same = [np.flatnonzero(known == 1), np.flatnonzero(known == 0)]
    parts = np.concatenate([(np.arange(len(places)) + 0.5) / max(len(places), 1) for places in same])
    places = np.concatenate(same)
    return places[np.lexsort((places, parts))]


@dataclass(frozen=True)
class TurnedShare:
    """A share that must be low: its complement must be high."""

    case: ShareCase

    def figures(self, level: ErrorLevel) -> Figures:
        """Returns the share with its bounds, the e-value is its complement's."""
        found = self.case.figures(level)
        return replace(
            found,
            value=None if found.value is None else 1 - found.value,
            lower=None if found.upper is None else 1 - found.upper,
            upper=None if found.lower is None else 1 - found.lower,
        )

    def e_value(self, level: ErrorLevel) -> float:
        """Returns the complement's."""
        return self.case.e_value(level)

    def examples_needed(self, level: ErrorLevel) -> int | None:
        """Returns what the complement needs."""
        return self.case.examples_needed(level)
