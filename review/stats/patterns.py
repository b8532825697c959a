"""Coefficients of agreement as functions of how often each pattern of answers occurs.

A coefficient depends on a unit (an example) only through its counts of values, and few of these *patterns*
differ: three answers over two classes make four. So a data set is a table of patterns with a weight each, its
bootstrap replicates are the same table with other weights, and every formula here takes weights of shape (R,
P), one row for each replicate, and returns R values: NaN where the coefficient is undefined for that row.

numpy is imported inside the functions, so that importing this module costs nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Value = str | float
Level = Literal["nominal", "ordinal", "interval", "ratio"]
Units = Sequence[Sequence[Value]]

LARGEST_TABLE = 50_000_000
"""Cells (patterns x values) beyond which continuous data would not fit in memory."""


@dataclass(frozen=True)
class Patterns:
    """The distinct patterns of answers among units that have at least one answer.

    Attributes:
        values: the V distinct values; in increasing order if all are numbers, else ordered as text.
        counts: how many answers of a unit have each value, shape (P, V).
        weights: how many units have each pattern, shape (P,); their sum is the number of units.
    """

    values: tuple[Value, ...]
    counts: Array
    weights: Array

    @property
    def answers(self) -> Array:
        """Answers per unit, shape (P,)."""
        answers: Array = self.counts.sum(axis=1)
        return answers

    def comparable(self) -> Patterns:
        """Return the patterns with at least two answers, which alone say anything about agreement."""
        return self._only(self.answers >= 2)

    def alike(self) -> Patterns:
        """Return the patterns with exactly as many answers as most units have that have two or more.

        Of numbers of answers that equally many units have, it is the greater.
        """
        units: Counter[int] = Counter()
        for answers, times in zip(self.answers.tolist(), self.weights.tolist(), strict=True):
            if answers >= 2:
                units[int(answers)] += int(times)
        number = max(units, key=lambda answers: (units[answers], answers), default=0)
        return self._only(self.answers == number)

    @property
    def differing(self) -> int:
        """How many units hold two answers that differ."""
        return int(self.weights[(self.counts > 0).sum(axis=1) > 1].sum())

    def _only(self, kept: NDArray[np.bool_]) -> Patterns:
        return self if kept.all() else Patterns(self.values, self.counts[kept], self.weights[kept])


Given = Units | Patterns
"""What was answered: units, or their patterns where several statistics are made from the same ones."""


def tally(units: Given | Counter[tuple[Value, ...]]) -> Patterns:
    """Return the patterns of `units`, each the list of the values given for it, the missing ones absent.

    Units may be counted already.

    Patterns stand in a fixed order, whatever the order of the units and of the answers in a unit; what has been
    tallied already is returned as it is.

    Raises:
        ValueError: a value is None or not finite (a missing answer is left out, it is no value), or there are
            so many different values that their table would not fit in memory.
    """
    if isinstance(units, Patterns):
        return units
    import numpy as np

    seen = units if isinstance(units, Counter) else Counter(map(tuple, units))
    values = ordered_values(chain.from_iterable(seen))
    code = {value: index for index, value in enumerate(values)}
    merged: Counter[tuple[int, ...]] = Counter()
    for answers, times in seen.items():
        if answers:
            merged[tuple(sorted(code[value] for value in answers))] += times
    check_size(len(merged), len(values))
    rows = sorted(merged)
    counts = np.zeros((len(rows), len(values)))
    for row, codes in enumerate(rows):
        for column in codes:
            counts[row, column] += 1
    return Patterns(values, counts, np.array([merged[row] for row in rows], dtype=np.float64))


def check_size(rows: int, values: int) -> None:
    """Raise ValueError if a table of so many patterns and values would not fit in memory."""
    if rows * values > LARGEST_TABLE:
        raise ValueError(
            f"{values} different values over {rows} different units are too many to tabulate; "
            f"round the values to fewer steps"
        )


def ordered_values(answers: Iterable[Value]) -> tuple[Value, ...]:
    """Return the distinct values, numbers in increasing order, others as text; raises as `tally` does."""
    distinct: list[Value] = list(dict.fromkeys(answers))
    for value in distinct:
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"{value} is not an answer; leave missing answers out")
    if all(is_number(value) for value in distinct):
        return tuple(sorted(distinct, key=float))
    return tuple(sorted(distinct, key=str))


def is_number(value: object) -> bool:
    """Return whether a value is a number, as the levels above nominal need."""
    return isinstance(value, int | float)


def percent_agreement(patterns: Patterns, weights: Array) -> Array:
    """Return the share of a unit's pairs that agree, averaged over units with two answers, shape (R,)."""
    kept = patterns.answers >= 2
    used = weights[:, kept]
    return _divided(used @ pair_agreement(patterns.comparable()), used.sum(axis=1))


def mean(patterns: Patterns, weights: Array) -> Array:
    """Return the mean of all answers, which must be numbers, shape (R,)."""
    import numpy as np

    sums = patterns.counts @ np.array(patterns.values, dtype=np.float64)
    return _divided(weights @ sums, weights @ patterns.answers)


def fleiss_kappa(patterns: Patterns, weights: Array) -> Array:
    """Return Fleiss' kappa, shape (R,); every pattern must have the same number of answers, at least two.

    Source: Fleiss 1971, "Measuring nominal scale agreement among many raters".
    """
    observed = percent_agreement(patterns, weights)
    given = weights @ patterns.counts
    shares = given / given.sum(axis=1, keepdims=True)
    expected = (shares**2).sum(axis=1)
    return _divided(observed - expected, 1 - expected)


def gwet_ac1(patterns: Patterns, weights: Array, categories: int) -> Array:
    """Return Gwet's AC1 over `categories` >= 2 offered choices, shape (R,).

    Chance agreement uses every unit with an answer, observed agreement those with two or more.

    Source: Gwet 2008, "Computing inter-rater reliability and its variance in the presence of high agreement";
    with missing answers, Gwet 2014, "Handbook of Inter-Rater Reliability", 4th edition, chapter 5.
    """
    observed = percent_agreement(patterns, weights)
    per_unit = patterns.counts / patterns.answers[:, None]
    shares = (weights @ per_unit) / weights.sum(axis=1, keepdims=True)
    expected = (shares * (1 - shares)).sum(axis=1) / (categories - 1)
    return _divided(observed - expected, 1 - expected)


def alpha(patterns: Patterns, weights: Array, level: Level) -> Array:
    """Return Krippendorff's alpha, shape (R,); values must be numbers for all levels but the nominal.

    Source: Krippendorff 2018, "Content Analysis", 4th edition, chapter 12.
    """
    used = weights[:, patterns.answers >= 2]
    patterns = patterns.comparable()
    given = used @ patterns.counts
    if level == "ordinal":
        observed, expected = _ordinal_disagreement(patterns, used, given)
    else:
        distances = _distances(patterns.values, level)
        within = ((patterns.counts @ distances) * patterns.counts).sum(axis=1) / (patterns.answers - 1)
        observed = used @ within
        expected = ((given @ distances) * given).sum(axis=1)
    return 1 - _divided(observed * (given.sum(axis=1) - 1), expected)


def _ordinal_disagreement(patterns: Patterns, weights: Array, given: Array) -> tuple[Array, Array]:
    """Return observed and expected disagreement on the ordinal level, each of shape (R,).

    The ordinal distance of two values is the squared difference of their mid-ranks among all answers that can
    be compared, so every replicate has distances of its own. Squared differences need only sums and sums of
    squares; ranks are counted from their mean, which keeps these small.
    """
    import numpy as np

    total = given.sum(axis=1, keepdims=True)
    ranks = np.cumsum(given, axis=1) - given / 2 - total / 2
    squares = (ranks**2) @ patterns.counts.T
    sums = ranks @ patterns.counts.T
    within = 2 * (patterns.answers * squares - sums**2) / (patterns.answers - 1)
    expected = 2 * total[:, 0] * (given * ranks**2).sum(axis=1)
    return (weights * within).sum(axis=1), expected


def _distances(values: tuple[Value, ...], level: Level) -> Array:
    """Return the squared distances between values that don't depend on the data, shape (V, V)."""
    import numpy as np

    if level == "nominal":
        return 1 - np.eye(len(values))
    numbers = np.array(values, dtype=np.float64)
    difference = numbers[:, None] - numbers[None, :]
    if level == "interval":
        return np.asarray(difference**2)
    total = numbers[:, None] + numbers[None, :]
    return np.asarray(np.divide(difference, total, out=np.zeros_like(total), where=total != 0) ** 2)


def pair_agreement(patterns: Patterns) -> Array:
    """Return for each pattern the share of its ordered pairs of answers that agree, shape (P,)."""
    answers = patterns.answers
    agreeing: Array = (patterns.counts * (patterns.counts - 1)).sum(axis=1)
    return agreeing / (answers * (answers - 1))


def _divided(numerator: Array, denominator: Array) -> Array:
    """Return the quotient, NaN where it is no finite number.

    Where only one value was given the denominators above are exactly zero, since every term is.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        quotient = np.asarray(numerator / denominator)
    return np.where(np.isfinite(quotient), quotient, np.nan)
