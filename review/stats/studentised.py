"""Intervals for few examples, and for few differences between annotators: studentised, not resampled.

The percentile bootstrap covers too little where few examples decide: at 50 examples of two annotators, or at 100 of
which six hold a difference. These intervals divide by a standard error from the data, leaving out one example at a
time, and stand on a scale on which the estimate is nearly normal. Simulated coverage is in docs/agreement.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import TYPE_CHECKING

from review.stats.measure import Interval
from review.stats.patterns import Patterns

if TYPE_CHECKING:
    from review.stats.patterns import Array

NEVER_DIFFER = "undefined: no two answers differ, so nothing tells how far it would vary"
ONE_DECIDES = "undefined: too few examples differ; without one of them the coefficient itself would be undefined"
ALL_ALIKE = "undefined: leaving out an example changes nothing, so nothing tells how far it would vary"
ONE_UNIT = "undefined: one alone can't tell how far others would differ"
ONE_VALUE = "undefined: every answer is the same, so nothing tells how far it would vary"

_CELLS_AT_ONCE = 5_000_000


def student_quantile(probability: float, degrees: int) -> float:
    """Return the quantile of Student's t distribution with a whole number of degrees of freedom, by bisection.

    Raises:
        ValueError: the probability is not in [0.5, 1), or there is no degree of freedom.

    Source: the finite sums for its distribution function, Abramowitz & Stegun 1964, 26.7.3 and 26.7.4.
    """
    if not 0.5 <= probability < 1 or degrees < 1:
        raise ValueError(f"no quantile for a probability of {probability} and {degrees} degrees of freedom")
    # The angle atan(t / sqrt(degrees)) lies between 0 and a right angle, however far out t is.
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_within(middle, degrees) < 2 * probability - 1 else (low, middle)
    return math.sqrt(degrees) * math.tan((low + high) / 2)


def _student_within(angle: float, degrees: int) -> float:
    """Return the probability that |t| is at most sqrt(degrees) tan(angle)."""
    squared = math.cos(angle) ** 2
    odd = degrees % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for step in range(2 + odd, degrees + 1, 2):
        total += term
        term *= squared * (step - 1) / step
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


def coefficient_interval(
    table: Patterns, compute: Callable[[Patterns, Array], Array], confidence: float
) -> Interval | str:
    """Return an interval for a coefficient of agreement below 1, or why there is none.

    The standard error is the jackknife's over whole examples, carried to atanh, where near perfect agreement the
    estimate moves as the logarithm of the disagreement; the quantile is Student's, examples less one.

    Args:
        table: the patterns of the examples that the coefficient is made from, at least two examples.
        compute: the coefficient for rows of weights, as in `review.stats.patterns`.
        confidence: nominal coverage in (0, 1).

    Source: jackknife, Efron & Tibshirani 1993, chapter 11; variance-stabilising transformation, chapter 12.6.
    """
    import numpy as np

    examples = table.weights.sum()
    value = compute(table, table.weights[None, :]).item()
    if abs(value) >= 1 - 1e-12:
        return NEVER_DIFFER if value > 0 else ALL_ALIKE
    without = np.concatenate([compute(table, rows) for rows in _each_left_out(table)])
    if np.isnan(without).any():
        return ONE_DECIDES
    spread = float(((without - table.weights @ without / examples) ** 2) @ table.weights)
    error = math.sqrt(spread * (examples - 1) / examples) / (1 - value * value)
    if error < 1e-9:
        return ALL_ALIKE
    reach = student_quantile((1 + confidence) / 2, int(examples) - 1) * error
    return Interval(math.tanh(math.atanh(value) - reach), math.tanh(math.atanh(value) + reach))


def _each_left_out(table: Patterns) -> list[Array]:
    """Return the weights without one example of each pattern, in parts that fit in memory, shapes (p, P)."""
    import numpy as np

    patterns = len(table.weights)
    at_once = max(1, _CELLS_AT_ONCE // patterns)
    parts = []
    for start in range(0, patterns, at_once):
        rows = np.tile(table.weights, (min(at_once, patterns - start), 1))
        rows[np.arange(len(rows)), np.arange(start, start + len(rows))] -= 1
        parts.append(rows)
    return parts


def agreement_interval(table: Patterns, agreeing: Array, confidence: float) -> Interval:
    """Return Wilson's interval for raw agreement, a share of pairs that come in examples.

    Where an example has more than one pair, as many single pairs stand for them as would vary as little: the share's
    variance for one pair, by that between examples.

    Args:
        table: patterns with at least two answers each.
        agreeing: the share of each pattern's pairs that agree, shape (P,).
        confidence: nominal coverage in (0, 1).

    Source: Wilson 1927, with the effective sample size of Korn & Graubard 1998, "Confidence intervals for
    proportions with small expected number of positive counts estimated from survey data".
    """
    examples = float(table.weights.sum())
    share = float(table.weights @ agreeing) / examples
    between = float(table.weights @ (agreeing - share) ** 2) / examples
    size = examples * share * (1 - share) / between if between > 1e-12 else examples
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    scale = 1 + z * z / size
    centre = (share + z * z / (2 * size)) / scale
    reach = z / scale * math.sqrt(max(0.0, share * (1 - share)) / size + z * z / (4 * size * size))
    lower = 0.0 if share <= 0 else max(0.0, centre - reach)
    return Interval(lower, 1.0 if share >= 1 else min(1.0, centre + reach))


def mean_interval(table: Patterns, confidence: float, scale: tuple[float, float] | None = None) -> Interval | str:
    """Return an interval for the mean of all answers, or why there is none.

    Ratings are skewed: most are the best there is. So the studentised mean is transformed to take its skewness out,
    which Student's symmetric interval leaves in.

    Args:
        table: the patterns of the units, whose values are numbers.
        confidence: nominal coverage in (0, 1).
        scale: the least and the greatest answer that there is; the mean lies between them.

    Source: Hall 1992, "On the removal of skewness by transformation", the monotone cubic.
    """
    import numpy as np

    units = table.weights.sum()
    if units < 2:
        return ONE_UNIT
    if len(table.values) == 1:
        return ONE_VALUE
    sums = table.counts @ np.array(table.values, dtype=np.float64)
    mean = float(table.weights @ sums / (table.weights @ table.answers))
    # What each unit adds to the mean, to first order: units may differ in their number of answers.
    apart = (sums - mean * table.answers) / float(table.weights @ table.answers / units)
    spread = math.sqrt(float(table.weights @ apart**2) / float(units - 1))
    if spread < 1e-12:
        return ALL_ALIKE
    skewness = float(table.weights @ apart**3) / float(units) / (float(table.weights @ apart**2) / float(units)) ** 1.5
    reach = student_quantile((1 + confidence) / 2, int(units) - 1)
    lower, upper = (mean - spread * _unskewed(quantile, skewness, float(units)) for quantile in (reach, -reach))
    if scale is not None:
        lower, upper = max(scale[0], lower), min(scale[1], upper)
    return Interval(lower, upper)


def _unskewed(quantile: float, skewness: float, units: float) -> float:
    """Return what the studentised mean, by the root of the units, is at a quantile, given the skewness."""
    at = quantile / math.sqrt(units)
    if abs(skewness) < 1e-9:
        return at
    return 3 / skewness * (math.cbrt(1 + skewness * (at - skewness / (6 * units))) - 1)
