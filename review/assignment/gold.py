"""Gold: examples whose answer is known, mixed in unseen. They come from a file of their own, never from the dataset."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

from db import datasets
from db.assignment_settings import settings_of, store_settings
from db.errors import InputError
from db.examples import insert_examples, iterate_examples
from db.records import Dataset, Example
from db.store.connection import Connection
from review.datasets.importing import LEAST_CHOICES, new_example
from review.formats.example import SourceExample
from review.formats.jsonl import read_file

AT_ONCE = 1000
"""The most gold examples of one file: they are stored together, and nobody who labels should notice."""

GoldRow = tuple[int, SourceExample]
"""A gold example and its line in the file, counted from 1."""


def read_gold(path: Path) -> list[GoldRow]:
    """Reads gold examples from a published-format file; the answer that matches the behaviour is the known one.

    Raises:
        InputError: naming file and line, if an example has no known answer among at least two choices, or there are
            more than `AT_ONCE`.
    """
    rows = list(read_file(path))
    for number, row in rows:
        if row.intended is None or len(row.choices) < LEAST_CHOICES:
            raise InputError(f"{path}, line {number}: a gold example needs a known answer among at least two choices.")
    if len(rows) > AT_ONCE:
        raise InputError(f"{path} has {len(rows):,} examples; give gold in files of at most {AT_ONCE:,}.")
    return rows


def store_gold(connection: Connection, dataset: Dataset, path: Path, rows: list[GoldRow]) -> int:
    """Stores gold examples for a dataset, within a write transaction; those that it has already are left out.

    Returns:
        How many are new.

    Raises:
        InputError: if one is of another kind than the dataset's, which validators would notice, or is in the dataset,
            whose examples are all evidence.
    """
    settings = settings_of(connection, dataset.id)
    known = set()
    if settings.gold_set is not None:
        known = {_text(example) for example in iterate_examples(connection, settings.gold_set)}
    new = [(number, row) for number, row in rows if _text(row) not in known]
    _refuse_foreign(connection, dataset, path, new)
    unlike = list({_text(row): row for _, row in new}.values())
    gold_set = settings.gold_set or _make_set(connection, dataset)
    insert_examples(connection, gold_set, dataset.seed, [new_example(row) for row in unlike], places=1)
    store_settings(connection, dataset.id, replace(settings, gold_set=gold_set))
    return len(unlike)


def _refuse_foreign(connection: Connection, dataset: Dataset, path: Path, rows: list[GoldRow]) -> None:
    lines = {_text(row): number for number, row in rows}
    for number, row in rows:
        if row.kind != dataset.kind:
            raise InputError(
                f"{path}, line {number}: a {row.kind} example among those of {dataset.name}, which are {dataset.kind}, "
                "would be noticed; give gold examples of the same kind."
            )
    for example in iterate_examples(connection, dataset.id):
        if _text(example) in lines:
            raise InputError(
                f"{path}, line {lines[_text(example)]}: this example is in {dataset.name} itself; gold examples must "
                "come from elsewhere."
            )


def _text(example: SourceExample | Example) -> str:
    return example.question.strip()


def _make_set(connection: Connection, dataset: Dataset) -> int:
    return datasets.insert_dataset(
        connection,
        name=f".gold {secrets.token_hex(16)}",
        behavior=dataset.behavior,
        guidelines="",
        kind=dataset.kind,
        origin="gold",
        seed=dataset.seed,
        closed=True,
        visible=False,
    )
