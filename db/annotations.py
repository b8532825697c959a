"""Annotations: append-only; the newest revision of an occasion counts and the history stays."""

from __future__ import annotations

from db.assignment_settings import settings_of
from db.clock import now_text
from db.records import Annotation, Answers, Occasion
from db.store.connection import Connection
from db.store.json_columns import table_to_json
from db.store.revisions import OCCASION, is_newest
from db.store.rows import find_record, get_record, insert, one_value, records

COLUMNS = (
    "a.id, a.example_id, a.annotator_id, a.occasion, a.revision, a.skipped, a.label, a.relevance, a.ambiguous,"
    " a.flagged, a.comment, a.seconds, a.created_at, a.answers, a.skip_reason, a.suggested_edit, a.submission,"
    " a.session_id, a.ruling_id, (SELECT name FROM annotators WHERE annotators.id = a.annotator_id) AS annotator"
)
"""The columns of an `Annotation`, where `a` are the annotations."""

_NEWEST = is_newest("annotations", OCCASION)

_OF_AN_EDIT = """EXISTS (SELECT 1 FROM re_reviews AS e
    WHERE e.example_id = a.example_id AND e.ruling_id = a.ruling_id)"""
"""An answer on an example's newest wording; one changed after looking at others' is stored as a re-review, too."""

PREVIOUS = f"""SELECT a.id, a.example_id FROM annotations AS a INDEXED BY annotations_by_annotator
    WHERE a.annotator_id = :annotator AND a.dataset_id = :dataset AND a.id < :before
        AND {_NEWEST}
        AND (a.occasion IN ('first', 'extra', 'gold', 'repeat') OR a.occasion = 're-review' AND {_OF_AN_EDIT})
    ORDER BY a.id DESC LIMIT 1"""

NEXT_SKIPPED = f"""SELECT a.id, a.example_id FROM annotations AS a INDEXED BY annotations_skipped
    WHERE a.annotator_id = :annotator AND a.dataset_id = :dataset AND a.skipped = 1 AND a.id > :after
        AND a.occasion IN ('first', 'extra', 'gold', 'repeat') AND {_NEWEST}
    ORDER BY a.id LIMIT 1"""


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
    created_at: str = "",
    disclosed: str = "",
    ruling_id: int | None = None,
) -> int:
    """Appends a revision and returns its id.

    Args:
        connection: In a write transaction.
        dataset_id: Whose example it is.
        example_id: What is answered.
        annotator_id: By whom, in the window `session_id`.
        session_id: See `annotator_id`.
        occasion: On what occasion.
        revision: From 1, by example, annotator and occasion.
        answers: What they said.
        created_at: When it was given, if not now.
        disclosed: What they were shown before, in a word.
        ruling_id: The ruling that made the wording they read, where it was edited.
    """
    return insert(
        connection,
        "annotations",
        {
            **vars(answers),
            "answers": table_to_json(answers.answers),
            "skipped": answers.skipped,
            "dataset_id": dataset_id,
            "example_id": example_id,
            "annotator_id": annotator_id,
            "session_id": session_id,
            "occasion": occasion,
            "revision": revision,
            "created_at": created_at or now_text(),
            "disclosed": disclosed,
            "ruling_id": ruling_id,
        },
    )


def last_revision(connection: Connection, example_id: int, annotator_id: int, occasion: Occasion) -> int:
    """Returns the number of an annotator's newest revision of one occasion, 0 if there is none."""
    last = connection.execute(
        "SELECT coalesce(max(revision), 0) FROM annotations WHERE example_id = ? AND annotator_id = ? AND occasion = ?",
        (example_id, annotator_id, occasion),
    )
    return int(one_value(last))


def submission_stored(connection: Connection, submission: str) -> bool:
    """Whether an answer of this submission is stored already."""
    row = connection.execute("SELECT 1 FROM annotations WHERE submission = ?", (submission,)).fetchone()
    return row is not None


def get_annotation(connection: Connection, annotation_id: int) -> Annotation:
    """Returns an annotation by id."""
    return get_record(
        connection.execute(f"SELECT {COLUMNS} FROM annotations AS a WHERE a.id = ?", (annotation_id,)), Annotation
    )


def newest_of(connection: Connection, example_id: int, annotator_id: int, occasion: Occasion) -> Annotation | None:
    """Returns an annotator's newest revision of one occasion, or None."""
    found = connection.execute(
        f"SELECT {COLUMNS} FROM current_annotations AS a WHERE example_id = ? AND annotator_id = ? AND occasion = ?",
        (example_id, annotator_id, occasion),
    )
    return find_record(found, Annotation)


def current_answer(connection: Connection, example_id: int, annotator_id: int) -> Annotation | None:
    """Returns an annotator's newest blind answer on an example, counted or extra."""
    found = connection.execute(
        f"SELECT {COLUMNS} FROM current_annotations AS a WHERE example_id = ? AND annotator_id = ?"
        " AND occasion IN ('first', 'extra') ORDER BY occasion DESC LIMIT 1",
        (example_id, annotator_id),
    )
    return find_record(found, Annotation)


def first_answers(connection: Connection, example_id: int) -> list[Annotation]:
    """Returns the counted blind answers on an example, in the order in which they were first given.

    Each annotator's newest revision stands at the place of their first one.
    """
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM current_annotations AS a WHERE example_id = ? AND occasion = 'first'"
        " ORDER BY (SELECT min(o.id) FROM annotations AS o WHERE o.example_id = a.example_id"
        " AND o.annotator_id = a.annotator_id AND o.occasion = 'first')",
        (example_id,),
    )
    return records(rows, Annotation)


def history_of_dataset(connection: Connection, dataset_id: int) -> list[Annotation]:
    """Returns every revision of every answer on the examples of a dataset, in the order in which they were stored."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM annotations AS a WHERE a.dataset_id = ? ORDER BY a.id", (dataset_id,)
    )
    return records(rows, Annotation)


def history_of_example(connection: Connection, example_id: int) -> list[Annotation]:
    """Returns every revision of every answer on an example, in the order in which they were stored."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM annotations AS a WHERE a.example_id = ? ORDER BY a.id", (example_id,)
    )
    return records(rows, Annotation)


def everything_said(connection: Connection, example_id: int) -> list[Annotation]:
    """Returns the newest revision of every answer on an example on every occasion, oldest first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM current_annotations AS a WHERE a.example_id = ? ORDER BY a.id", (example_id,)
    )
    return records(rows, Annotation)


def previous_answered(
    connection: Connection, dataset_id: int, annotator_id: int, before: int | None
) -> tuple[int, int] | None:
    """Returns the example that an annotator answered or changed last before annotation `before` (None: last of all).

    What was mixed in comes in its turn, like any other.

    Returns:
        The id of the annotation's newest revision, to go further back from, and the example's id.
    """
    place = {"annotator": annotator_id, "before": 2**62 if before is None else before}
    found = [
        connection.execute(PREVIOUS, {**place, "dataset": each}).fetchone()
        for each in _with_gold_set(connection, dataset_id)
    ]
    return max((row for row in found if row), default=None)


def next_skipped(connection: Connection, dataset_id: int, annotator_id: int, after: int) -> tuple[int, int] | None:
    """Returns the next example that an annotator skipped and has not answered since.

    Returns:
        The id of the skip, after which the search goes on, and the example's id.
    """
    found = [
        connection.execute(NEXT_SKIPPED, {"annotator": annotator_id, "dataset": each, "after": after}).fetchone()
        for each in _with_gold_set(connection, dataset_id)
    ]
    return min((row for row in found if row), default=None)


def last_annotation(connection: Connection, dataset_id: int) -> int:
    """Returns the id of a dataset's newest annotation, 0 if there is none: what a decision was made from."""
    last = connection.execute("SELECT coalesce(max(id), 0) FROM annotations WHERE dataset_id = ?", (dataset_id,))
    return int(one_value(last))


def _with_gold_set(connection: Connection, dataset_id: int) -> list[int]:
    """Returns the ids of a dataset and of the gold set that is mixed into it."""
    gold_set = settings_of(connection, dataset_id).gold_set
    return [dataset_id] if gold_set is None else [dataset_id, gold_set]
