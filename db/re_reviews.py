"""Edited examples that validators review again: a place for each whose newest ruling is an edit.

Answers count on the wording that they were given on, which each notes by its ruling, of annotators who had not looked
at what others said.
"""

from __future__ import annotations

from db.records import BlindAnswer
from db.store.connection import Connection
from db.store.revisions import OCCASION, is_newest
from db.store.rows import each_record, one_value

# The joins are in this order whatever ANALYZE has learned: edits are few, annotations are many.
ANSWERS = f"""
    FROM re_reviews AS e CROSS JOIN annotations AS a ON a.example_id = e.example_id AND a.occasion = 're-review'
    WHERE {{which}} AND a.ruling_id = e.ruling_id
        AND {is_newest("annotations", (*OCCASION, "ruling_id"))}
        AND NOT EXISTS (SELECT 1 FROM disclosures AS d WHERE d.annotator_id = a.annotator_id
            AND d.dataset_id = a.dataset_id AND d.example_id IN (0, a.example_id) AND d.created_at < a.created_at)
    ORDER BY a.id"""

NEXT = """
    SELECT e.example_id FROM re_reviews AS e INDEXED BY re_reviews_waiting
    WHERE e.dataset_id = :dataset AND e.places > 0
        AND NOT EXISTS (SELECT 1 FROM annotations AS a WHERE a.example_id = e.example_id
            AND a.annotator_id = :annotator AND a.occasion = 're-review' AND a.ruling_id = e.ruling_id)
        AND NOT EXISTS (SELECT 1 FROM reservations AS v WHERE v.example_id = e.example_id
            AND v.annotator_id = :annotator)
        AND NOT EXISTS (SELECT 1 FROM disclosures AS d WHERE d.annotator_id = :annotator
            AND d.dataset_id = e.dataset_id AND d.example_id = e.example_id)
    ORDER BY e.ruling_id LIMIT 1"""


def ask_again(connection: Connection, dataset_id: int, example_id: int, ruling_id: int, *, places: int) -> None:
    """Asks so many annotators about an example as this ruling has edited it; within a write transaction.

    Who was to answer on an earlier wording holds no place any more.
    """
    _drop_reservations(connection, example_id)
    connection.execute(
        "INSERT OR REPLACE INTO re_reviews (example_id, dataset_id, ruling_id, places) VALUES (?, ?, ?, ?)",
        (example_id, dataset_id, ruling_id, places),
    )


def forget(connection: Connection, example_id: int) -> None:
    """Asks nobody about an example again, if anybody was."""
    _drop_reservations(connection, example_id)
    connection.execute("DELETE FROM re_reviews WHERE example_id = ?", (example_id,))


def next_re_review(connection: Connection, dataset_id: int, annotator_id: int) -> int | None:
    """Returns the edited example that this annotator can be asked about, the one that waits longest."""
    found: int | None = one_value(connection.execute(NEXT, {"dataset": dataset_id, "annotator": annotator_id}))
    return found


def labels_of(connection: Connection, example_id: int) -> list[str | None]:
    """Returns the labels given on the newest wording of an example, None for a skip."""
    rows = connection.execute(f"SELECT a.label {ANSWERS.format(which='e.example_id = ?')}", (example_id,))
    return [label for (label,) in rows]


def answers_in(connection: Connection, dataset_id: int) -> dict[int, list[BlindAnswer]]:
    """Returns the answers on the newest wording of every edited example of a dataset, by its id."""
    found: dict[int, list[BlindAnswer]] = {}
    rows = connection.execute(
        "SELECT a.example_id, a.annotator_id, a.label, a.relevance, a.ambiguous, a.answers"
        f" {ANSWERS.format(which='e.dataset_id = ?')}",
        (dataset_id,),
    )
    for answer in each_record(rows, BlindAnswer):
        found.setdefault(answer.example_id, []).append(answer)
    return found


def ruling_asked(connection: Connection, example_id: int) -> int | None:
    """Returns the ruling whose wording of an example annotators are asked about, or None if they aren't."""
    ruling: int | None = one_value(
        connection.execute("SELECT ruling_id FROM re_reviews WHERE example_id = ?", (example_id,))
    )
    return ruling


def has_answered(connection: Connection, example_id: int, annotator_id: int, ruling_id: int | None) -> bool:
    """Whether an annotator has an answer on the wording that a ruling made."""
    row = connection.execute(
        "SELECT 1 FROM annotations WHERE example_id = ? AND annotator_id = ? AND occasion = 're-review'"
        " AND ruling_id = ? LIMIT 1",
        (example_id, annotator_id, ruling_id),
    ).fetchone()
    return row is not None


def set_places(connection: Connection, example_id: int, wanted: int) -> None:
    """Stores how many more annotators are wanted for an edited example, less those who hold it."""
    connection.execute(
        "UPDATE re_reviews SET places = max(0, ? - (SELECT count(*) FROM reservations AS v"
        " WHERE v.example_id = re_reviews.example_id AND v.occasion = 're-review')) WHERE example_id = ?",
        (wanted, example_id),
    )


def waiting(connection: Connection, dataset_id: int) -> int:
    """Returns how many edited examples of a dataset wait for annotators."""
    waiting = connection.execute("SELECT count(*) FROM re_reviews WHERE dataset_id = ? AND places > 0", (dataset_id,))
    return int(one_value(waiting))


def _drop_reservations(connection: Connection, example_id: int) -> None:
    connection.execute("DELETE FROM reservations WHERE example_id = ? AND occasion = 're-review'", (example_id,))
