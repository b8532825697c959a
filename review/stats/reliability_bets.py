"""Is alpha of two classes above a threshold? Evidence that is valid at all times at once, without splitting its level.

Of the first two answers of example i let d_i be 1 if they differ and p_i, in {0, 1/2, 1}, the share of the first class
among them; over the population of `total`, alpha = 1 - mean(d) / D with D = 2p(1 - p) and p = mean(p_i). As D is the
minimum over r of 2r^2 + 2p(1 - 2r), reached at r = p, alpha is below a0 exactly if for some r the mean of

    z_i(r) = d_i - (1 - a0) (2r^2 + 2 p_i (1 - 2r))

is above 0. Against "the mean of z(r) is 0 or more" one bets as on any bounded mean without replacement (see
`review.stats.means`); the evidence is the smallest wealth over r, and since the true p is among them, no level is
split. [0, 1] is covered by cells; in each the largest z of the cell takes the place of z(r), so nothing lies between
grid points.

What an example says is one of three things (both the first class, both the second, one of each); what is missing counts
as the worst of them. The wealth can only fall with any z, so that is a true worst case.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from review.stats.shares import check_delta, from_log

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Kinds = Sequence[int] | NDArray[np.intp]

Pair = Literal[0, 1, 2, 3]
FIRST, SECOND, DIFFER, MISSING = 0, 1, 2, 3
"""Both answers the first class, both the second, one of each, or not two answers."""

STAKES = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)
CELLS = 120
MOST_BETS = 5_000
"""From there on nobody bets any more, which is a bet like any other."""

_AT_ONCE = 100
_RESOLUTION = 1e-3
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Beside:
    """What ships beside the population, or is taken out of it, as numbers of pairs.

    Attributes:
        kept: For each of the four kinds of pairs, how many of them ship that are no part of the population.
        lost: The same of those that were drawn from the population and don't ship.
        removed: How many of the population were taken out before they were drawn: each of them the best there is.
    """

    kept: tuple[int, ...] = (0, 0, 0, 0)
    lost: tuple[int, ...] = (0, 0, 0, 0)
    removed: int = 0

    @property
    def certain(self) -> bool:
        """Whether everything of it is known."""
        return not (self.removed or self.kept[MISSING] or self.lost[MISSING])


NOTHING = Beside()


def alpha_e_value(pairs: Kinds, total: int, threshold: float, beside: Beside = NOTHING) -> float:
    """Return the e-value, in [0, inf], against "alpha is below `threshold`".

    Args:
        pairs: of each example drawn so far, in the order drawn: FIRST, SECOND, DIFFER or MISSING.
        total: size of the population, at least len(pairs).
        threshold: in [-1, 1).
        beside: what else ships; alpha is then that of all that ships.

    Raises:
        ValueError: the arguments don't fit together.

    Source: betting on a mean without replacement, Waudby-Smith & Ramdas (JRSS-B 2024, section 5), over a cover of r.
    """
    return from_log(float(_Bets(pairs, total, threshold, beside).log_wealth()))


def alpha_lower_bound(pairs: Kinds, total: int, delta: float, threshold: float, beside: Beside = NOTHING) -> float:
    """Return a lower bound for alpha that holds at all times at once with probability 1 - `delta`.

    It is the largest a0 that the e-value rules out, found to a thousandth and rounded down, and never on the other
    side of `threshold` than the e-value against that is.

    Raises:
        ValueError: as `alpha_e_value` does, or delta is out of range.
    """
    check_delta(delta)
    if len(pairs) == total and beside.certain and MISSING not in pairs:
        return _alpha(pairs, beside)
    limit = -math.log(delta)

    def shown(a0: float) -> bool:
        return _Bets(pairs, total, a0, beside).log_wealth() >= limit

    low, high = (threshold, 1.0) if shown(threshold) else (-1.0, threshold)
    while high - low > _RESOLUTION:
        middle = (low + high) / 2
        if shown(middle):
            low = middle
        else:
            high = middle
    return low


def _alpha(pairs: Kinds, beside: Beside) -> float:
    """Return alpha where all that ships is known."""
    import numpy as np

    drawn = np.bincount(np.asarray(pairs, dtype=np.intp), minlength=4).tolist()
    counts = [drawn[kind] + beside.kept[kind] - beside.lost[kind] for kind in (FIRST, SECOND, DIFFER)]
    share = (counts[FIRST] + counts[DIFFER] / 2) / sum(counts)
    chance = 2 * share * (1 - share)
    return 1 - counts[DIFFER] / sum(counts) / chance if chance else 1.0


def running_log_wealth(pairs: Kinds, total: int, threshold: float, beside: Beside = NOTHING) -> Array:
    """Return the log of `alpha_e_value` after each of the examples, shape (len(pairs),)."""
    return _Bets(pairs, total, threshold, beside).running()


class _Bets:
    """The wealth of all players against all cells, as pairs come in."""

    def __init__(self, pairs: Kinds, total: int, threshold: float, beside: Beside) -> None:
        import numpy as np

        if len(pairs) > total:
            raise ValueError(f"{len(pairs)} pairs can't come from a population of {total}")
        if not -1 <= threshold <= 1:
            raise ValueError(f"a threshold for alpha is between -1 and 1, not {threshold}")
        self._pairs = np.asarray(pairs, dtype=np.intp)
        self._total = total
        z = _largest_z(1 - threshold)
        most, least = z[:3].max(axis=0), z[:3].min(axis=0)
        z = np.vstack((z[:3], most))
        self._range = np.maximum(most - least, _ROUNDING)
        self._x = (most - z) / self._range
        # What is missing is the worst it may be: of what is lost, the best, as it counts the other way.
        lost = np.vstack((z[:3], least))
        known = np.asarray(beside.kept, dtype=np.float64) @ z - np.asarray(beside.lost, dtype=np.float64) @ lost
        # Below 0 must be: the sum of z over the population, and what ships beside it, less what doesn't ship of it.
        self._needed = (total * most + known - beside.removed * least) / self._range
        self._rounding = _ROUNDING * max(1, total + sum(beside.kept))

    def log_wealth(self) -> float:
        """Return the smallest over the cells of the log of the average wealth over the players."""
        import numpy as np

        bets = min(len(self._pairs), MOST_BETS)
        logs, earlier = np.zeros((len(STAKES), CELLS)), np.zeros(CELLS)
        for start in range(0, bets, _AT_ONCE):  # so few fit into the processor's cache
            ratio, earlier = self._ratios(start, min(start + _AT_ONCE, bets), earlier)
            with np.errstate(over="ignore"):  # Past the largest float it is certain already.
                for player, stake in enumerate(STAKES):
                    logs[player] += np.log(np.prod(1 - stake + stake * ratio, axis=0))
        wealth = np.logaddexp.reduce(logs, axis=0) - math.log(len(STAKES))
        left = self._needed - np.bincount(self._pairs, minlength=4) @ self._x
        # With all of them drawn it is exact, and what comes to exactly 0 is a mean of z of 0: alpha at the threshold.
        wealth = np.where(left <= self._rounding, np.inf, wealth)
        return float(wealth.min())

    def running(self) -> Array:
        """Return what `log_wealth` is after each of the pairs."""
        import numpy as np

        bets = min(len(self._pairs), MOST_BETS)
        if not bets:
            return np.empty(0)
        ratio, _ = self._ratios(0, bets, np.zeros(CELLS))
        wealth = np.full(ratio.shape, -np.inf)
        for stake in STAKES:
            wealth = np.logaddexp(wealth, np.cumsum(np.log(1 - stake + stake * ratio), axis=0))
        wealth -= math.log(len(STAKES))
        left = self._needed - np.cumsum(self._x[self._pairs[:bets]], axis=0)
        smallest: Array = np.where(left <= self._rounding, np.inf, wealth).min(axis=1)
        later = len(self._pairs) - bets
        return np.concatenate((smallest, np.full(later - 1, smallest[-1]), [self.log_wealth()])) if later else smallest

    def _ratios(self, start: int, end: int, earlier: Array) -> tuple[Array, Array]:
        """Return x of some pairs by its mean under the hypothesis, and the sum of x up to the last of them.

        Args:
            start: the first pair.
            end: the one after the last.
            earlier: the sum of x before the first pair, shape (CELLS,).

        Returns:
            The ratios, shape (end - start, CELLS), and the sums, shape (CELLS,).
        """
        import numpy as np

        x = self._x[self._pairs[start:end]]
        sums = np.cumsum(np.vstack((earlier, x)), axis=0)
        left = (self._total - np.arange(start, end, dtype=np.float64))[:, None]
        return x / (np.maximum(self._needed - sums[:-1], _ROUNDING) / left), sums[-1]


def _largest_z(gap: float) -> Array:
    """Return the largest z of each kind of pair in each cell, shape (3, CELLS); `gap` is 1 - a0.

    2r^2 + 2p(1 - 2r) is convex in r and smallest at r = p, so z is largest at the point of the cell that is nearest to
    p.
    """
    import numpy as np

    edges = np.linspace(0, 1, CELLS + 1)
    low, high = edges[:-1], edges[1:]
    shares = np.array([1.0, 0.0, 0.5])[:, None]
    r = np.clip(shares, low, high)
    chance = 2 * r**2 + 2 * shares * (1 - 2 * r)
    return np.asarray(np.array([0.0, 0.0, 1.0])[:, None] - gap * chance)
