"""The sharpest evidence that a share of a finite population reaches what is needed, valid at all times at once.

M of `total` examples are good; they come in random order without replacement. Against "M <= M0" one bets with a
mixture over every larger M: the likelihood ratio of M and M0 is monotone in M, so the mixture is a nonnegative
supermartingale under every M <= M0 that starts at 1, and by Ville's inequality it reaches 1/delta at any time with
probability at most delta. Unlike the two-sided set of `review.stats.shares`, which keeps a part of its level for upper
bounds, all of it goes to the one question of the gate.

Of the M0 that are ruled out at 1/delta from 2 on, every smaller one is too. So a threshold that depends on what has
been seen, as that of all that ships does, may be put in: the true M is ruled out with it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from review.stats.shares import Draws, check_delta, from_log

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PRIOR = (40, 2)
"""Of the mixture over M: beta-binomial, restricted to M > M0. Validity does not depend on it."""


def share_e_value(good: int, seen: int, total: int, needed: int) -> float:
    """Return the e-value against "fewer than `needed` of the examples are good", in [0, inf].

    With M0 = needed - 1 it is sum of pi(M) h(good | M) / h(good | M0) over M > M0, where h is the hypergeometric
    probability and pi proportional to the beta-binomial prior restricted to M > M0. Exact up to rounding.

    Args:
        good: successes among the first `seen`; open examples count as failures.
        seen: examples drawn so far, in random order without replacement.
        total: size of the population, at least 1.
        needed: the fewest good examples that are enough; it may lie outside 0..total, where nothing is to be shown
            (infinite) or nothing can be (0).

    Raises:
        ValueError: a count is out of range.

    Source: one-sided mixture of likelihood ratios; Waudby-Smith & Ramdas (NeurIPS 2020) for the finite population.
    """
    draws = Draws(good, seen, total, PRIOR)
    if needed <= good:
        return math.inf
    if needed > draws.largest:
        return 0.0
    return from_log(float(_log_e_values(draws)[needed - 1 - good]))


def fewest_good(good: int, seen: int, total: int, delta: float) -> int:
    """Return the lower bound for M that holds at all times at once with probability 1 - `delta`.

    It is the smallest number of good examples that `share_e_value` does not rule out: every smaller one has an e-value
    of at least 1 / delta against it.

    Raises:
        ValueError: a count or the level is out of range.
    """
    check_delta(delta)
    draws = Draws(good, seen, total, PRIOR)
    if draws.smallest == draws.largest:
        return good
    kept = _log_e_values(draws) < -math.log(delta)
    return good + int(kept.argmax()) if kept.any() else draws.largest


def reaches(draws: Draws, needed: int, limit: float) -> bool:
    """Return whether `share_e_value` is at least `limit`, mostly without the sums over all M: a bound of them decides.

    The beta-binomial, whose parameters are above 1 here, is log-concave. So P(X <= k) lies between P(X = k) and the
    geometric series that begins with the ratio of the last two terms.
    """
    if limit <= 0 or needed <= draws.good:
        return True
    if needed > draws.largest:
        return False
    k, rest = needed - 1 - draws.good, draws.total - draws.seen
    a, b = PRIOR[0] + draws.good, PRIOR[1] + draws.seen - draws.good
    ratio = k * (rest - k + b) / ((rest - k + 1) * (k - 1 + a))
    last = math.exp(_log_beta_binomial(rest, k, a, b))
    if ratio < 1 and last < 1 - ratio:
        of_tail_one = (
            _log_beta_binomial(draws.seen, draws.good, *PRIOR)
            - float(_prior_tails(draws.total)[needed - 1])
            - _log_likelihood(draws, needed - 1)
        )
        least, most = (of_tail_one + math.log1p(-below) for below in (last / (1 - ratio), last))
        rounding = 1e-6 + 1e-12 * draws.total  # many times that of the sums
        if least - rounding >= math.log(limit):
            return True
        if most + rounding < math.log(limit):
            return False
    return share_e_value(draws.good, draws.seen, draws.total, needed) >= limit


@lru_cache(maxsize=2)
def _log_e_values(draws: Draws) -> Array:
    """Return the log e-value against "M <= M0" for M0 = good .. largest - 1, which the data allow.

    They are kept for the next look: an e-value and its bounds are read from the same ones.
    """
    import numpy as np

    good, bad, total = draws.good, draws.seen - draws.good, draws.total
    rest = total - draws.seen
    if not rest:
        return np.empty(0)
    a, b = PRIOR
    posterior = _log_tails(rest, a + good, b + bad)  # P(M - good > k), k = 0 .. rest - 1
    prior = _prior_tails(total)[good : good + rest]
    chance = _log_beta_binomial(draws.seen, good, a, b)
    return chance + posterior - prior - _log_likelihoods(draws)


def _log_likelihoods(draws: Draws) -> Array:
    """Return log h(good | M0) for M0 = good .. largest - 1."""
    import numpy as np

    good, bad, total = draws.good, draws.seen - draws.good, draws.total
    rest = total - draws.seen
    counts = np.arange(good, good + rest, dtype=np.float64)
    # From one M0 to the next: choose(M0, good) and choose(total - M0, bad) each change by a ratio.
    steps = np.log((counts[:-1] + 1) / (counts[:-1] + 1 - good)) + np.log(
        (total - counts[:-1] - bad) / (total - counts[:-1])
    )
    first = _log_likelihood(draws, good)
    return first + np.concatenate(([0.0], np.cumsum(steps)))


def _log_likelihood(draws: Draws, count: int) -> float:
    """Return log h(good | M) for M = `count`."""
    good, bad, total = draws.good, draws.seen - draws.good, draws.total
    return _log_choose(count, good) + _log_choose(total - count, bad) - _log_choose(total, draws.seen)


@lru_cache(maxsize=8)
def _prior_tails(total: int) -> Array:
    """Return the tails of the prior, which are the same for every look at a dataset."""
    return _log_tails(total, *PRIOR)


def _log_tails(size: int, a: int, b: int) -> Array:
    """Return log P(X > k) for k = 0 .. size - 1, where X is beta-binomial (size, a, b)."""
    import numpy as np

    k = np.arange(size, dtype=np.float64)
    ratios = np.log((size - k) * (k + a)) - np.log((k + 1) * (size - k - 1 + b))
    logs = np.concatenate(([0.0], np.cumsum(ratios)))
    logs -= logs.max()
    masses = np.exp(logs)
    above = np.cumsum(masses[::-1])[::-1]
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(above[1:] / above[0]))


def _log_beta_binomial(size: int, k: int, a: int, b: int) -> float:
    """Return the log of the beta-binomial probability of k among `size`."""
    return _log_choose(size, k) + _log_beta(k + a, size - k + b) - _log_beta(a, b)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
