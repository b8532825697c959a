"""What an annotator's quality is measured on: every answer on a dataset, in the order in which they were given."""

from __future__ import annotations

from dataclasses import dataclass

from db.connection import Connection
from db.records import Occasion


@dataclass(frozen=True)
class GivenAnswer:
    """One annotator's label on one occasion, in its newest revision; a skip has no label.

    Attributes:
        seconds: How long the example was on screen before it was first answered.
    """

    annotator_id: int
    example_id: int
    occasion: Occasion
    label: str | None
    seconds: float


def answers_in_order(connection: Connection, dataset_id: int, evidence_from: int) -> list[GivenAnswer]:
    """Returns every answer after the latest reopening, in the order in which they were first given."""
    rows = connection.execute(
        "SELECT a.annotator_id, a.example_id, a.occasion, n.label, a.seconds"
        " FROM annotations AS a JOIN annotations AS n ON n.example_id = a.example_id"
        " AND n.annotator_id = a.annotator_id AND n.occasion = a.occasion AND n.revision ="
        " (SELECT max(m.revision) FROM annotations AS m WHERE m.example_id = a.example_id"
        " AND m.annotator_id = a.annotator_id AND m.occasion = a.occasion)"
        " WHERE a.dataset_id = :dataset AND a.revision = 1 AND a.id > :start ORDER BY a.id",
        {"dataset": dataset_id, "start": evidence_from},
    )
    return [GivenAnswer(*row) for row in rows]


def label_confidences(connection: Connection, dataset_id: int) -> dict[int, float]:
    """Returns the label confidence of each answered example that has one, by the example's id."""
    rows = connection.execute(
        "SELECT id, label_confidence FROM examples WHERE label_confidence IS NOT NULL AND id IN"
        " (SELECT example_id FROM annotations WHERE dataset_id = ?)",
        (dataset_id,),
    )
    return dict(rows.fetchall())
