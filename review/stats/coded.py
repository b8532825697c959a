"""Ratings as numbers: who gave what to what, a million of them at a time.

numpy is imported inside the functions, so that importing this module costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from review.stats import patterns
from review.stats.patterns import Patterns, Value, ordered_values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]

_FITS = 2**62
_CELLS = 20_000_000
"""Cells of a table of units x answers beyond which units are tallied one by one."""


@dataclass(frozen=True)
class Coded:
    """Ratings one a row, at most one for a unit and annotator.

    Attributes:
        units: numbers of units from 0, shape (n,).
        annotators: numbers of annotators from 0, in the order of their first rating, shape (n,).
        values: places in `names`, shape (n,).
        names: the distinct values; in increasing order if all are numbers, else ordered as text.
        n_units: how many units there are.
        n_annotators: how many annotators there are.
    """

    units: Codes
    annotators: Codes
    values: Codes
    names: tuple[Value, ...]
    n_units: int
    n_annotators: int


def numbered(things: Iterable[Hashable]) -> tuple[Codes, list[Hashable]]:
    """Return a number for each thing, equal ones the same, and the things by their numbers, as they first came."""
    import numpy as np

    known: defaultdict[Hashable, int] = defaultdict(count().__next__)
    numbers = np.fromiter(map(known.__getitem__, things), dtype=np.int64)
    return numbers, list(known)


def coded(units: Iterable[Hashable], annotators: Iterable[Hashable], values: Iterable[Value]) -> Coded:
    """Return ratings as numbers.

    Raises:
        ValueError: a value is None or not finite; a missing answer is left out.
    """
    unit, unit_names = numbered(units)
    annotator, people = numbered(annotators)
    value, found = numbered(values)
    return with_values(Coded(unit, annotator, value, (), len(unit_names), len(people)), found)  # type: ignore[arg-type]


def with_values(ratings: Coded, values: Sequence[Value]) -> Coded:
    """Return ratings whose values stand for these now, equal ones as one; raises as `coded` does."""
    import numpy as np

    names = ordered_values(values)
    place = {value: number for number, value in enumerate(names)}
    places = np.array([place[value] for value in values], dtype=np.int64)
    renamed = places[ratings.values] if len(places) else ratings.values
    return Coded(ratings.units, ratings.annotators, renamed, names, ratings.n_units, ratings.n_annotators)


def tally_coded(ratings: Coded) -> Patterns:
    """Return the patterns of ratings, the same as `patterns.tally` returns of the same units.

    Raises:
        ValueError: there are so many different values that their table would not fit in memory.
    """
    import numpy as np

    if not len(ratings.units):
        return patterns.tally([])
    order = np.lexsort((ratings.values, ratings.units))
    units, values = ratings.units[order], ratings.values[order]
    sizes = np.bincount(units)
    most, width = int(sizes.max()), len(ratings.names)
    if len(sizes) * most > _CELLS:
        return _one_by_one(units, values, ratings.names)
    # Each unit's values in order, as digits: what it has fewer of than the most is 0 at the end.
    digits = np.zeros((len(sizes), most), dtype=np.int64)
    places = np.arange(len(units)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    digits[units, places] = values + 1
    if (width + 1) ** most < _FITS:
        powers = np.array([(width + 1) ** (most - 1 - place) for place in range(most)], dtype=np.int64)
        _, first, weights = np.unique(digits @ powers, return_index=True, return_counts=True)
        rows = digits[first]
    else:
        rows, weights = np.unique(digits, axis=0, return_counts=True)
    patterns.check_size(len(rows), width)
    counts = np.zeros((len(rows), width + 1))
    for column in rows.T:
        counts[np.arange(len(rows)), column] += 1
    return Patterns(ratings.names, counts[:, 1:], weights.astype(np.float64))


def _one_by_one(units: Codes, values: Codes, names: tuple[Value, ...]) -> Patterns:
    import numpy as np

    ends = np.flatnonzero(np.diff(units)) + 1
    return patterns.tally([[names[value] for value in part.tolist()] for part in np.split(values, ends)])
