"""Arguments for second looks, read from a file: what a model says for and against an answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.assignment_settings import settings_of
from db.errors import InputError
from db.examples import iterate_examples
from db.records import Dataset, Example
from db.second_looks import NewArgument, insert_arguments
from db.store.connection import Connection
from review.formats.json_lines import read_lines

AT_ONCE = 1000
"""The most arguments of one file: they are stored together, and nobody who labels should notice."""

FIELDS = ("question", "label", "for", "against")


@dataclass(frozen=True)
class ArgumentRow:
    """An argument as it stands in a file, at a line counted from 1."""

    line: int
    question: str
    label: str
    in_favour: str
    against: str
    model: str


def read_arguments(path: Path) -> list[ArgumentRow]:
    """Reads a JSONL file of arguments: `question`, `label`, `for`, `against`, and the `model` that wrote them if known.

    Raises:
        InputError: naming file and line, if a field is missing or no text, or there are more than `AT_ONCE`.
    """
    found = [_row(path, line, row) for line, row in read_lines(path)]
    if len(found) > AT_ONCE:
        raise InputError(f"{path} has {len(found):,} arguments; give them in files of at most {AT_ONCE:,}.")
    return found


def store_arguments(connection: Connection, dataset: Dataset, path: Path, rows: list[ArgumentRow]) -> None:
    """Stores arguments about the examples of a dataset and of its gold, within a write transaction.

    Raises:
        InputError: naming file and line, if no example asks the question, or it has no such answer.
    """
    wanted = {row.question.strip() for row in rows}
    by_question: dict[str, list[Example]] = defaultdict(list)
    for example in _examples(connection, dataset):
        if (question := example.question.strip()) in wanted:
            by_question[question].append(example)
    new = [
        NewArgument(example.id, label, row.in_favour, row.against, row.model or path.name)
        for row in rows
        for example, label in _about(path, row, dataset, by_question.get(row.question.strip(), []))
    ]
    insert_arguments(connection, new)


def _examples(connection: Connection, dataset: Dataset) -> Iterator[Example]:
    yield from iterate_examples(connection, dataset.id)
    gold_set = settings_of(connection, dataset.id).gold_set
    if gold_set is not None:
        yield from iterate_examples(connection, gold_set)


def _about(path: Path, row: ArgumentRow, dataset: Dataset, examples: list[Example]) -> Iterator[tuple[Example, str]]:
    if not examples:
        raise InputError(f"{path}, line {row.line}: no example of {dataset.name} or of its gold asks this question.")
    for example in examples:
        labels = [choice.answer for choice in example.choices if choice.answer.strip() == row.label.strip()]
        if not labels:
            raise InputError(f"{path}, line {row.line}: {row.label!r} is none of the question's answers.")
        yield example, labels[0]


def _row(path: Path, line: int, row: dict[str, Any]) -> ArgumentRow:
    for name in FIELDS:
        if not isinstance(row.get(name), str) or not row[name].strip():
            needed = ", ".join(f"`{field}`" for field in FIELDS)
            raise InputError(f"{path}, line {line}: an argument needs the texts {needed}, and `{name}` is none.")
    model = row.get("model", "")
    if not isinstance(model, str):
        raise InputError(f"{path}, line {line}: `model` is the name of a model, or left out.")
    return ArgumentRow(line, row["question"], row["label"], row["for"], row["against"], model)
