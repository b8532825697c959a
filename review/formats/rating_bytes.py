"""A million ratings in a fraction of a second: files without quotes or escapes, read by their bytes.

Where the separators stand as they should in every line, each cell is a stretch of bytes, and equal stretches are found
by comparing eight bytes at a time. What doesn't look so is not judged here: `review.formats.rating_columns` reads it.

numpy is imported inside the functions, so that importing this module costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Bytes = NDArray[np.uint8]

LONGEST = 64
"""Bytes of a cell beyond which files are read in another way."""

COMMA, QUOTE = 44, 34
AT_ONCE = 2**18


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


def csv_cells(data: bytes, columns: Sequence[str]) -> Cells | None:
    """Returns the cells of some columns of a CSV file that has no quotes and as many cells in each line, or None."""
    data = data.replace(b"\r\n", b"\n")
    if b'"' in data or b"\r" in data:
        return None
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


def json_cells(data: bytes, columns: Sequence[str]) -> Cells | None:
    """Returns the cells of JSONL whose lines hold three plain values under the same keys in the same order, or None.

    A plain value is a whole number without a sign, or a text without quotes and escapes. The
    first line says how keys are written; every line has to be written so.
    """
    data = data if data.endswith(b"\n") else data + b"\n"
    keys = _keys(data[: data.index(b"\n")].decode(), columns)
    found = _between_keys(data, keys[1]) if keys else None
    if keys is None or found is None:
        return None
    cells = [_unquoted(data, starts, ends) for starts, ends in found]
    of_keys = 2 * len(cells) * len(found[0][0])
    if any(quotes < 0 for _, _, quotes in cells) or data.count(b'"') != of_keys + sum(quotes for _, _, quotes in cells):
        return None
    ordered = [cells[keys[0].index(name)] for name in columns]
    return Cells(data, tuple(starts for starts, _, _ in ordered), tuple(ends for _, ends, _ in ordered))


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


def _between_keys(data: bytes, openings: Sequence[bytes]) -> list[tuple[Codes, Codes]] | None:
    """Returns where the values of each key start and end; None unless each line has all keys in their order.

    A key can't stand in a text: it has quotes, which a text could only hold behind a backslash.
    """
    import numpy as np

    if b"\\" in data or not data.startswith(openings[0]) or not data.endswith(b"}\n"):
        return None
    whole = np.frombuffer(data, dtype=np.uint8)
    newlines = _where(whole, lambda part: part < 32)
    lines = len(newlines)
    counts = [data.count(part) for part in (b"}\n" + openings[0], *openings[1:])]
    commas = _commas(whole, openings[1:])
    if [*counts, *map(len, commas)] != [lines - 1, lines, lines, lines, lines]:
        return None  # there is another control character, or something like a key
    ends = [*commas, newlines - 1]
    begins = [np.append(-1, newlines[:-1]) + 1, *commas]
    if not all((begin < end).all() for begin, end in zip(begins, ends, strict=True)):
        return None
    return [(begin + len(part), end) for begin, part, end in zip(begins, openings, ends, strict=True)]


def _commas(whole: Bytes, openings: Sequence[bytes]) -> list[Codes]:
    """Returns for each key the places of commas before a quote and the letter that it begins with."""
    quote = openings[0].index(b'"')
    commas = _where(whole[: -quote - 1], lambda part: part == COMMA)
    commas = commas[whole[commas + quote] == QUOTE]
    letters = whole[commas + quote + 1]
    return [commas[letters == opening[quote + 1]] for opening in openings]


def _separated(data: bytes, pattern: bytes) -> tuple[Codes, Codes] | None:
    """Returns where cells start and end, shape (lines, cells); None unless each line's separators are the pattern.

    No byte of any separator may stand elsewhere, nor any other control character.
    """
    import numpy as np

    whole = np.frombuffer(data, dtype=np.uint8)
    marks = np.frombuffer(pattern, dtype=np.uint8)
    places = _where(whole, lambda part: (part < 32) | (part == COMMA) if COMMA in pattern else part < 32)
    if len(places) % len(marks) or (whole[places].reshape(-1, len(marks)) != marks).any():
        return None
    ends = places.reshape(-1, len(marks))
    starts = np.concatenate([[0], places[:-1] + 1]).reshape(-1, len(marks))
    return starts, ends


def _where(whole: Bytes, is_meant: Callable[[Bytes], NDArray[np.bool_]]) -> Codes:
    """Returns the places of some bytes, looked for in a part at a time: memory that is new costs more than the look."""
    import numpy as np

    parts = range(0, len(whole), AT_ONCE)
    return np.concatenate([start + np.flatnonzero(is_meant(whole[start : start + AT_ONCE])) for start in parts])


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
    masks = np.array([256**size - 1 for size in range(9)], dtype=np.uint64)
    codes = lengths.copy()
    for offset in range(0, longest, 8):
        word = _words(data, starts + offset)
        codes = _joined(codes, word & masks[np.clip(lengths - offset, 0, 8)])
    first, numbers = _ranked(codes)
    names = Slices(data, starts[first], ends[first])
    whole = np.frombuffer(data, dtype=np.uint8)
    edges = np.concatenate([whole[starts[first]], whole[ends[first] - 1]])
    if ((edges <= 32) | (edges >= 127)).any() and any(name != name.strip() for name in names):
        return None
    return numbers, names


def _words(data: bytes, places: Codes) -> NDArray[np.uint64]:
    """Returns the eight bytes from each place on as a number, the first one the lowest; zeros behind the end."""
    import numpy as np

    last = len(data) - 8
    overlapping = np.ndarray(last + 1, dtype="<u8", buffer=data, strides=(1,))
    found = overlapping[np.minimum(places, last)]
    for late in np.flatnonzero(places > last).tolist():
        found[late] = int.from_bytes(data[places[late] : places[late] + 8], "little")
    return found


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
