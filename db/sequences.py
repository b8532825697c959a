"""Sequences: each start of a dataset's evidence. The first begins with the dataset, another with every reopening."""

from __future__ import annotations

from dataclasses import dataclass

from db.clock import now_text
from db.store.connection import Connection
from db.store.rows import one_value, records

BEGUN = """SELECT a.id FROM annotations AS a INDEXED BY annotations_of_dataset
    WHERE a.dataset_id = :dataset AND a.id > :after AND a.id <= :until
    ORDER BY a.id LIMIT 1"""


@dataclass(frozen=True)
class SequenceRow:
    """One start of the evidence of a dataset.

    Attributes:
        number: Among those of the dataset, from 1.
        starts_after: The last annotation before it; 0 for the first.
        examples: How many examples the dataset had when it started, and how many were `removed` by then.
        start: Which start it was seen to be, over the dataset and its copies; it never becomes an earlier one.
    """

    dataset_id: int
    number: int
    starts_after: int
    examples: int
    removed: int
    start: int


@dataclass(frozen=True)
class Begun:
    """A sequence in which somebody has answered: `first_answer` is the annotation that began it."""

    dataset_id: int
    number: int
    first_answer: int


def insert_first(connection: Connection, dataset_id: int) -> None:
    """Stores the first sequence of a new dataset; within a write transaction."""
    connection.execute(
        "INSERT INTO sequences (dataset_id, number, starts_after, examples, removed, started_at)"
        " VALUES (?, 1, 0, 0, 0, ?)",
        (dataset_id, now_text()),
    )


def insert_next(connection: Connection, dataset_id: int) -> None:
    """Stores that a dataset's evidence starts again after its newest annotation; within a write transaction."""
    connection.execute(
        "INSERT INTO sequences (dataset_id, number, starts_after, examples, removed, started_at)"
        " SELECT d.id, (SELECT max(number) + 1 FROM sequences WHERE dataset_id = d.id),"
        " (SELECT coalesce(max(id), 0) FROM annotations WHERE dataset_id = d.id), c.examples,"
        " (SELECT count(*) FROM removed_examples WHERE dataset_id = d.id), ?"
        " FROM datasets AS d JOIN dataset_counters AS c ON c.dataset_id = d.id WHERE d.id = ?",
        (now_text(), dataset_id),
    )
    _follow(connection, dataset_id)


def carry_on(connection: Connection, dataset_id: int) -> None:
    """Takes the newest sequence of a dataset back, so that the one before goes on; within a write transaction."""
    connection.execute(
        "DELETE FROM sequences WHERE dataset_id = :dataset AND number > 1"
        " AND number = (SELECT max(number) FROM sequences WHERE dataset_id = :dataset)",
        {"dataset": dataset_id},
    )
    _follow(connection, dataset_id)


def sequences_of(connection: Connection, dataset_id: int) -> list[SequenceRow]:
    """Returns the sequences of a dataset, oldest first."""
    rows = connection.execute(
        "SELECT dataset_id, number, starts_after, examples, removed, start FROM sequences WHERE dataset_id = ?"
        " ORDER BY number",
        (dataset_id,),
    )
    return records(rows, SequenceRow)


def begun(connection: Connection, dataset_id: int) -> list[Begun]:
    """Returns the sequences of a dataset in which somebody has answered, on whatever occasion, oldest first."""
    rows = sequences_of(connection, dataset_id)
    ends = [row.starts_after for row in rows[1:]] + [2**62]
    found = []
    for row, until in zip(rows, ends, strict=True):
        place = {"dataset": dataset_id, "after": row.starts_after, "until": until}
        first = one_value(connection.execute(BEGUN, place))
        if first is not None:
            found.append(Begun(dataset_id, row.number, first))
    return found


def note_start(connection: Connection, dataset_id: int, number: int, start: int) -> None:
    """Stores which start a sequence was seen to be, if it is a later one than before; within a write transaction."""
    connection.execute(
        "UPDATE sequences SET start = max(start, ?) WHERE dataset_id = ? AND number = ?", (start, dataset_id, number)
    )


def _follow(connection: Connection, dataset_id: int) -> None:
    """Notes with the dataset where its newest sequence starts."""
    connection.execute(
        "UPDATE datasets SET evidence_from = (SELECT starts_after FROM sequences WHERE dataset_id = datasets.id"
        " ORDER BY number DESC LIMIT 1) WHERE id = ?",
        (dataset_id,),
    )
