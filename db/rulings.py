"""Rulings: append-only; the newest one of an example counts, and undo is a new ruling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from db.annotations import last_annotation
from db.clock import now_text
from db.store.connection import Connection
from db.store.rows import insert, one_value, records

Verdict = Literal["keep", "relabel", "edit", "drop"]

_COLUMNS = "id, example_id, verdict, label, question, body, reason, ruled_by, after_annotation, created_at"

_NEWEST = "NOT EXISTS (SELECT 1 FROM rulings AS later WHERE later.example_id = r.example_id AND later.id > r.id)"


@dataclass(frozen=True)
class NewRuling:
    """What a lead rules on an example.

    Attributes:
        label: The new intended answer, where it is relabelled.
        question: The new text as models are asked, where it is edited; `body` is what validators read of it.
    """

    verdict: Verdict
    reason: str = ""
    label: str | None = None
    question: str | None = None
    body: str | None = None


@dataclass(frozen=True)
class Ruling:
    """A ruling as it was stored; see `NewRuling`.

    Attributes:
        after_annotation: The newest annotation of the dataset when it was ruled: what comes later has seen the edit.
    """

    id: int
    example_id: int
    verdict: Verdict
    label: str | None
    question: str | None
    body: str | None
    reason: str
    ruled_by: str
    after_annotation: int
    created_at: str


def insert_ruling(connection: Connection, dataset_id: int, example_id: int, ruling: NewRuling, *, by: str) -> int:
    """Appends a ruling and returns its id; within a write transaction."""
    ruled = {"dataset_id": dataset_id, "example_id": example_id, "ruled_by": by, "created_at": now_text()}
    after = {"after_annotation": last_annotation(connection, dataset_id)}
    return insert(connection, "rulings", {**vars(ruling), **ruled, **after})


def rulings_on(connection: Connection, example_id: int) -> list[Ruling]:
    """Returns every ruling on an example, oldest first; the last one counts."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM rulings WHERE example_id = ? ORDER BY id", (example_id,))
    return records(rows, Ruling)


def rulings_of_dataset(connection: Connection, dataset_id: int) -> list[Ruling]:
    """Returns every ruling on a dataset's examples, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM rulings WHERE dataset_id = ? ORDER BY id", (dataset_id,))
    return records(rows, Ruling)


def standing_rulings(connection: Connection, dataset_id: int) -> dict[int, Ruling]:
    """Returns the newest ruling on each ruled example that a dataset still has, by the example's id."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM rulings AS r WHERE dataset_id = ? AND {_NEWEST}"
        " AND EXISTS (SELECT 1 FROM review_status AS s WHERE s.example_id = r.example_id) ORDER BY id",
        (dataset_id,),
    )
    return {ruling.example_id: ruling for ruling in records(rows, Ruling)}


def count_rulings(connection: Connection, dataset_id: int) -> int:
    """Returns how many rulings were made on a dataset, those that later ones replace included."""
    return int(one_value(connection.execute("SELECT count(*) FROM rulings WHERE dataset_id = ?", (dataset_id,))))
