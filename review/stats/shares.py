"""Bounds and e-values for a share of a finite population, valid at all times at once.

Examples are drawn in random order without replacement from a population of `total`, so the unknown is the
whole number M of good ones. After `good` successes among the first `seen`, the ratio prior(M) / posterior(M)
under a beta-binomial prior is, at the true M, a nonnegative martingale that starts at 1. By Ville's
inequality it reaches 1/delta at any time with probability at most delta, so one may look after every answer
(Waudby-Smith & Ramdas, "Confidence sequences for sampling without replacement", NeurIPS 2020, section 2). The
ratio is the beta-binomial probability of the data over their hypergeometric likelihood given M; that
likelihood is log-concave in M, so the bounds are found by bisection.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist

from review.stats.measure import Interval

Prior = tuple[float, float]
DEFAULT_PRIOR: Prior = (20, 1)


@dataclass(frozen=True)
class CountInterval:
    """The numbers of good examples in a population of `total` that are not ruled out: `lower` to `upper`."""

    lower: int
    upper: int
    total: int

    @property
    def lower_share(self) -> float:
        """The lower end as a share of the population, in [0, 1]."""
        return self.lower / self.total

    @property
    def upper_share(self) -> float:
        """The upper end as a share of the population, in [0, 1]."""
        return self.upper / self.total


@dataclass(frozen=True)
class Draws:
    """What has been drawn so far: `good` successes among the first `seen` of `total`, and the prior in use.

    Attributes:
        good: successes so far; what is still open is counted by the caller, against or in favour.
        seen: examples drawn so far, in random order.
        total: size of the population, at least 1.
        prior: the (a, b) of the beta-binomial prior on M, both positive.
    """

    good: int
    seen: int
    total: int
    prior: Prior = DEFAULT_PRIOR

    def __post_init__(self) -> None:
        if not 0 <= self.good <= self.seen <= self.total or self.total < 1:
            raise ValueError(
                f"counts must satisfy 0 <= good <= seen <= total and total >= 1, "
                f"not good={self.good}, seen={self.seen}, total={self.total}"
            )
        if not (self.prior[0] > 0 and self.prior[1] > 0):
            raise ValueError(f"both parameters of the prior must be positive, not {self.prior}")

    @property
    def smallest(self) -> int:
        """The smallest M that the data allow."""
        return self.good

    @property
    def largest(self) -> int:
        """The largest M that the data allow."""
        return self.total - (self.seen - self.good)

    @property
    def likeliest(self) -> int:
        """The M with the highest likelihood, where prior/posterior is smallest."""
        if self.seen == 0:
            return self.largest
        return min(max(self.good * (self.total + 1) // self.seen, self.smallest), self.largest)

    def log_ratio(self, count: int) -> float:
        """Return log(prior(M) / posterior(M | data)) at M = `count`; infinite where the data rule M out."""
        if not self.smallest <= count <= self.largest:
            return math.inf
        bad = self.seen - self.good
        a, b = self.prior
        marginal = _log_choose(self.seen, self.good) + _log_beta(self.good + a, bad + b) - _log_beta(a, b)
        likelihood = (
            _log_choose(count, self.good) + _log_choose(self.total - count, bad) - _log_choose(self.total, self.seen)
        )
        return marginal - likelihood


def confidence_sequence(
    good: int, seen: int, total: int, *, prior: Prior = DEFAULT_PRIOR, delta: float = 0.05
) -> CountInterval:
    """Return the interval for M, the number of good examples among `total`, that holds at all times at once.

    With probability at least 1 - `delta`, the true M is inside at every look. At `seen == total` it is exact.
    Where examples are open, ask twice: with them as failures for the lower end, as successes for the upper
    one.

    Args:
        good: successes among the first `seen`.
        seen: examples drawn so far, in random order without replacement.
        total: size of the population, at least 1.
        prior: the (a, b) of the beta-binomial prior; validity does not depend on it, only the width does.
        delta: error level in (0, 1).

    Raises:
        ValueError: a count or a level is out of range.

    Source: Waudby-Smith & Ramdas (NeurIPS 2020), section 2.
    """
    check_delta(delta)
    draws = Draws(good, seen, total, prior)
    limit = -math.log(delta)

    def kept(count: int) -> bool:
        return draws.log_ratio(count) < limit

    return CountInterval(
        lower=_first(kept, draws.smallest, draws.likeliest),
        upper=-_first(lambda count: kept(-count), -draws.largest, -draws.likeliest),
        total=total,
    )


def least_count(threshold: Decimal | str, total: int) -> int:
    """Return ceil(threshold * total) in exact arithmetic: the fewest good examples that reach the threshold.

    A share has confidently failed when the upper end of its `confidence_sequence` is below this count, and it
    has passed when the lower end is at least this count.

    Raises:
        ValueError: the threshold is not a number in [0, 1].
        TypeError: the threshold is a binary float, which is not the decimal that was meant.
    """
    return math.ceil(exact_share(threshold) * total)


def check_delta(delta: float) -> None:
    """Raise ValueError unless the error level is strictly between 0 and 1."""
    if not 0 < delta < 1:
        raise ValueError(f"delta must be between 0 and 1, not {delta}")


def exact_share(threshold: Decimal | str) -> Fraction:
    """Return a threshold in [0, 1] as an exact fraction; raises as `least_count` does."""
    if not isinstance(threshold, Decimal | str):
        raise TypeError(f"a threshold is text or a Decimal, such as '0.90', not {threshold!r}")
    share = Fraction(threshold)
    if not 0 <= share <= 1:
        raise ValueError(f"a threshold for a share must be between 0 and 1, not {threshold}")
    return share


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval for a share, for a *single* look at `successes` out of `n`.

    With n = 0 nothing is known and the interval is 0 to 1.

    Raises:
        ValueError: not 0 <= successes <= n, or the confidence is not in (0, 1).

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if not 0 <= successes <= n:
        raise ValueError(f"counts must satisfy 0 <= successes <= n, not {successes} of {n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, not {confidence}")
    if n == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At the corners the ends are exactly 0 and 1, which rounding would miss.
    lower = 0.0 if successes == 0 else (centre - spread) / scale
    upper = 1.0 if successes == n else (centre + spread) / scale
    return Interval(lower, upper)


def from_log(log_value: float) -> float:
    """Return the number whose natural logarithm is given, infinite where a float can't hold it."""
    try:
        return math.exp(log_value)
    except OverflowError:
        return math.inf


def _first(kept: Callable[[int], bool], low: int, high: int) -> int:
    """Return the first number in `low`..`high` that is kept; from there on all are, `high` too."""
    while low < high:
        middle = (low + high) // 2
        if kept(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
