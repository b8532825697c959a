"""Evidence on a share that a score known for every example may speed up and never bias.

Every example i of the population has a score f_i, known before the first answer: the label confidence, or what a judge
gave. Where scores say something of the answers y_i, the residual z_i = y_i - c (f_i - fbar_i), with fbar_i the mean
score of the examples that are still to come, has the same conditional mean as y_i and varies less. Against "M of N are
good" one bets on it: m_i = (M - sum of the earlier y) / (N - i + 1) is the mean of what is left, zmin_i the least that
z_i can be, and a player who stakes g of their wealth has the factor 1 + g (z_i - m_i) / (m_i - zmin_i), whose
expectation is at most 1 for every true M up to that one. So the average wealth over all constants c and g reaches
1/delta at any time with probability at most delta, whatever the scores are: useless, wrong and reversed ones cost a
few examples.

c = 0 is the safety net. As c and g are constants, the wealth can only grow with any y: to count what is open as 0 is
the worst case, which a c fitted to earlier answers would break. For the same reason players go on betting where m_i is
1 or more, where they can only lose.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.stats import one_sided
from review.stats.shares import check_delta, from_log

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Good = Sequence[bool] | NDArray[np.bool_]

COEFFICIENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
STAKES = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)

MOST_BETS = 20_000
"""From there on nobody bets any more, which is a bet like any other, and 20,000 answers have said enough."""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Scores:
    """The scores of the examples seen so far, and what is needed of those to come.

    Attributes:
        seen: f of each example drawn so far, in the order drawn; any finite numbers.
        rest_sum: the sum of f over the examples not drawn yet.
        rest_most: the largest f among them, -inf if there are none.
    """

    seen: Sequence[float] | Array
    rest_sum: float
    rest_most: float


def score_e_value(good: Good, scores: Scores, total: int, needed: int) -> float:
    """Return the e-value against "fewer than `needed` of the examples are good", in [0, inf].

    Args:
        good: whether each example drawn so far is good, in the order drawn; open ones are not.
        scores: of all examples.
        total: size of the population, at least len(good) and 1.
        needed: the fewest good examples that are enough.

    Raises:
        ValueError: the arguments don't fit together.

    Source: betting on a finite population, Waudby-Smith & Ramdas (JRSS-B 2024, section 5; NeurIPS 2020), with a control
    variate of constant coefficient.
    """
    return _Bets.of(good, scores, total).e_value(needed)


def running_log_wealth(good: Good, scores: Scores, total: int, needed: int) -> Array:
    """Return the log of the e-value after each of the examples, shape (len(good),); arguments as `score_e_value`."""
    import numpy as np

    bets = _Bets.of(good, scores, total)
    wealth = np.full(len(bets.y), -np.inf)
    for player in bets.players(needed):
        wealth = np.logaddexp(wealth, player)
    surpassed = needed - 1 - np.cumsum(bets.y) < 0
    wealth = np.where(surpassed, np.inf, wealth)
    later = len(good) - len(wealth)
    return np.concatenate((wealth, np.full(later, wealth[-1]))) if later else wealth


@dataclass(frozen=True)
class _Bets:
    """What is the same whatever is needed.

    Attributes:
        good: how many good examples were drawn.
        y: 1 for each good example that is betted on, 0 for the others, shape (b,).
        residuals: f of each less the mean of what was still to come, shape (b,).
        spread: how far the largest of what was still to come was above this mean, shape (b,).
        left: how many examples were still to come, this one included, shape (b,).
    """

    good: int
    y: Array
    residuals: Array
    spread: Array
    left: Array

    @classmethod
    def of(cls, good: Good, scores: Scores, total: int) -> _Bets:
        """Return the bets on what was drawn; raises as `score_e_value` does."""
        import numpy as np

        if len(good) != len(scores.seen) or len(good) > total or total < 1:
            raise ValueError(f"{len(good)} answers and {len(scores.seen)} scores don't fit a population of {total}")
        bets = min(len(good), MOST_BETS)
        left = total - np.arange(bets, dtype=np.float64)
        return cls(
            int(np.count_nonzero(good)), np.asarray(good[:bets], np.float64), *_centred(scores, bets, left), left
        )

    def players(self, needed: int) -> Iterator[Array]:
        """Yield the log of each player's wealth, of their share of the first one, after each example, shape (b,)."""
        import numpy as np

        share = -math.log(len(COEFFICIENTS) * len(STAKES))
        means = (needed - 1 - np.concatenate(([0.0], np.cumsum(self.y)[:-1]))) / self.left
        for c in COEFFICIENTS:
            gain = self.y - c * self.residuals - means
            room = means + c * self.spread
            ratio = np.where(room > _ROUNDING, gain / np.maximum(room, _ROUNDING), 0.0)
            for stake in STAKES:
                yield share + np.cumsum(np.log1p(stake * ratio))

    def e_value(self, needed: int) -> float:
        """Return the e-value at the end; see `score_e_value`."""
        import numpy as np

        if needed <= self.good:
            return math.inf
        if not len(self.y):
            return 1.0
        wealth = -math.inf
        for player in self.players(needed):
            wealth = np.logaddexp(wealth, player[-1])
        return from_log(float(wealth))


def share_e_value(good: Good, scores: Scores | None, total: int, needed: int) -> float:
    """Return the gate's e-value against "fewer than `needed` of the examples are good", in [0, inf].

    The mean of `review.stats.one_sided.share_e_value` and `score_e_value`, or the first alone where there are no
    scores.
    """
    import numpy as np

    plain = one_sided.share_e_value(int(np.count_nonzero(good)), len(good), total, needed)
    if scores is None:
        return plain
    return (plain + score_e_value(good, scores, total, needed)) / 2


def fewest_good(good: Good, scores: Scores | None, total: int, delta: float) -> int:
    """Return the lower bound of the number of good examples, at all times at once with probability 1 - `delta`.

    It is the smallest number that `share_e_value` doesn't rule out.
    """
    import numpy as np

    check_delta(delta)
    seen = int(np.count_nonzero(good))
    if scores is None:
        return one_sided.fewest_good(seen, len(good), total, delta)
    bets, limit = _Bets.of(good, scores, total), 1 / delta

    def is_ruled_out(count: int) -> bool:
        plain = one_sided.share_e_value(seen, len(good), total, count + 1)
        return plain / 2 >= limit or (plain + bets.e_value(count + 1)) / 2 >= limit

    low, high = seen, total - (len(good) - seen)
    while low < high:  # low - 1 is ruled out; high is not, as nothing that the data allow for certain ever is
        middle = (low + high) // 2
        if is_ruled_out(middle):
            low = middle + 1
        else:
            high = middle
    return low


def explained(good: Good, scores: Sequence[float] | Array) -> float | None:
    """Return R^2, the share of the variance of the answers that the scores explain, or None where one doesn't vary."""
    import numpy as np

    if len(good) < 2:
        return None
    y, f = np.asarray(good, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if y.std() < _ROUNDING or f.std() < _ROUNDING:
        return None
    return float(np.corrcoef(y, f)[0, 1] ** 2)


def _centred(scores: Scores, bets: int, left: Array) -> tuple[Array, Array]:
    """Return f_i less the mean of what was still to come, and how far the largest of that was above this mean."""
    import numpy as np

    f = np.asarray(scores.seen, dtype=np.float64)
    after = scores.rest_sum + np.concatenate((np.cumsum(f[::-1])[::-1], [0.0]))
    most = np.maximum.accumulate(np.concatenate(([scores.rest_most], f[::-1])))[::-1]
    means = after[:bets] / left
    return f[:bets] - means, np.maximum(most[:bets] - means, 0.0)
