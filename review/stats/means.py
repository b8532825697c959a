"""Bounds and e-values for the mean of a finite population of values in [0, 1], valid at all times at once.

Values come in random order without replacement from a population of `total`. Against "the mean is m" one bets
on every next value: the wealth is the product of 1 + lambda_i (x_i - m_i), where m_i = (total m - sum of the
earlier x) / (total - i + 1) is the mean of what is left under that hypothesis. Whatever the predictable
lambda_i in [0, .5 / m_i], wealth is a nonnegative supermartingale that starts at 1 for every true mean up to
m, so by Ville's inequality it reaches 1/delta at any time with probability at most delta (Waudby-Smith &
Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 2024, section 5; NeurIPS 2020).

The bet used here splits the first wealth among three players who each stake a constant fraction f of their
wealth (lambda_i = f / m_i). Together they bet the average of f / m_i weighted by their wealth, which is
predictable and in range. Most goes to the boldest, who decides soonest at usual distances from a threshold;
the timid ones keep the bounds narrow when many values are in. A player's factor 1 - f + f x_i / m_i can only
grow when any x grows and only shrink when m grows. So wealth is monotone in the data and in m, which a
plug-in estimate of the variance would break: putting 0 for what is open never raises it, and the means that
are ruled out form one half-line. For the same reason players keep betting where m_i >= 1; a wealth that could
only stand still there can only be lower.

Everything is read at the present length of the sequence, from that sequence alone; no running maximum is
kept, since the caller's worst case for an open example changes when the example closes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.stats.shares import check_delta, from_log

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Values = Sequence[float] | Array

STAKES_AND_SHARES = ((0.5, 0.8), (0.2, 0.1), (0.05, 0.1))
"""Each player's fraction f of wealth staked on every value, and their share of the first wealth."""

MOST_BETS = 100_000
"""From there on nobody bets any more, which is a bet like any other, and so many values have said enough."""

_RESOLUTION = 1e-7
_ROUNDING = 1e-9


def lower_confidence_bound(xs: Values, total: int, delta: float = 0.05) -> float:
    """Return a lower bound for the mean that holds at all times at once with probability 1 - `delta`.

    Args:
        xs: values in [0, 1] in the order drawn; 0.0 for an example that is open.
        total: size of the population, at least len(xs) and 1.
        delta: error level in (0, 1).

    Returns:
        The bound in [0, 1], rounded down by less than 1e-7; the mean itself when all values are in.

    Raises:
        ValueError: an argument is out of range.
    """
    check_delta(delta)
    values = _checked(xs, total)
    bets = _Bets.of(values, total)
    limit = -math.log(delta)
    low = float(values.sum()) / total
    high = low + (total - len(values)) / total
    while high - low > _RESOLUTION:
        middle = (low + high) / 2
        if bets.log_wealth(middle) >= limit:
            low = middle
        else:
            high = middle
    return min(low, 1.0)


def upper_confidence_bound(xs: Values, total: int, delta: float = 0.05) -> float:
    """Return the upper bound that mirrors `lower_confidence_bound`; an open example counts as 1.0."""
    import numpy as np

    return 1 - lower_confidence_bound(1 - np.asarray(xs, dtype=np.float64), total, delta)


def mean_e_value(xs: Values, total: int, m0: float) -> float:
    """Return the e-value against "the population's mean is below `m0`", in [0, inf], at the present time.

    Args:
        xs: values in [0, 1] in the order drawn; 0.0 for an example that is open.
        total: size of the population, at least len(xs) and 1.
        m0: the mean to reach; outside [0, 1] where what ships beside the population decides alone.

    Returns:
        The wealth; infinite where the values seen already give a mean of `m0` whatever follows.

    Raises:
        ValueError: an argument is out of range.
    """
    return from_log(_Bets.of(_checked(xs, total), total).log_wealth(_checked_mean(m0)))


def running_log_wealth(xs: Values, total: int, m0: float) -> Array:
    """Return the log of `mean_e_value` after each of the values, shape (len(xs),); raises as that does."""
    import numpy as np

    values = _checked(xs, total)
    bets = _Bets.of(values, total)
    wealth = np.full(len(bets.values), -np.inf)
    for player in bets.players(_checked_mean(m0)):
        wealth = np.logaddexp(wealth, player)
    later = len(values) - len(wealth)
    wealth = np.concatenate((wealth, np.full(later, wealth[-1]))) if later else wealth
    return np.where(total * m0 - np.cumsum(values) <= _ROUNDING, np.inf, wealth)


@dataclass(frozen=True)
class _Bets:
    """What is the same whatever the mean.

    Attributes:
        total: size of the population.
        values: those that are betted on, in the order drawn, shape (b,).
        earlier: the sum of the values before each of them, shape (b,).
        left: how many values were still to come, this one included, shape (b,).
        whole: the sum of all values, those included that nobody bets on.
    """

    total: int
    values: Array
    earlier: Array
    left: NDArray[np.int64]
    whole: float

    @classmethod
    def of(cls, values: Array, total: int) -> _Bets:
        """Return the bets on values that were checked."""
        import numpy as np

        sums = np.concatenate(([0.0], np.cumsum(values)))
        bets = min(len(values), MOST_BETS)
        return cls(total, values[:bets], sums[:bets], total - np.arange(bets), float(sums[-1]))

    def players(self, mean: float) -> Iterator[Array]:
        """Yield the log of each player's wealth against `mean` after each value, shape (b,)."""
        import numpy as np

        # What is to come only falls: a step that starts at zero or below belongs to a mean that is already surpassed.
        expected = np.maximum(self.total * mean - self.earlier, _ROUNDING) / self.left
        gain = self.values / expected - 1
        for stake, share in STAKES_AND_SHARES:
            yield math.log(share) + np.cumsum(np.log1p(stake * gain))

    def log_wealth(self, mean: float) -> float:
        """Return the log wealth against `mean` at the end of all values; infinite where it is surpassed."""
        import numpy as np

        if not len(self.values):
            return math.inf if mean <= 0 else 0.0
        if self.total * mean - self.whole <= _ROUNDING:
            return math.inf
        wealth = -math.inf
        for player in self.players(mean):
            wealth = np.logaddexp(wealth, player[-1])
        return float(wealth)


def _checked(xs: Values, total: int) -> NDArray[np.float64]:
    import numpy as np

    values = np.asarray(xs, dtype=np.float64)
    if total < 1 or len(values) > total:
        raise ValueError(f"{len(values)} values can't come from a population of {total}")
    if not bool(((values >= 0) & (values <= 1)).all()):
        raise ValueError("every value must be between 0 and 1")
    return values


def _checked_mean(m0: float) -> float:
    if not math.isfinite(m0):
        raise ValueError(f"a mean to reach is a number, not {m0}")
    return m0
