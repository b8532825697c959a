"""How many examples the evidence of the gate will need, if what is still to come is like what has been seen.

A forecast guides people and decides nothing: it may be wrong, the bounds themselves still hold. Each function
returns the sample size t at which its bound would pass, at least the present one, or None if it would not pass even
with all examples seen, or nothing has been seen yet.
"""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise

from review.stats.means import running_log_wealth
from review.stats.reliability import FirstTwo, alpha_lower_bound
from review.stats.shares import DEFAULT_PRIOR, Prior, check_delta, exact_share, share_e_value


def examples_for_share(
    good: int,
    seen: int,
    total: int,
    threshold: Decimal | str,
    *,
    prior: Prior = DEFAULT_PRIOR,
    delta: float = 0.05,
) -> int | None:
    """Return the t at which the lower bound of the share reaches `threshold` at the present rate good / seen.

    Raises:
        ValueError, TypeError: as `share_e_value` does.
    """
    check_delta(delta)

    def passes(t: int) -> bool:
        return share_e_value(good * t // max(seen, 1), t, total, threshold, prior=prior) >= 1 / delta

    return _smallest(passes, seen, total)


def examples_for_mean(xs: Sequence[float], total: int, m0: float, delta: float = 0.05) -> int | None:
    """Return the t at which the lower bound of the mean reaches `m0` if the values so far come again and again.

    Raises:
        ValueError: as `mean_e_value` does.
    """
    check_delta(delta)
    if not xs:
        return None
    repeated = list(xs) * math.ceil(total / len(xs))
    wealth = running_log_wealth(repeated[:total], total, m0)[len(xs) - 1 :]
    passed = wealth >= -math.log(delta)
    return len(xs) + int(passed.argmax()) if passed.any() else None


def examples_for_alpha(counts: FirstTwo, threshold: Decimal | str, delta: float = 0.05) -> int | None:
    """Return the t at which the lower bound of alpha reaches `threshold` if all shares stay as they are.

    Examples without two answers are taken to be waiting, so the pairs known so far stand for all that come.

    Raises:
        ValueError, TypeError: as `alpha_e_value` does.
    """
    check_delta(delta)
    limit = float(exact_share(threshold))
    if counts.undefined:
        return None

    def passes(t: int) -> bool:
        bound = alpha_lower_bound(_at(counts, t), delta).value
        return bound is not None and bound >= limit

    return _smallest(passes, counts.seen, counts.total)


def _at(counts: FirstTwo, t: int) -> FirstTwo:
    """Return the counts scaled to t examples that all have two answers."""
    agreeing = counts.agreeing * t // (counts.agreeing + counts.disagreeing)
    return FirstTwo(counts.total, t, agreeing, t - agreeing, _scaled(counts.first, t), _scaled(counts.second, t))


def _scaled(counts: tuple[int, ...], t: int) -> tuple[int, ...]:
    """Return counts in the same proportions that add up to t, by rounding their running sums."""
    whole, given, ends = sum(counts), 0, [0]
    for count in counts:
        given += count
        ends.append(given * t // whole)
    return tuple(end - start for start, end in pairwise(ends))


def _smallest(passes: Callable[[int], bool], seen: int, total: int) -> int | None:
    """Return where `passes` turns true between `seen` and `total`, as far as it turns only once."""
    if seen == 0 or not passes(total):
        return None
    low, high = seen, total
    while low < high:
        middle = (low + high) // 2
        if passes(middle):
            high = middle
        else:
            low = middle + 1
    return low
