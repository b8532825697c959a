"""Removed examples: taken out of a dataset by a repair, and kept with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.clock import now_text
from db.store.connection import Connection
from db.store.rows import insert_all, one_value, records

NOT_REMOVED = "NOT EXISTS (SELECT 1 FROM removed_examples AS gone WHERE gone.example_id = {example})"
"""What a query over a dataset's examples asks of each; format it with the column that holds the example's id."""


@dataclass(frozen=True)
class Removal:
    """An example that a repair removes.

    Attributes:
        code: The finding that the repair is for.
        reason: Why this example, in words.
        twin_id: The example that stays in its place, where it is a duplicate.
    """

    example_id: int
    code: str
    reason: str
    twin_id: int | None = None


def insert_removals(connection: Connection, dataset_id: int, removals: Sequence[Removal]) -> None:
    """Marks examples removed and takes them out of the review; within a write transaction.

    None of them may have an answer or a reservation that still holds.
    """
    when = now_text()
    rows = [{**vars(one), "dataset_id": dataset_id, "removed_at": when} for one in removals]
    insert_all(connection, "removed_examples", rows)
    gone = [(one.example_id,) for one in removals]
    for table in ("review_status", "reopenings", "reservations"):
        connection.executemany(f"DELETE FROM {table} WHERE example_id = ?", gone)
    connection.execute(
        "UPDATE dataset_counters SET examples = examples - ? WHERE dataset_id = ?", (len(removals), dataset_id)
    )


def removed(connection: Connection, dataset_id: int) -> list[Removal]:
    """Returns what was removed from a dataset, in the order in which the examples came."""
    rows = connection.execute(
        "SELECT example_id, code, reason, twin_id FROM removed_examples WHERE dataset_id = ? ORDER BY example_id",
        (dataset_id,),
    )
    return records(rows, Removal)


def removed_questions(connection: Connection, dataset_id: int) -> dict[int, tuple[int, str]]:
    """Returns the row, counted from 0, and the question of each example that was removed from a dataset, by its id."""
    rows = connection.execute(
        "SELECT e.id, e.ordinal, e.question FROM removed_examples AS r JOIN examples AS e ON e.id = r.example_id"
        " WHERE r.dataset_id = ? ORDER BY e.id",
        (dataset_id,),
    )
    return {example_id: (ordinal, question) for example_id, ordinal, question in rows}


def count_removed(connection: Connection, dataset_id: int) -> int:
    """Returns how many examples were removed from a dataset."""
    return int(
        one_value(connection.execute("SELECT count(*) FROM removed_examples WHERE dataset_id = ?", (dataset_id,)))
    )


def not_to_be_removed(connection: Connection, dataset_id: int, now: float) -> frozenset[int]:
    """Returns the examples of a dataset that somebody has answered, ruled on, or has on screen now.

    `now` is in seconds since 1970. An answer counts wherever it was given, so also on a gold example.
    """
    rows = connection.execute(
        "SELECT e.id FROM examples AS e WHERE e.dataset_id = :dataset AND ("
        "EXISTS (SELECT 1 FROM annotations AS a WHERE a.example_id = e.id)"
        " OR EXISTS (SELECT 1 FROM rulings AS r WHERE r.example_id = e.id)"
        " OR EXISTS (SELECT 1 FROM reservations AS v WHERE v.example_id = e.id AND v.expires_at >= :now))",
        {"dataset": dataset_id, "now": now},
    )
    return frozenset(example_id for (example_id,) in rows)
