"""What the gate and the agreement report read: examples in review order, and blind first answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from db.connection import Connection
from db.records import AnswerValue
from db.removals import NOT_REMOVED


@dataclass(frozen=True)
class FirstAnswer:
    """One annotator's blind first answer on an example, in its newest revision; a skip has no label.

    Attributes:
        answers: To the dataset's own questions, by name.
    """

    example_id: int
    annotator_id: int
    label: str | None
    relevance: int | None
    ambiguous: bool
    answers: Mapping[str, AnswerValue] = field(default_factory=dict)


@dataclass(frozen=True)
class OrderedExample:
    """An example in the review order, with what the gate compares its answers to."""

    id: int
    intended: str | None
    choices: str
    label_confidence: float | None = None


def frozen_size(connection: Connection, dataset_id: int, evidence_from: int) -> int:
    """Returns N: the dataset's examples less those answered before the latest reopening."""
    row = connection.execute(
        "SELECT examples - (SELECT count(DISTINCT a.example_id) FROM annotations AS a"
        f" WHERE a.dataset_id = :dataset AND a.id <= :start AND {NOT_REMOVED.format(example='a.example_id')})"
        " FROM dataset_counters WHERE dataset_id = :dataset",
        {"dataset": dataset_id, "start": evidence_from},
    ).fetchone()
    return int(row[0])


def in_review_order(connection: Connection, dataset_id: int, evidence_from: int, limit: int) -> list[OrderedExample]:
    """Returns the first `limit` examples of the evidence in the review order; all of them if it is -1."""
    rows = connection.execute(
        "SELECT s.example_id, e.intended, e.choices, e.label_confidence FROM review_status AS s"
        " JOIN examples AS e ON e.id = s.example_id"
        " WHERE s.dataset_id = :dataset AND NOT EXISTS (SELECT 1 FROM annotations AS a"
        " WHERE a.example_id = s.example_id AND a.id <= :start) ORDER BY s.position LIMIT :limit",
        {"dataset": dataset_id, "start": evidence_from, "limit": limit},
    )
    return [OrderedExample(*row) for row in rows]


def answered_before(connection: Connection, dataset_id: int, evidence_from: int) -> list[OrderedExample]:
    """Returns the examples answered before the latest reopening: they ship, and are outside the sample."""
    rows = connection.execute(
        "SELECT e.id, e.intended, e.choices, e.label_confidence FROM examples AS e WHERE e.id IN"
        " (SELECT example_id FROM annotations WHERE dataset_id = :dataset AND id <= :start)"
        f" AND {NOT_REMOVED.format(example='e.id')} ORDER BY e.id",
        {"dataset": dataset_id, "start": evidence_from},
    )
    return [OrderedExample(*row) for row in rows]


def first_answers_of_dataset(connection: Connection, dataset_id: int, evidence_from: int) -> list[FirstAnswer]:
    """Returns every blind first answer after the latest reopening, in the order in which they were first given."""
    rows = connection.execute(
        "SELECT a.example_id, a.annotator_id, n.label, n.relevance, n.ambiguous, n.answers"
        " FROM annotations AS a JOIN annotations AS n ON n.example_id = a.example_id"
        " AND n.annotator_id = a.annotator_id AND n.occasion = 'first' AND n.revision ="
        " (SELECT max(m.revision) FROM annotations AS m WHERE m.example_id = a.example_id"
        " AND m.annotator_id = a.annotator_id AND m.occasion = 'first')"
        " WHERE a.dataset_id = :dataset AND a.occasion = 'first' AND a.revision = 1 AND a.id > :start ORDER BY a.id",
        {"dataset": dataset_id, "start": evidence_from},
    )
    return [first_answer(row) for row in rows]


def first_answer(row: tuple[Any, ...]) -> FirstAnswer:
    """Returns the answer of a row of example, annotator, label, relevance, ambiguous and own answers."""
    example, annotator, label, relevance, ambiguous, stored = row
    answers: dict[str, AnswerValue] = {} if stored == "{}" else json.loads(stored)  # most datasets ask nothing else
    return FirstAnswer(example, annotator, label, relevance, bool(ambiguous), answers)


def choices_of_answered(connection: Connection, dataset_id: int) -> dict[int, list[str]]:
    """Returns the answers that each answered example of a dataset offers, by its id."""
    rows = connection.execute(
        "SELECT e.id, e.choices FROM examples AS e WHERE e.id IN"
        " (SELECT example_id FROM annotations WHERE dataset_id = ?)",
        (dataset_id,),
    )
    return {example_id: [answer for answer, _ in json.loads(choices)] for example_id, choices in rows}
