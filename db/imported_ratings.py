"""Ratings that people gave elsewhere, by dataset and question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from db.clock import now_text
from db.removals import NOT_REMOVED
from db.store.connection import Connection
from db.store.rows import insert, records

Level = Literal["nominal", "ordinal", "interval", "ratio"]


@dataclass(frozen=True)
class RatingSet:
    """The imported ratings of one dataset on one question.

    Attributes:
        level: Level of measurement of the values.
        source: The file that the first of them came from.
    """

    id: int
    question: str
    level: Level
    source: str


@dataclass(frozen=True)
class ImportedRating:
    """One value that one person gave elsewhere."""

    example_id: int
    annotator: str
    value: str


def sets_of_dataset(connection: Connection, dataset_id: int) -> list[RatingSet]:
    """Returns a dataset's sets of imported ratings, oldest first."""
    rows = connection.execute(
        "SELECT id, question, level, source FROM rating_sets WHERE dataset_id = ? ORDER BY id", (dataset_id,)
    )
    return records(rows, RatingSet)


def insert_set(connection: Connection, dataset_id: int, question: str, level: Level, source: str) -> RatingSet:
    """Begins a set for a question that has none yet; within a write transaction."""
    told = {"question": question, "level": level, "source": source}
    set_id = insert(connection, "rating_sets", {**told, "dataset_id": dataset_id, "created_at": now_text()})
    return RatingSet(set_id, question, level, source)


def ratings_of_set(connection: Connection, set_id: int) -> list[ImportedRating]:
    """Returns the ratings of a set, by example."""
    rows = connection.execute(
        "SELECT example_id, annotator, value FROM imported_ratings WHERE set_id = ? ORDER BY example_id, annotator",
        (set_id,),
    )
    return records(rows, ImportedRating)


def insert_ratings(connection: Connection, set_id: int, ratings: Sequence[ImportedRating]) -> None:
    """Adds ratings that aren't there yet; within a write transaction."""
    connection.executemany(
        "INSERT INTO imported_ratings (set_id, example_id, annotator, value) VALUES (?, ?, ?, ?)",
        [(set_id, one.example_id, one.annotator, one.value) for one in ratings],
    )


def questions_of_examples(connection: Connection, dataset_id: int) -> Iterator[tuple[int, str, str]]:
    """Yields id, question and body of a dataset's examples, in the order they came; not of those removed."""
    yield from connection.execute(
        "SELECT id, question, body FROM examples WHERE dataset_id = ?"
        f" AND {NOT_REMOVED.format(example='examples.id')} ORDER BY ordinal",
        (dataset_id,),
    )
