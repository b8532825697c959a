"""What the gate and the agreement report read: examples in review order, and blind first answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from db.records import BlindAnswer
from db.removals import NOT_REMOVED
from db.store.connection import Connection
from db.store.json_columns import answers_from_json
from db.store.rows import one_value, records


@dataclass(frozen=True)
class OrderedExample:
    """An example in the review order, with what the gate compares its answers to.

    Attributes:
        choices: The answers that it offers.
    """

    id: int
    intended: str | None
    choices: Annotated[tuple[str, ...], answers_from_json]
    label_confidence: float | None = None


def frozen_size(connection: Connection, dataset_id: int, evidence_from: int) -> int:
    """Returns N: the dataset's examples less those answered before the latest reopening."""
    size = connection.execute(
        "SELECT examples - (SELECT count(DISTINCT a.example_id) FROM annotations AS a"
        f" WHERE a.dataset_id = :dataset AND a.id <= :start AND {NOT_REMOVED.format(example='a.example_id')})"
        " FROM dataset_counters WHERE dataset_id = :dataset",
        {"dataset": dataset_id, "start": evidence_from},
    )
    return int(one_value(size))


def in_review_order(connection: Connection, dataset_id: int, evidence_from: int, limit: int) -> list[OrderedExample]:
    """Returns the first `limit` examples of the evidence in the review order; all of them if it is -1."""
    rows = connection.execute(
        "SELECT e.id, e.intended, e.choices, e.label_confidence FROM review_status AS s"
        " JOIN examples AS e ON e.id = s.example_id"
        " WHERE s.dataset_id = :dataset AND NOT EXISTS (SELECT 1 FROM annotations AS a"
        " WHERE a.example_id = s.example_id AND a.id <= :start) ORDER BY s.position LIMIT :limit",
        {"dataset": dataset_id, "start": evidence_from, "limit": limit},
    )
    return records(rows, OrderedExample)


def answered_before(connection: Connection, dataset_id: int, evidence_from: int) -> list[OrderedExample]:
    """Returns the examples answered before the latest reopening: they ship, and are outside the sample."""
    rows = connection.execute(
        "SELECT e.id, e.intended, e.choices, e.label_confidence FROM examples AS e WHERE e.id IN"
        " (SELECT example_id FROM annotations WHERE dataset_id = :dataset AND id <= :start)"
        f" AND {NOT_REMOVED.format(example='e.id')} ORDER BY e.id",
        {"dataset": dataset_id, "start": evidence_from},
    )
    return records(rows, OrderedExample)


def first_answers_of_dataset(connection: Connection, dataset_id: int, evidence_from: int) -> list[BlindAnswer]:
    """Returns every blind first answer after the latest reopening, in the order in which they were first given."""
    rows = connection.execute(
        "SELECT a.example_id, a.annotator_id, n.label, n.relevance, n.ambiguous, n.answers"
        " FROM annotations AS a JOIN current_annotations AS n ON n.example_id = a.example_id"
        " AND n.annotator_id = a.annotator_id AND n.occasion = 'first'"
        " WHERE a.dataset_id = :dataset AND a.occasion = 'first' AND a.revision = 1 AND a.id > :start ORDER BY a.id",
        {"dataset": dataset_id, "start": evidence_from},
    )
    return records(rows, BlindAnswer)


def choices_of_answered(connection: Connection, dataset_id: int) -> dict[int, tuple[str, ...]]:
    """Returns the answers that each answered example of a dataset offers, by its id."""
    rows = connection.execute(
        "SELECT e.id, e.choices FROM examples AS e WHERE e.id IN"
        " (SELECT example_id FROM annotations WHERE dataset_id = ?)",
        (dataset_id,),
    )
    return {example_id: answers_from_json(choices) for example_id, choices in rows}
