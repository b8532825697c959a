"""CSV, read with its lines told: cells of any length, every row as long as the header."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from db.errors import InputError
from review.formats.json_lines import shown_name

LONGEST_CELL = 16 * 2**20


def read_csv(path: Path, text: str, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Reads the cells of some columns, named in the header in any order, with small letters or large.

    Yields:
        The line on which a row ends, from 1, and its cells in the order of `columns`. Blank rows are passed over.

    Raises:
        InputError: naming file and line: no header, a missing column, a row of another length, or no CSV.
    """
    shown = shown_name(path)
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in columns if name not in header]
        if missing:
            raise InputError(
                f"{shown}, line 1: the header needs the columns {_listed(columns)}; {missing[0]} is missing."
            )
        if twice := [name for name in columns if header.count(name) > 1]:
            raise InputError(f"{shown}, line 1: the header has the column {twice[0]} twice; rename one of the two.")
        places = [header.index(name) for name in columns]
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise InputError(
                    f"{shown}, line {reader.line_num}: {len(row)} cells where the header has {len(header)}; mend it."
                )
            yield reader.line_num, [row[place] for place in places]
    except csv.Error as error:
        raise InputError(f"{shown}, line {reader.line_num}: this isn't CSV ({error}); mend the line.") from error


def _listed(columns: Sequence[str]) -> str:
    return f"{', '.join(columns[:-1])} and {columns[-1]}"
