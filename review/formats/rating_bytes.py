"""A million ratings in a fraction of a second: files without quotes or escapes, read by their bytes.

Where the separators stand as they should in every line, each cell is a stretch of bytes, and equal stretches are found
by comparing eight bytes at a time. What doesn't look so is not judged here: `review.formats.rating_columns` reads it.

numpy is imported inside the functions, so that importing this module costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Bytes = NDArray[np.uint8]

LONGEST = 64
"""Bytes of a cell beyond which files are read in another way."""

NEWLINE, COMMA, QUOTE = 10, 44, 34
FIRST, SECOND = b"\x01", b"\x02"
"""What stands between the cells of a line of JSON once its keys are taken out: no JSON holds it."""


class Slices(Sequence[str]):
    """Texts that are made only when one is asked for."""

    def __init__(self, data: bytes, starts: Codes, ends: Codes) -> None:
        self._data, self._starts, self._ends = data, starts, ends

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...

    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        return self._data[self._starts[place] : self._ends[place]].decode()


@dataclass(frozen=True)
class Cells:
    """The cells of every row as stretches of bytes, one array of starts and of ends for each column."""

    data: bytes
    starts: tuple[Codes, ...]
    ends: tuple[Codes, ...]


def csv_cells(text: str, columns: Sequence[str]) -> Cells | None:
    """Returns the cells of some columns of a CSV file that has no quotes and as many cells in each line, or None."""
    if '"' in text or "\r" in text.replace("\r\n", "\n"):
        return None
    data = text.replace("\r\n", "\n").encode()
    data = data if data.endswith(b"\n") else data + b"\n"
    header = [name.strip().lower() for name in data[: data.index(b"\n")].decode().split(",")]
    if any(header.count(name) != 1 for name in columns):
        return None
    found = _separated(data, b"," * (len(header) - 1) + b"\n")
    if found is None:
        return None
    starts, ends = found
    places = [header.index(name) for name in columns]
    return Cells(data, tuple(starts[1:, place] for place in places), tuple(ends[1:, place] for place in places))


def json_cells(text: str, columns: Sequence[str]) -> Cells | None:
    """Returns the cells of JSONL whose lines hold three plain values under the same keys in the same order, or None.

    A plain value is a whole number without a sign, or a text without quotes and escapes. The
    first line says how keys are written; every line has to be written so.
    """
    data = text.encode(errors="replace")
    data = data if data.endswith(b"\n") else data + b"\n"
    keys = _keys(text[: text.find("\n") + 1], columns)
    bare = _without_keys(data, keys[1]) if keys else None
    found = None if bare is None else _separated(bare, FIRST + SECOND + b"\n")
    if bare is None or found is None:
        return None
    cells = [_unquoted(bare, found[0][:, place], found[1][:, place]) for place in range(len(columns))]
    if bare.count(b'"') != sum(quotes for _, _, quotes in cells) or any(quotes < 0 for _, _, quotes in cells):
        return None
    ordered = [cells[keys[0].index(name)] for name in columns] if keys else []
    return Cells(bare, tuple(starts for starts, _, _ in ordered), tuple(ends for _, ends, _ in ordered))


def _keys(line: str, columns: Sequence[str]) -> tuple[list[str], list[bytes]] | None:
    """Returns the keys of a line in their order, and what stands before each value."""
    try:
        keys = list(json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    if len(keys) != len(columns) or set(map(str, keys)) != set(columns):
        return None
    colon, comma = (": ", ", ") if f'"{keys[0]}": ' in line else (":", ",")
    return keys, [f'{comma if place else "{"}"{key}"{colon}'.encode() for place, key in enumerate(keys)]


def _without_keys(data: bytes, openings: Sequence[bytes]) -> bytes | None:
    """Returns the values of all lines with marks between them; None unless each line has all keys in their order."""
    lines = data.count(b"\n")
    if any(mark in data for mark in (b"\\", FIRST, SECOND)):
        return None
    if not data.startswith(openings[0]) or not data.endswith(b"}\n"):
        return None
    data = data[len(openings[0]) : -2]
    # A key can't stand in a text: it has quotes, which a text could only hold behind a backslash.
    for part, mark, times in (
        (b"}\n" + openings[0], b"\n", lines - 1),
        (openings[1], FIRST, lines),
        (openings[2], SECOND, lines),
    ):
        before = len(data)
        data = data.replace(part, mark)
        if before - len(data) != times * (len(part) - len(mark)):
            return None
    return data + b"\n"


def _separated(data: bytes, pattern: bytes) -> tuple[Codes, Codes] | None:
    """Returns where cells start and end, shape (lines, cells); None unless each line's separators are the pattern.

    No byte of any separator may stand elsewhere, nor any other control character.
    """
    import numpy as np

    whole = np.frombuffer(data, dtype=np.uint8)
    marks = np.frombuffer(pattern, dtype=np.uint8)
    is_mark = whole < 32
    if COMMA in pattern:
        is_mark |= whole == COMMA
    places = np.flatnonzero(is_mark)
    if len(places) % len(marks) or (whole[places].reshape(-1, len(marks)) != marks).any():
        return None
    ends = places.reshape(-1, len(marks))
    starts = np.concatenate([[0], places[:-1] + 1]).reshape(-1, len(marks))
    return starts, ends


def _unquoted(data: bytes, starts: Codes, ends: Codes) -> tuple[Codes, Codes, int]:
    """Returns the cells without their quotes, and how many quotes these are; -1 if one is neither text nor number."""
    import numpy as np

    whole = np.frombuffer(data, dtype=np.uint8)
    lengths = ends - starts
    if not (lengths > 0).all():
        return starts, ends, -1
    quoted = whole[starts] == QUOTE
    if not ((whole[ends[quoted] - 1] == QUOTE) & (lengths[quoted] > 1)).all():
        return starts, ends, -1
    plain_starts, plain_lengths = starts[~quoted], lengths[~quoted]
    if len(plain_starts):
        longest = int(plain_lengths.max())
        if ((whole[plain_starts] == ord("0")) & (plain_lengths > 1)).any():
            return starts, ends, -1
        for place in range(longest):
            digits = whole[plain_starts[plain_lengths > place] + place]
            if ((digits < ord("0")) | (digits > ord("9"))).any():
                return starts, ends, -1
    return starts + quoted, ends - quoted, 2 * int(quoted.sum())


def numbered_cells(data: bytes, starts: Codes, ends: Codes) -> tuple[Codes, Slices] | None:
    """Returns a number for each cell, equal ones the same, and their texts as they first came.

    None where a cell is too long, or where the text of one has spaces around it.
    """
    import numpy as np

    lengths = ends - starts
    longest = int(lengths.max(initial=0))
    if longest > LONGEST:
        return None
    # Cells that repeat the one before, as units often do, are compared once.
    padded = np.frombuffer(data + bytes(8), dtype=np.uint8)
    codes = lengths.copy()
    for offset in range(0, longest, 8):
        word = np.zeros(len(starts), dtype=np.uint64)
        for place in range(offset, min(offset + 8, longest)):
            byte = padded[np.minimum(starts + place, len(padded) - 1)].astype(np.uint64)
            word |= np.where(lengths > place, byte, 0).astype(np.uint64) << np.uint64(8 * (place - offset))
        codes = _joined(codes, word)
    first, numbers = _ranked(codes)
    names = Slices(data, starts[first], ends[first])
    edges = np.concatenate([padded[starts[first]], padded[ends[first] - 1]])
    if ((edges <= 32) | (edges >= 127)).any() and any(name != name.strip() for name in names):
        return None
    return numbers, names


def _joined(codes: Codes, words: NDArray[np.uint64]) -> Codes:
    """Returns one number for each pair of a code and a word; equal pairs, and only these, have equal ones."""
    import numpy as np

    change = np.concatenate([[True], (words[1:] != words[:-1]) | (codes[1:] != codes[:-1])])
    runs = np.cumsum(change) - 1
    _, word = np.unique(words[change], return_inverse=True)
    known, code = np.unique(codes[change], return_inverse=True)
    joined: Codes = (word.astype(np.int64) * len(known) + code)[runs]
    return joined


def _ranked(codes: Codes) -> tuple[Codes, Codes]:
    """Returns where each code stands first, in this order, and for every place the number of its code."""
    import numpy as np

    change = np.concatenate([[True], codes[1:] != codes[:-1]])[: len(codes)]
    heads = np.flatnonzero(change)
    _, first, place = np.unique(codes[heads], return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return heads[first[order]], rank[place][np.cumsum(change) - 1]
