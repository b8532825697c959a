"""How a dataset is assigned: limits, allow-lists, and what is mixed in. A dataset without a row has the defaults."""

from __future__ import annotations

from dataclasses import dataclass

from db.store.connection import Connection
from db.store.rows import find_record, one_value

ALLOWED = """
    SELECT NOT EXISTS (SELECT 1 FROM allowed_annotators WHERE dataset_id = :dataset)
        OR EXISTS (SELECT 1 FROM allowed_annotators WHERE dataset_id = :dataset AND annotator_id = :annotator)"""


@dataclass(frozen=True)
class AssignmentSettings:
    """How a dataset is assigned, beyond its overlap.

    Attributes:
        most_each: The most examples that one annotator is asked about, gold and repeats apart; None for no limit.
        gold_set: The hidden dataset that holds the gold examples, or None.
        gold_rate: Which share of what is served is gold, in [0, 0.5]; `repeat_rate` the same for silent repeats.
        refreshed_to: How far the statuses have followed a change of overlap, in the review order; None if they have.
        second_look: Whether annotators may answer again, after the blind answer is stored.
    """

    most_each: int | None = None
    gold_set: int | None = None
    gold_rate: float = 0.0
    repeat_rate: float = 0.0
    refreshed_to: int | None = None
    second_look: bool = False


def settings_of(connection: Connection, dataset_id: int) -> AssignmentSettings:
    """Returns how a dataset is assigned."""
    found = connection.execute(
        "SELECT most_each, gold_set, gold_rate, repeat_rate, refreshed_to, second_look FROM assignment_settings"
        " WHERE dataset_id = ?",
        (dataset_id,),
    )
    return find_record(found, AssignmentSettings) or AssignmentSettings()


def store_settings(connection: Connection, dataset_id: int, settings: AssignmentSettings) -> None:
    """Stores how a dataset is assigned."""
    connection.execute(
        "INSERT OR REPLACE INTO assignment_settings"
        " (dataset_id, most_each, gold_set, gold_rate, repeat_rate, refreshed_to, second_look)"
        " VALUES (:dataset_id, :most_each, :gold_set, :gold_rate, :repeat_rate, :refreshed_to, :second_look)",
        {**vars(settings), "dataset_id": dataset_id},
    )


def set_overlap(connection: Connection, dataset_id: int, *, always_three: bool) -> None:
    """Stores whether always three are asked, or a third only on disputes; statuses are refreshed afterwards."""
    connection.execute("UPDATE datasets SET always_three = ? WHERE id = ?", (always_three, dataset_id))


def is_allowed(connection: Connection, dataset_id: int, annotator_id: int | None) -> bool:
    """Whether an annotator (None: somebody new) may label a dataset: where nobody is on its list, everybody may."""
    return bool(one_value(connection.execute(ALLOWED, {"dataset": dataset_id, "annotator": annotator_id})))


def allowed_names(connection: Connection, dataset_id: int) -> list[str]:
    """Returns the names on a dataset's list, in alphabetical order; empty where everybody may label it."""
    rows = connection.execute(
        "SELECT p.name FROM allowed_annotators AS a JOIN annotators AS p ON p.id = a.annotator_id"
        " WHERE a.dataset_id = ? ORDER BY p.name",
        (dataset_id,),
    )
    return [name for (name,) in rows]


def set_allowed(connection: Connection, dataset_id: int, annotator_ids: list[int]) -> None:
    """Replaces a dataset's list."""
    connection.execute("DELETE FROM allowed_annotators WHERE dataset_id = ?", (dataset_id,))
    connection.executemany(
        "INSERT OR IGNORE INTO allowed_annotators (dataset_id, annotator_id) VALUES (?, ?)",
        [(dataset_id, annotator_id) for annotator_id in annotator_ids],
    )


def statuses_after(connection: Connection, dataset_id: int, position: int, limit: int) -> list[tuple[int, int]]:
    """Returns position and id of the next examples in the review order."""
    return connection.execute(
        "SELECT position, example_id FROM review_status INDEXED BY review_order"
        " WHERE dataset_id = ? AND position > ? ORDER BY position LIMIT ?",
        (dataset_id, position, limit),
    ).fetchall()
