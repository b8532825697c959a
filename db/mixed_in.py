"""What is mixed in unseen: gold examples, whose answer is known, and silent repeats of an annotator's own examples.

Gold examples are a hidden dataset of their own, so that nothing that is asked of a dataset ever counts one. A repeat is
an answer on an example of the dataset, on an occasion of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from db.store.connection import Connection
from db.store.rows import one_value, records

APART = """
    SELECT id FROM annotations INDEXED BY annotations_by_annotator
    WHERE annotator_id = :annotator AND dataset_id = :dataset AND revision = 1
        AND occasion IN ('first', 'extra', 'repeat')
    ORDER BY id DESC LIMIT 1 OFFSET :apart"""

REPEATABLE = """
    SELECT a.example_id FROM annotations AS a INDEXED BY annotations_by_annotator
    WHERE a.annotator_id = :annotator AND a.dataset_id = :dataset AND a.id <= :latest AND a.revision = 1
        AND a.occasion = 'first' AND a.skipped = 0
        AND EXISTS (SELECT 1 FROM review_status AS s WHERE s.example_id = a.example_id)
        AND NOT EXISTS (SELECT 1 FROM annotations AS r WHERE r.example_id = a.example_id
            AND r.annotator_id = a.annotator_id AND r.occasion = 'repeat')
        AND NOT EXISTS (SELECT 1 FROM reservations AS v
            WHERE v.example_id = a.example_id AND v.annotator_id = a.annotator_id)
        AND NOT EXISTS (SELECT 1 FROM disclosures AS d WHERE d.annotator_id = :annotator
            AND d.dataset_id = :dataset AND d.example_id = a.example_id)
    ORDER BY a.id DESC LIMIT :limit"""


@dataclass(frozen=True)
class GoldAnswer:
    """One annotator's answer on a gold example, in its newest revision; a skip has no label."""

    annotator_id: int
    example_id: int
    known: str
    label: str | None


@dataclass(frozen=True)
class RepeatPair:
    """What an annotator said of an example at first and when it was silently repeated; a skip has neither.

    Attributes:
        label: At first, `label_again` when repeated; the same for `relevance`, from 1 to 5.
    """

    annotator_id: int
    example_id: int
    label: str | None
    label_again: str | None
    relevance: int | None
    relevance_again: int | None


def repeatable(connection: Connection, dataset_id: int, annotator_id: int, *, apart: int, limit: int) -> list[int]:
    """Returns examples that may be silently repeated: those that an annotator labelled last, but long enough ago.

    What has been disclosed since is not among them: a repeat measures what somebody says by themselves, twice.

    Args:
        connection: The workspace.
        dataset_id: Whose examples.
        annotator_id: Who has labelled them.
        apart: How many other examples of the dataset they have answered since, at least.
        limit: The most examples to return.
    """
    who = {"annotator": annotator_id, "dataset": dataset_id}
    latest = one_value(connection.execute(APART, {**who, "apart": apart}))
    if latest is None:
        return []
    rows = connection.execute(REPEATABLE, {**who, "latest": latest, "limit": limit})
    return [example_id for (example_id,) in rows]


def gold_answers(connection: Connection, dataset_id: int) -> list[GoldAnswer]:
    """Returns every answer on the gold examples of a dataset, in the order in which they were stored."""
    rows = connection.execute(
        "SELECT a.annotator_id, a.example_id, e.intended AS known, a.label FROM current_annotations AS a"
        " JOIN examples AS e ON e.id = a.example_id WHERE a.dataset_id ="
        " (SELECT gold_set FROM assignment_settings WHERE dataset_id = ?)"
        " AND a.occasion = 'gold' ORDER BY a.id",
        (dataset_id,),
    )
    return records(rows, GoldAnswer)


def repeat_pairs(connection: Connection, dataset_id: int) -> list[RepeatPair]:
    """Returns every silent repeat on a dataset beside the answer it repeats, in the order in which they were stored."""
    rows = connection.execute(
        "SELECT r.annotator_id, r.example_id, f.label, r.label AS label_again, f.relevance,"
        " r.relevance AS relevance_again FROM current_annotations AS r"
        " JOIN current_annotations AS f ON f.example_id = r.example_id AND f.annotator_id = r.annotator_id"
        " AND f.occasion = 'first'"
        " WHERE r.dataset_id = ? AND r.occasion = 'repeat' ORDER BY r.id",
        (dataset_id,),
    )
    return records(rows, RepeatPair)
