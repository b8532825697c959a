"""How many examples the evidence of the gate will need, if what is still to come is like what has been seen.

A forecast guides people and decides nothing: it may be wrong, the bounds themselves still hold. Each function
returns the sample size t at which its bound would pass, at least the present one, or None if it would not pass even
with all examples seen, or nothing has been seen yet.
"""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

from review.stats.reliability import FirstTwo, alpha_lower_bound
from review.stats.shares import check_delta, exact_share


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

    return smallest(passes, counts.seen, counts.total) if counts.seen else None


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


def smallest(passes: Callable[[int], bool], least: int, most: int) -> int | None:
    """Return where `passes` turns true between `least` and `most`, as far as it turns only once; None if it doesn't."""
    if not passes(most):
        return None
    low, high = least, most
    while low < high:
        middle = (low + high) // 2
        if passes(middle):
            high = middle
        else:
            low = middle + 1
    return low
