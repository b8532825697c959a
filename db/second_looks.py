"""What is argued for and against an answer, and what annotators said when they looked a second time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from db.clock import now_text
from db.connection import Connection

_NEWEST = """{alias}.revision = (SELECT max(n.revision) FROM annotations AS n WHERE n.example_id = {alias}.example_id
    AND n.annotator_id = {alias}.annotator_id AND n.occasion = {alias}.occasion)"""

LOOKED_TWICE = f"""
    SELECT s.example_id, s.annotator_id, f.occasion = 'gold', s.disclosed, e.intended, f.label, s.label
    FROM annotations AS s
    JOIN annotations AS f ON f.example_id = s.example_id AND f.annotator_id = s.annotator_id
        AND f.occasion IN ('first', 'gold') AND f.skipped = 0
    JOIN examples AS e ON e.id = s.example_id
    WHERE s.dataset_id = ? AND s.occasion = 'second look' AND e.intended IS NOT NULL
        AND {_NEWEST.format(alias="s")} AND {_NEWEST.format(alias="f")} ORDER BY s.id"""


@dataclass(frozen=True)
class NewArgument:
    """What is argued about one answer of an example; see `Argument`."""

    example_id: int
    label: str
    in_favour: str
    against: str
    written_by: str


@dataclass(frozen=True)
class Argument:
    """What is argued for and against one answer of an example.

    Attributes:
        label: The answer that it is about.
        written_by: The model, or the file that the argument came from.
    """

    id: int
    label: str
    in_favour: str
    against: str
    written_by: str


@dataclass(frozen=True)
class LookedTwice:
    """What an annotator said of an example, blind and when they looked again.

    Attributes:
        gold: Whether the intended label is a known answer.
        disclosed: What they were shown in between; empty where they were only asked to reconsider.
    """

    example_id: int
    annotator_id: int
    gold: bool
    disclosed: str
    intended: str
    blind: str
    second: str


def insert_arguments(connection: Connection, arguments: Iterable[NewArgument]) -> None:
    """Stores arguments, the newest of an example counts; within a write transaction."""
    when = now_text()
    connection.executemany(
        "INSERT INTO arguments (example_id, label, in_favour, against, written_by, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(one.example_id, one.label, one.in_favour, one.against, one.written_by, when) for one in arguments],
    )


def argument(connection: Connection, example_id: int) -> Argument | None:
    """Returns the newest argument about an example, or None."""
    row = connection.execute(
        "SELECT id, label, in_favour, against, written_by FROM arguments WHERE example_id = ? ORDER BY id DESC LIMIT 1",
        (example_id,),
    ).fetchone()
    return Argument(*row) if row else None


def count_argued(connection: Connection, dataset_id: int) -> int:
    """Returns how many examples of a dataset have an argument."""
    row = connection.execute(
        "SELECT count(DISTINCT a.example_id) FROM arguments AS a JOIN examples AS e ON e.id = a.example_id"
        " WHERE e.dataset_id = ?",
        (dataset_id,),
    ).fetchone()
    return int(row[0])


def looked_twice(connection: Connection, dataset_id: int) -> list[LookedTwice]:
    """Returns every second look on a dataset (or a gold set) beside the blind answer, in the order of storing."""
    return [
        LookedTwice(row[0], row[1], bool(row[2]), row[3], row[4], row[5], row[6])
        for row in connection.execute(LOOKED_TWICE, (dataset_id,))
    ]
