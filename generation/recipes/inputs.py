"""Input files that a recipe draws on: seed examples in the published format, and tables of an author's own.

They are read and validated when a job is made, and stored with it, so that the job survives their disappearance.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from db.errors import InputError
from generation.recipes.prompts import letter_answer
from review.formats.jsonl import read_file
from review.text.toml import Section, read_text

Row = dict[str, Any]

SHAPES = ("examples", "table")
EXAMPLE_FIELDS = ("question", "choices", "intended")


@dataclass(frozen=True)
class InputShape:
    """What an input has to hold.

    Attributes:
        shape: `examples`: published multiple-choice rows, each with `question`, `choices` and `intended`; or `table`:
            a .csv or .jsonl file with columns.
        columns: The columns that hold a text; `numbers` those with a number; `lists` those with a list of texts,
            parallel to one another.
    """

    name: str
    shape: str
    columns: tuple[str, ...]
    numbers: tuple[str, ...]
    lists: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that a row gives to a candidate."""
        return EXAMPLE_FIELDS if self.shape == "examples" else (*self.columns, *self.numbers, *self.lists)


def read_shape(name: str, section: Section) -> InputShape:
    """Reads an `[inputs.NAME]` table of a recipe."""
    shape = section.text("shape", "table")
    if shape not in SHAPES:
        raise section.error("shape", f"is {shape!r}; there are {', '.join(SHAPES)}")
    found = InputShape(
        name, shape, section.texts("columns", ()), section.texts("numbers", ()), section.texts("lists", ())
    )
    if shape == "examples" and (found.columns or found.numbers or found.lists):
        raise section.error("shape", "'examples' has no columns of its own")
    if not found.names:
        raise section.error("columns", "is missing, and so are numbers and lists: a row would hold nothing")
    section.refuse_unknown()
    return found


def read_input(shape: InputShape, path: Path) -> list[Row]:
    """Reads an input file.

    Raises:
        InputError: naming file and line.
    """
    if shape.shape == "examples":
        rows = [_example_row(path, number, example) for number, example in read_file(path)]
    elif path.suffix.lower() == ".csv":
        rows = [_table_row(shape, f"{path}, line {number}", row) for number, row in _csv_rows(path)]
    elif path.suffix.lower() == ".jsonl":
        rows = [_table_row(shape, f"{path}, line {number}", row) for number, row in _json_rows(path)]
    else:
        raise InputError(f"{path} is no .csv or .jsonl file, which {shape.name} has to be.")
    if not rows:
        raise InputError(f"{path} holds no rows.")
    return rows


def check_rows(shape: InputShape, where: str, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Returns rows that were written in the behaviour file itself, once they fit."""
    if shape.shape == "examples":
        raise InputError(f"{where}: {shape.name} holds examples, so it has to be the name of a .jsonl file.")
    return [_table_row(shape, f"{where}, row {number}", row) for number, row in enumerate(rows, 1)]


def _table_row(shape: InputShape, where: str, row: Mapping[str, Any]) -> Row:
    for name in shape.names:
        if name not in row:
            raise InputError(f"{where}: the column {name} is missing.")
    found: Row = {name: _text(where, name, row[name]) for name in shape.columns}
    found |= {name: _number(where, name, row[name]) for name in shape.numbers}
    found |= {name: _texts(where, name, row[name]) for name in shape.lists}
    lengths = {len(found[name]) for name in shape.lists}
    if len(lengths) > 1:
        raise InputError(f"{where}: {' and '.join(shape.lists)} must be lists of the same length.")
    return found


def _text(where: str, name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: {name} has to be a text that isn't empty.")
    return value.strip()


def _number(where: str, name: str, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{where}: {name} has to be a number, and is {value!r}.")
    return number


def _texts(where: str, name: str, value: Any) -> list[str]:
    entries = value.split("|") if isinstance(value, str) else value
    if not isinstance(entries, list) or not 2 <= len(entries) <= 26:
        raise InputError(f"{where}: {name} has to be a list of 2 to 26 texts (in a .csv file with | between them).")
    return [_text(where, name, entry) for entry in entries]


def _csv_rows(path: Path) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(StringIO(read_text(path), newline=""), strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise InputError(f"{path}, line {reader.line_num}: there are more or fewer values than columns.")
            yield reader.line_num, {name.strip(): value for name, value in row.items()}
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: this isn't CSV: {error}.") from error


def _json_rows(path: Path) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}, line {number}: this isn't JSON.") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}, line {number}: a row has to be a JSON object.")
        yield number, row


def _example_row(path: Path, number: int, example: Any) -> Row:
    letters = [letter_answer(place) for place in range(len(example.choices))]
    answers = [choice.answer for choice in example.choices]
    if example.kind != "multiple-choice" or len(answers) < 2 or [a.strip() for a in answers] != [
        letter.strip() for letter in letters
    ]:  # fmt: skip
        raise InputError(f"{path}, line {number}: a seed example has to hold its choices as (A), (B), ...")
    if example.intended not in answers:
        raise InputError(f"{path}, line {number}: the answer that matches the behaviour is not among the choices.")
    return {
        "question": example.body,
        "choices": [choice.text for choice in example.choices],
        "intended": letters[answers.index(example.intended)],
    }
