"""The difference between two independent shares, at a single look."""

from __future__ import annotations

import math

from review.stats.measure import Interval
from review.stats.shares import wilson


def difference_interval(first: tuple[int, int], second: tuple[int, int], confidence: float = 0.95) -> Interval:
    """Return the interval of the second share less the first, each given as (successes, n) with n at least 1.

    Raises:
        ValueError: the counts or the confidence are out of range.

    Source: Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10.
    """
    if not (first[1] and second[1]):
        raise ValueError("a share of nothing has no difference from another")
    p, q = first[0] / first[1], second[0] / second[1]
    a, b = wilson(*first, confidence), wilson(*second, confidence)
    difference = q - p
    return Interval(
        difference - math.hypot(q - b.lower, a.upper - p), difference + math.hypot(b.upper - q, p - a.lower)
    )
