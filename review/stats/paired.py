"""Agreement of annotators two by two: every pair at once, from how often each said what beside the other.

Few answers of a pair differ, so a pair is a list of *cells*: what the first said, what the second said, and how often.
All coefficients are sums over cells and over what each said in all.

numpy is imported inside the functions, so that importing this module costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Literal

from review.stats.coefficients import OUT_OF_RANGE, SAME_ANSWER
from review.stats.measure import Measure, undefined
from review.stats.patterns import Value, ordered_values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Codes = NDArray[np.int64]

Weights = Literal["none", "linear", "quadratic"]
"""How far apart two categories count: all alike, by their distance in the order, or by its square."""

NO_SHARED_UNITS = "undefined: no unit was answered by both"
ONE_SAYS_THE_SAME = "undefined: one of the two gave the same answer everywhere, so there is no order to compare"

_DENSE_COST, _LISTED_COST = 1e-10, 6e-8
"""Seconds for a multiplication in a product of matrices, and for a pair of answers in a list; for choosing only."""

_ROWS_AT_ONCE = 4_000_000
_DENSE_CELLS = 4_000_000
"""Cells of a table of annotators x categories squared, beyond which it is not made."""


@dataclass(frozen=True)
class Pairs:
    """Every pair of annotators with units in common.

    Attributes:
        first: the annotator of lower number of each pair, shape (T,).
        second: the other, shape (T,).
        shared: units that both answered, shape (T,).
        cells: rows (pair, what the first said, what the second said), sorted, shape (C, 3).
        times: how many units each cell has, shape (C,).
        categories: K, how many values there are.
    """

    first: Codes
    second: Codes
    shared: Array
    cells: Codes
    times: Array
    categories: int

    def agreement(self) -> Array:
        """Return the share of shared units on which both say the same, shape (T,)."""
        same = self.cells[:, 1] == self.cells[:, 2]
        return self._summed(self.times * same) / self.shared

    def kappa(self, weights: Weights = "none") -> Array:
        """Return Cohen's kappa, shape (T,); NaN where it is undefined.

        Source: Cohen 1960, "A coefficient of agreement for nominal scales"; weighted, Cohen 1968, "Weighted kappa".
        """
        import numpy as np

        said, other = self._said(1), self._said(2)
        one, two = self.cells[:, 1], self.cells[:, 2]
        if weights == "none":
            observed = self._summed(self.times * (one != two))
            expected = self.shared - (said * other).sum(axis=1) / self.shared
        elif weights == "linear":
            observed = self._summed(self.times * abs(one - two))
            # A distance is the number of steps between categories at which one of the two is above.
            below, other_below = np.cumsum(said, axis=1), np.cumsum(other, axis=1)
            total = self.shared[:, None]
            apart = below * (total - other_below) + other_below * (total - below)
            expected = apart.sum(axis=1) / self.shared
        else:
            observed = self._summed(self.times * (one - two) ** 2.0)
            places = np.arange(self.categories) - (self.categories - 1) / 2
            expected = said @ places**2 + other @ places**2 - 2 * (said @ places) * (other @ places) / self.shared
        return _one_less(observed, np.where(self._varied(said, other), expected, 0.0))

    def spearman(self) -> Array:
        """Return Spearman's rank correlation with mid-ranks for ties, shape (T,); NaN where one says one thing only.

        Source: Spearman 1904, "The proof and measurement of association between two things".
        """
        import numpy as np

        ranks, said = {}, {}
        for place in (1, 2):
            said[place] = self._said(place)
            ranks[place] = np.cumsum(said[place], axis=1) - said[place] / 2 - self.shared[:, None] / 2
        pair = self.cells[:, 0]
        together = self._summed(self.times * ranks[1][pair, self.cells[:, 1]] * ranks[2][pair, self.cells[:, 2]])
        alone = [(said[place] * ranks[place] ** 2).sum(axis=1) for place in (1, 2)]
        varied = ((said[1] > 0).sum(axis=1) > 1) & ((said[2] > 0).sum(axis=1) > 1)
        with np.errstate(all="ignore"):
            return np.where(varied, together / np.sqrt(alone[0] * alone[1]), np.nan)

    def confusions(self) -> Array:
        """Return how often the first said the row and the second the column, shape (T, K, K); for few categories."""
        import numpy as np

        tables = np.zeros((len(self.shared), self.categories, self.categories))
        tables[tuple(self.cells.T)] = self.times
        return tables

    def _said(self, place: int) -> Array:
        """Return how often one of the two said each category, shape (T, K)."""
        import numpy as np

        keys = self.cells[:, 0] * self.categories + self.cells[:, place]
        counted: Array = np.bincount(keys, self.times, minlength=len(self.shared) * self.categories).astype(float)
        return counted.reshape(len(self.shared), self.categories)

    def _summed(self, values: Array) -> Array:
        import numpy as np

        summed: Array = np.bincount(self.cells[:, 0], values, minlength=len(self.shared)).astype(float)
        return summed

    def _varied(self, said: Array, other: Array) -> NDArray[np.bool_]:
        varied: NDArray[np.bool_] = ((said + other) > 0).sum(axis=1) > 1
        return varied


@dataclass(frozen=True)
class CohenKappa:
    """Cohen's kappa of two annotators and the number of units that both answered."""

    kappa: Measure
    shared: int


def cohen_kappa(
    first: Sequence[Value | None],
    second: Sequence[Value | None],
    weights: Weights = "none",
    categories: Sequence[Value] = (),
) -> CohenKappa:
    """Return Cohen's kappa of two annotators over the units that both answered.

    Args:
        first: one annotator's value for each unit, None where missing.
        second: the other's, for the same units in the same order.
        weights: what categories that are further apart count.
        categories: all there are, in their order; by default the values given, in order.

    Raises:
        ValueError: the sequences differ in length, or a value is not among the categories.
    """
    both = [(one, other) for one, other in zip(first, second, strict=True) if one is not None and other is not None]
    found = _of_two(both, categories)
    if found is None:
        return CohenKappa(undefined(NO_SHARED_UNITS), 0)
    return CohenKappa(as_measure(found.kappa(weights).item(), SAME_ANSWER), len(both))


def spearman(first: Sequence[Value | None], second: Sequence[Value | None]) -> Measure:
    """Return Spearman's rank correlation of two annotators over the units that both answered; raises like kappa."""
    both = [(one, other) for one, other in zip(first, second, strict=True) if one is not None and other is not None]
    found = _of_two(both, ())
    return undefined(NO_SHARED_UNITS) if found is None else as_measure(found.spearman().item(), ONE_SAYS_THE_SAME)


def as_measure(value: float, reason: str) -> Measure:
    """Return a coefficient, or for NaN why there is none."""
    if math.isinf(value):
        return undefined(OUT_OF_RANGE)
    return undefined(reason) if math.isnan(value) else Measure(value)


def _of_two(both: Sequence[tuple[Value, Value]], categories: Sequence[Value]) -> Pairs | None:
    import numpy as np

    order = list(categories) or ordered_values(chain.from_iterable(both))
    code = {value: place for place, value in enumerate(order)}
    strange = [value for value in chain.from_iterable(both) if value not in code]
    if strange:
        raise ValueError(f"answers that were not offered: {', '.join(map(repr, dict.fromkeys(strange)))}")
    if not both:
        return None
    units = np.repeat(np.arange(len(both)), 2)
    people = np.tile(np.arange(2), len(both))
    return pairs_of(units, people, np.array([code[value] for value in chain.from_iterable(both)]), len(order))


def pairs_of(units: Codes, annotators: Codes, values: Codes, categories: int) -> Pairs:
    """Return every pair of annotators that have a unit in common, from ratings one a row.

    Args:
        units: numbers of units from 0, shape (n,); at most one rating for a unit and annotator.
        annotators: numbers of annotators from 0, shape (n,).
        values: numbers of values in their order, each below `categories`, shape (n,).
        categories: how many values there are.
    """
    import numpy as np

    if not len(units):
        nothing = np.zeros(0, dtype=np.int64)
        return Pairs(nothing, nothing, np.zeros(0), np.zeros((0, 3), dtype=np.int64), np.zeros(0), categories)
    order = np.lexsort((annotators, units))
    units, annotators, values = units[order], annotators[order], values[order]
    people = int(annotators.max()) + 1
    sizes = np.bincount(units).astype(float)
    listed = (sizes * (sizes - 1)).sum() / 2 * _LISTED_COST
    dense = len(sizes) * (people * categories) ** 2.0 * _DENSE_COST
    if dense < listed and (people * categories) ** 2 <= _DENSE_CELLS:
        keys, times = _by_products(units, annotators * categories + values, people * categories)
    else:
        keys, times = _by_lists(units, annotators * categories + values, people * categories)
    one, other = np.divmod(keys, people * categories)
    pairs, place = np.unique((one // categories) * people + other // categories, return_inverse=True)
    return Pairs(
        first=pairs // people,
        second=pairs % people,
        shared=np.bincount(place, times, minlength=len(pairs)).astype(float),
        cells=np.stack([place, one % categories, other % categories], axis=1),
        times=times,
        categories=categories,
    )


def _by_products(units: Codes, said: Codes, width: int) -> tuple[Codes, Array]:
    """Return the pairs of things said by two people of one unit, as numbers, and how often: by products of matrices."""
    import numpy as np

    at_once = max(1, min(_ROWS_AT_ONCE // width, int(units[-1]) + 1))
    counted = np.zeros((width, width))
    starts = np.searchsorted(units, np.arange(0, int(units[-1]) + at_once + 1, at_once))
    for number, (start, end) in enumerate(pairwise(starts.tolist())):
        given = np.zeros((at_once, width), dtype=np.float32)
        given[units[start:end] - number * at_once, said[start:end]] = 1
        counted += given.T @ given
    upper = np.triu(counted, 1).ravel()
    keys = np.flatnonzero(upper)
    return keys, upper[keys]


def _by_lists(units: Codes, said: Codes, width: int) -> tuple[Codes, Array]:
    """Return the same by listing every pair of answers; what is said comes in increasing order for each unit."""
    import numpy as np

    found: dict[str, Any] = {"keys": np.zeros(0, dtype=np.int64), "times": np.zeros(0)}
    waiting: list[Codes] = []
    for apart in range(1, int(np.bincount(units).max())):
        same = units[apart:] == units[:-apart]
        waiting.append(said[:-apart][same] * width + said[apart:][same])
        if sum(map(len, waiting)) > _ROWS_AT_ONCE:
            _count(found, waiting)
    _count(found, waiting)
    return found["keys"], found["times"]


def _count(found: dict[str, Any], waiting: list[Codes]) -> None:
    """Adds what waits to what is counted."""
    import numpy as np

    keys, times = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *waiting]), return_counts=True)
    waiting.clear()
    merged, place = np.unique(np.concatenate([found["keys"], keys]), return_inverse=True)
    found["times"] = np.bincount(place, np.concatenate([found["times"], times]), minlength=len(merged))
    found["keys"] = merged


def _one_less(observed: Array, expected: Array) -> Array:
    import numpy as np

    with np.errstate(all="ignore"):
        return np.where(expected > 0, 1 - observed / expected, np.nan)
