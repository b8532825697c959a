"""Annotations: append-only; the newest revision of an occasion counts and the history stays."""

from __future__ import annotations

from typing import Any

from db.clock import now_text
from db.connection import Connection
from db.records import Annotation, Answers, Occasion

_COLUMNS = (
    "id, example_id, annotator_id, occasion, revision, skipped, label, relevance, ambiguous, flagged, comment,"
    " seconds, created_at"
)

_NEWEST = """NOT EXISTS (SELECT 1 FROM annotations AS later WHERE later.example_id = a.example_id
    AND later.annotator_id = a.annotator_id AND later.occasion = a.occasion AND later.revision > a.revision)"""

PREVIOUS = """SELECT id, example_id FROM annotations INDEXED BY annotations_by_annotator
    WHERE annotator_id = :annotator AND dataset_id = :dataset AND revision = 1 AND occasion IN ('first', 'extra')
        AND id < :before
    ORDER BY id DESC LIMIT 1"""


def insert_annotation(
    connection: Connection,
    *,
    dataset_id: int,
    example_id: int,
    annotator_id: int,
    session_id: str,
    occasion: Occasion,
    revision: int,
    answers: Answers,
) -> int:
    """Appends a revision and returns its id."""
    row_id = connection.execute(
        "INSERT INTO annotations (dataset_id, example_id, annotator_id, occasion, revision, skipped, label, relevance,"
        " ambiguous, flagged, comment, seconds, submission, session_id, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            dataset_id,
            example_id,
            annotator_id,
            occasion,
            revision,
            answers.skipped,
            answers.label,
            answers.relevance,
            answers.ambiguous,
            answers.flagged,
            answers.comment,
            answers.seconds,
            answers.submission,
            session_id,
            now_text(),
        ),
    ).lastrowid
    assert row_id is not None
    return row_id


def submission_stored(connection: Connection, submission: str) -> bool:
    """Whether an answer of this submission is stored already."""
    row = connection.execute("SELECT 1 FROM annotations WHERE submission = ?", (submission,)).fetchone()
    return row is not None


def current_answer(connection: Connection, example_id: int, annotator_id: int) -> Annotation | None:
    """Returns an annotator's newest blind answer on an example, counted or extra."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM annotations WHERE example_id = ? AND annotator_id = ?"
        " AND occasion IN ('first', 'extra') ORDER BY occasion DESC, revision DESC LIMIT 1",
        (example_id, annotator_id),
    ).fetchone()
    return _annotation(row) if row else None


def first_answers(connection: Connection, example_id: int) -> list[Annotation]:
    """Returns the counted blind answers on an example, in the order in which they were first given.

    Each annotator's newest revision stands at the place of their first one.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM annotations AS a WHERE example_id = ? AND occasion = 'first' AND {_NEWEST}"
        " ORDER BY (SELECT min(o.id) FROM annotations AS o WHERE o.example_id = a.example_id"
        " AND o.annotator_id = a.annotator_id AND o.occasion = 'first')",
        (example_id,),
    )
    return [_annotation(row) for row in rows]


def previous_answered(
    connection: Connection, dataset_id: int, annotator_id: int, before: int | None
) -> tuple[int, int] | None:
    """Returns the example that an annotator first answered last before annotation `before` (None: last of all).

    Returns:
        The id of the annotation's first revision, to go further back from, and the example's id.
    """
    row = connection.execute(
        PREVIOUS,
        {"annotator": annotator_id, "dataset": dataset_id, "before": 2**62 if before is None else before},
    ).fetchone()
    return (row[0], row[1]) if row else None


def last_annotation(connection: Connection, dataset_id: int) -> int:
    """Returns the id of a dataset's newest annotation, 0 if there is none: what a decision was made from."""
    row = connection.execute(
        "SELECT coalesce(max(id), 0) FROM annotations WHERE dataset_id = ?", (dataset_id,)
    ).fetchone()
    return int(row[0])


def _annotation(row: tuple[Any, ...]) -> Annotation:
    values: tuple[Any, ...] = (*row[:5], bool(row[5]), row[6], row[7], bool(row[8]), bool(row[9]), *row[10:])
    return Annotation(*values)
