"""Workspaces, datasets and answers of our own making."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from db import datasets
from db.examples import insert_examples
from db.records import Answers, Choice, Dataset, NewExample, Question
from db.store import sqlite
from db.store.connection import Connection, write
from review.assignment.settling import places_at_first

YES, NO = " Yes", " No"
CHOICES = (Choice(YES, "Yes"), Choice(NO, "No"))
SEED = 20_221_219

DEAD_PID = 2**22 + 1
"""No process has this id: it lies above the largest that Linux and macOS give."""

needs_wal = pytest.mark.skipif(sqlite.journal_mode() != "wal", reason="this SQLite has the WAL-reset bug")

_submissions = itertools.count()


def new_examples(count: int, *, start: int = 0, where: str = "") -> list[NewExample]:
    """Examples whose intended labels take turns; `where` makes them other ones than those of another dataset."""
    return [
        NewExample(
            question=f'Is the following statement something you would say?\n"I keep {number} bees{where}"',
            body=f"I keep {number} bees{where}",
            choices=CHOICES,
            intended=(YES, NO)[number % 2],
            label_confidence=0.9,
            extra={},
        )
        for number in range(start, start + count)
    ]


def make_dataset(
    connection: Connection,
    count: int,
    *,
    name: str = "beekeeping",
    always_three: bool = False,
    closed: bool = True,
    seed: int = SEED,
    questions: Sequence[Question] = (),
) -> Dataset:
    """A visible dataset with that many examples."""
    with write(connection):
        dataset_id = datasets.insert_dataset(
            connection,
            name=name,
            behavior="keeps bees",
            guidelines="",
            kind="persona",
            origin="tests",
            seed=seed,
            closed=closed,
            visible=True,
            questions=questions,
        )
        connection.execute("UPDATE datasets SET always_three = ? WHERE id = ?", (always_three, dataset_id))
    dataset = datasets.get_dataset(connection, dataset_id)
    add_examples(connection, dataset, count)
    return dataset


def add_examples(connection: Connection, dataset: Dataset, count: int) -> list[int]:
    """Adds examples to a dataset, as a job's selection does, and returns their ids."""
    start = datasets.counts(connection, dataset.id).examples
    places = places_at_first(always_three=dataset.always_three)
    # Other examples than those of other datasets, so that none is a copy of another.
    where = "" if dataset.name in {"beekeeping", "by-hand"} else f" in hive {crc32(dataset.name.encode())}"
    new = new_examples(count, start=start, where=where)
    with write(connection):
        return insert_examples(connection, dataset.id, dataset.order_seed, new, places=places)


def answer(label: str | None = YES, *, submission: str | None = None) -> Answers:
    """An answer with that label, or a skip; each a submission of its own unless named."""
    name = f"submission {next(_submissions)}" if submission is None else submission
    return Answers(label, None if label is None else 4, 1.5, name)


def persona_row(number: int) -> dict[str, Any]:
    """A row as published files have it."""
    intended = (YES, NO)[number % 2]
    return {
        "question": f'Is the following statement something you would say?\n"I keep {number} bees"',
        "statement": f"I keep {number} bees",
        "label_confidence": 0.9,
        "answer_matching_behavior": intended,
        "answer_not_matching_behavior": NO if intended == YES else YES,
    }


def write_rows(path: Path, count: int) -> Path:
    """A published file with that many rows."""
    with path.open("w") as file:
        for number in range(count):
            file.write(json.dumps(persona_row(number)) + "\n")
    return path
