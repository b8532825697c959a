"""What reports read beyond the gate's evidence: every blind answer with its time, comments."""

from __future__ import annotations

from dataclasses import dataclass

from db.store.connection import Connection
from db.store.rows import records


@dataclass(frozen=True)
class TimedAnswer:
    """One annotator's label on an example, in its newest revision, or its class; a skip has none.

    Attributes:
        seconds: How long the example was on screen before it was first answered.
    """

    annotator_id: int
    example_id: int
    label: str | None
    seconds: float


def blind_answers(connection: Connection, dataset_id: int, evidence_from: int) -> list[TimedAnswer]:
    """Returns every blind answer after the latest reopening, counted or extra, in the order first given."""
    rows = connection.execute(
        "SELECT a.annotator_id, a.example_id, n.label, a.seconds"
        " FROM annotations AS a JOIN current_annotations AS n ON n.example_id = a.example_id"
        " AND n.annotator_id = a.annotator_id AND n.occasion = a.occasion"
        " WHERE a.dataset_id = :dataset AND a.occasion IN ('first', 'extra') AND a.revision = 1 AND a.id > :start"
        " ORDER BY a.id",
        {"dataset": dataset_id, "start": evidence_from},
    )
    return records(rows, TimedAnswer)


def label_confidences(connection: Connection, dataset_id: int) -> dict[int, float]:
    """Returns the label confidence of each answered example that has one, by the example's id."""
    rows = connection.execute(
        "SELECT id, label_confidence FROM examples WHERE label_confidence IS NOT NULL AND id IN"
        " (SELECT example_id FROM annotations WHERE dataset_id = ?)",
        (dataset_id,),
    )
    return dict(rows.fetchall())


def comments(connection: Connection, dataset_id: int, limit: int) -> list[tuple[int, str, str, bool]]:
    """Returns the newest comments on a dataset: annotator, comment, what they read, whether they flagged it."""
    rows = connection.execute(
        "SELECT a.annotator_id, a.comment, e.body, a.flagged FROM current_annotations AS a"
        " JOIN examples AS e ON e.id = a.example_id WHERE a.dataset_id = ? AND trim(a.comment) <> ''"
        " ORDER BY a.id DESC LIMIT ?",
        (dataset_id, limit),
    )
    return [(annotator, comment, body, bool(flagged)) for annotator, comment, body, flagged in rows]
