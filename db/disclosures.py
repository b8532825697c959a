"""What annotators have been shown of others' answers; a whole dataset stands as example 0."""

from __future__ import annotations

from db.clock import now_text
from db.store.connection import Connection

WHOLE = 0


def insert_disclosure(connection: Connection, annotator_id: int, dataset_id: int, example_id: int = WHOLE) -> None:
    """Notes that an annotator has been shown the answers on an example, or on a whole dataset."""
    connection.execute(
        "INSERT OR IGNORE INTO disclosures (annotator_id, dataset_id, example_id, created_at) VALUES (?, ?, ?, ?)",
        (annotator_id, dataset_id, example_id, now_text()),
    )


def has_seen(connection: Connection, annotator_id: int, dataset_id: int, example_id: int = WHOLE) -> bool:
    """Whether an annotator has been shown the answers on an example, or on the whole dataset."""
    row = connection.execute(
        "SELECT 1 FROM disclosures WHERE annotator_id = ? AND dataset_id = ? AND example_id IN (?, ?)",
        (annotator_id, dataset_id, WHOLE, example_id),
    ).fetchone()
    return row is not None
