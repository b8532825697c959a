"""The mean of a scale that must be high: relevance, or an author's own scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from review.gate.figures import Figures, nothing
from review.stats.means import lower_confidence_bound, mean_e_value, running_log_wealth, upper_confidence_bound
from review.stats.repeated import Repeated
from review.stats.sequences import ErrorLevel
from review.stats.shipping import Shipping

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = float | None
"""A value in [0, 1]; None where it isn't known."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class MeanCase:
    """The mean of values in [0, 1] over the examples that ship.

    Attributes:
        drawn: The values of the sample, in the review order; `kept` are those of the reviewed ones that ship.
        total: N, the population that the sample was drawn from.
        threshold: The mean to reach, in [0, 1].
    """

    drawn: Repeated[Value]
    kept: Repeated[Value]
    total: int
    shipping: Shipping
    threshold: float
    final: bool = True

    @property
    def needed(self) -> float:
        """The sum that the population must have, what isn't known taken as 0."""
        of_all = self.threshold * self.shipping.size
        return self.shipping.needed(of_all, _least_sum(self.kept), _least_sum(self.drawn))

    def figures(self, level: ErrorLevel) -> Figures:
        """Returns the mean with its bounds and its e-value."""
        if not self.shipping.size:
            return nothing("no example ships")
        e_value = self.e_value(level)
        return Figures(
            value=self._estimate(),
            lower=self._least(level.bound) / self.shipping.size,
            upper=self._most(level.bound) / self.shipping.size,
            passes=e_value >= level.needed,
            failed=self.final and self._most(level.reject) / self.shipping.size < self.threshold - _ROUNDING,
            e_value=e_value,
            note="" if self._known or not self.total else "nothing in the sample is rated yet",
        )

    def e_value(self, level: ErrorLevel) -> float:
        """Returns the e-value, weighted."""
        if not self.shipping.size:
            return 1.0
        if not self.total:
            return math.inf if self.needed <= _ROUNDING else 0.0
        return level.weight * mean_e_value(self._low, self.total, self.needed / self.total)

    def examples_needed(self, level: ErrorLevel) -> int | None:
        """Returns the size of the sample at which the e-value would be enough; see `review.gate.figures.Case`."""
        if not self._known or not self.total:
            return None
        import numpy as np

        values = self.drawn.array(lambda value: value)
        repeated = np.resize(values[~np.isnan(values)], self.total)
        wealth = running_log_wealth(repeated, self.total, self.needed / self.total)
        passed = wealth >= math.log(level.needed / level.weight)
        return max(len(self.drawn), 1 + int(passed.argmax())) if passed.any() else None

    def _least(self, delta: float) -> float:
        bound = self.total * lower_confidence_bound(self._low, self.total, delta) if self.total else 0.0
        return self.shipping.least(_least_sum(self.kept), _least_sum(self.drawn), bound)

    def _most(self, delta: float) -> float:
        bound = self.total * upper_confidence_bound(self._high, self.total, delta) if self.total else 0.0
        return self.shipping.most(_most_sum(self.kept), _most_sum(self.drawn), bound)

    @cached_property
    def _low(self) -> NDArray[np.float64]:
        return self.drawn.array(lambda value: 0.0 if value is None else value)

    @cached_property
    def _high(self) -> NDArray[np.float64]:
        return self.drawn.array(lambda value: 1.0 if value is None else value)

    @property
    def _known(self) -> int:
        return len(self.drawn) - self.drawn.counts[None]

    def _estimate(self) -> float | None:
        """Returns the mean if what isn't known is like what is known of the sample."""
        unknown = self.kept.counts[None] + self.shipping.rest
        if not unknown:
            return _least_sum(self.kept) / self.shipping.size
        if not self._known:
            return None
        return (_least_sum(self.kept) + _least_sum(self.drawn) / self._known * unknown) / self.shipping.size


def _least_sum(values: Repeated[Value]) -> float:
    """Returns the sum, what isn't known taken as 0; rounded once, as `math.fsum` rounds."""
    return float(sum(Fraction(value) * times for value, times in values.counts.items() if value is not None))


def _most_sum(values: Repeated[Value]) -> float:
    """Returns the sum, what isn't known taken as 1."""
    return float(sum(Fraction(1.0 if value is None else value) * times for value, times in values.counts.items()))


@dataclass(frozen=True)
class OnScale:
    """The mean of a scale from 1 to `points`; turned round where it must be low, not `up`."""

    case: MeanCase
    points: int
    up: bool

    def figures(self, level: ErrorLevel) -> Figures:
        """Returns the mean on the scale with its bounds, the e-value is that of the mean from 0 to 1."""
        found = self.case.figures(level)
        lower, upper = (found.lower, found.upper) if self.up else (found.upper, found.lower)
        return replace(
            found, value=self._on_scale(found.value), lower=self._on_scale(lower), upper=self._on_scale(upper)
        )

    def e_value(self, level: ErrorLevel) -> float:
        """Returns that of the mean from 0 to 1."""
        return self.case.e_value(level)

    def examples_needed(self, level: ErrorLevel) -> int | None:
        """Returns what the mean from 0 to 1 needs."""
        return self.case.examples_needed(level)

    def _on_scale(self, value: float | None) -> float | None:
        if value is None:
            return None
        return 1 + (self.points - 1) * (value if self.up else 1 - value)
