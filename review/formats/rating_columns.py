"""A million ratings at a time: columns of a plain file, without a Python step for each cell.

Whatever is not plain is left to `review.formats.ratings`, which reads line by line and says what is wrong where.
"""

from __future__ import annotations

import csv
import gc
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from review.formats.csv_text import LONGEST_CELL
from review.formats.rating_bytes import Cells, csv_cells, json_cells, numbered_cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COLUMNS = ("unit", "annotator", "value")
AT_ONCE = 20_000


@dataclass(frozen=True)
class RatingColumns:
    """Ratings as numbers of their texts; those with an empty value are left out.

    Attributes:
        numbers: for each rating the places of its unit, annotator and value, shape (3, n).
        units: the distinct units; `annotators` and `values` in the same way, as they first came.
    """

    numbers: NDArray[np.int64]
    units: Sequence[str]
    annotators: Sequence[str]
    values: Sequence[str]


Columns = tuple[Sequence[str | int], Sequence[str | int], Sequence[str | int]]


def plain_csv(data: bytes) -> RatingColumns | None:
    """Returns the ratings of a CSV file, in UTF-8, whose every row is plain, or None."""
    if (found := _of_bytes(csv_cells(data, COLUMNS))) is not None:
        return found
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if any(header.count(name) != 1 for name in COLUMNS):
            return None
        return _complete(_csv_parts(reader, [header.index(name) for name in COLUMNS], len(header)))
    except (csv.Error, _NotPlainError):
        return None


def plain_json_lines(data: bytes) -> RatingColumns | None:
    """Returns the ratings of a JSONL file whose every line has a unit, an annotator, a value and no more, or None."""
    if (found := _of_bytes(json_cells(data, COLUMNS))) is not None:
        return found
    try:
        return _complete(_json_parts(data.decode()))
    except (ValueError, RecursionError, _NotPlainError):
        return None


class _NotPlainError(Exception):
    """Something that has to be read line by line."""


def _csv_parts(reader: Iterator[list[str]], places: Sequence[int], width: int) -> Iterator[Columns]:
    while rows := list(islice(reader, AT_ONCE)):
        rows = [row for row in rows if row]
        if set(map(len, rows)) - {width}:
            raise _NotPlainError
        columns = list(zip(*rows, strict=True)) or [()] * width
        unit, annotator, value = (columns[place] for place in places)
        yield unit, annotator, value


def _json_parts(text: str) -> Iterator[Columns]:
    lines = iter(text.split("\n"))
    while part := list(islice(lines, AT_ONCE)):
        told = [line for line in part if line and not line.isspace()]
        whole = ",\n".join(told)
        # Records of three single values can't run over a line: as many records as lines, and each stands on its own.
        rows: list[Any] = json.loads(f"[{whole}]", parse_constant=_refuse)
        if len(rows) != len(told) or set(map(type, rows)) - {dict} or set(map(len, rows)) - {len(COLUMNS)}:
            raise _NotPlainError
        if any(whole.count(f'"{name}"') != len(rows) for name in COLUMNS):  # A key that stands twice, perhaps.
            raise _NotPlainError
        try:
            columns = [[row[name] for row in rows] for name in COLUMNS]
        except KeyError as error:
            raise _NotPlainError from error
        if any(set(map(type, column)) - {str, int} for column in columns):
            raise _NotPlainError
        unit, annotator, value = columns
        yield unit, annotator, value


def _refuse(name: str) -> None:
    raise ValueError(name)


def _complete(parts: Iterable[Columns]) -> RatingColumns | None:
    """Returns the ratings of all parts; None where one is not a rating, or stands twice."""
    with _no_collection():
        found = gathered(parts)
    texts = (*found.units, *found.annotators, *found.values)
    if "" in found.units or "" in found.annotators or not all(map(_is_utf8, texts)):
        return None
    return _given_once(found)


def _of_bytes(cells: Cells | None) -> RatingColumns | None:
    """Returns the ratings of cells; None where one is not a rating, stands twice, or there are none."""
    import numpy as np

    if cells is None or any((starts == ends).any() for starts, ends in zip(cells.starts[:2], cells.ends, strict=False)):
        return None
    columns = [numbered_cells(cells.data, *ends) for ends in zip(cells.starts, cells.ends, strict=True)]
    known = [column for column in columns if column is not None]
    if len(known) < len(COLUMNS):
        return None
    units, annotators, values = known
    numbers = np.stack([column for column, _ in known])
    return _given_once(RatingColumns(numbers, units[1], list(annotators[1]), list(values[1])))


def _given_once(found: RatingColumns) -> RatingColumns | None:
    """Returns the ratings without those that are missing; None where there are none, or somebody's stands twice."""
    import numpy as np

    keys = np.sort(found.numbers[0] * len(found.annotators) + found.numbers[1])
    if not len(keys) or (keys[1:] == keys[:-1]).any():
        return None
    if "" not in found.values:
        return found
    kept = found.numbers[:, found.numbers[2] != found.values.index("")]
    return _renumbered(RatingColumns(kept, found.units, found.annotators, found.values))


def gathered(parts: Iterable[Columns]) -> RatingColumns:
    """Returns the ratings of all parts as numbers; texts count without the spaces around them."""
    import numpy as np

    known: list[defaultdict[str | int, int]] = [defaultdict(count().__next__) for _ in COLUMNS]
    found = [
        np.stack([np.fromiter(map(one.__getitem__, column), np.int64) for one, column in zip(known, part, strict=True)])
        for part in parts
    ]
    numbers = np.concatenate(found, axis=1) if found else np.zeros((3, 0), dtype=np.int64)
    names = []
    for column, raw in enumerate(known):
        texts: defaultdict[str, int] = defaultdict(count().__next__)
        places = [texts[str(name).strip()] for name in raw]
        if len(texts) < len(places):
            numbers[column] = np.array(places, dtype=np.int64)[numbers[column]]
        names.append(list(texts))
    return RatingColumns(numbers, *names)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Leaves the collector of cycles aside: a million cells make none, and it would look through them all the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _renumbered(ratings: RatingColumns) -> RatingColumns:
    """Returns ratings without the units, annotators and values that none of them has; the rest in their order."""
    import numpy as np

    columns, names = [], []
    for column, known in zip(ratings.numbers, (ratings.units, ratings.annotators, ratings.values), strict=True):
        left, first, place = np.unique(column, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        columns.append(rank[place])
        names.append([known[number] for number in left[order]])
    return RatingColumns(np.stack(columns), *names)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
