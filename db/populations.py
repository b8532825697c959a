"""What is known of all examples of a dataset at once: which texts they are, and their scores; measured once, kept."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from db.records import Choice
from db.removals import NOT_REMOVED
from db.store.connection import Connection
from db.store.json_columns import texts_to_json
from db.store.rows import each_record, find_record, get_record

_MEMBER = """e.body, e.choices, e.label_confidence,
    :start = 0 OR NOT EXISTS (SELECT 1 FROM annotations AS a WHERE a.example_id = e.id AND a.id <= :start) AS counts
    FROM examples AS e"""


def _numbers(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 8}q", packed)


@dataclass(frozen=True)
class Population:
    """All examples of a dataset, as one.

    Attributes:
        content_hash: Of the set of their texts, in no order.
        texts: How many different ones there are.
        sketch: The smallest hashes among them, in increasing order: two datasets share texts as their sketches do.
        answers: All the answers that examples offer, and the most that one of them does (`most_choices`).
        scored: How many of the examples that the evidence speaks for have a label confidence.
        score_sum: The sum of these, each taken as `score_cap` where it is more; `score_least` is the least. All 0 where
            none has one.
    """

    content_hash: str
    texts: int
    sketch: Annotated[tuple[int, ...], _numbers]
    answers: tuple[str, ...]
    most_choices: int
    scored: int
    score_sum: float
    score_least: float
    score_cap: float


@dataclass(frozen=True)
class Basis:
    """What a population was measured on: texts never change, so two counts tell which examples were there."""

    examples: int
    removed: int
    starts_after: int


def basis_of(connection: Connection, dataset_id: int) -> Basis:
    """Returns what the population of a dataset is to be measured on at this moment."""
    found = connection.execute(
        "SELECT c.examples, (SELECT count(*) FROM removed_examples WHERE dataset_id = d.id) AS removed,"
        " d.evidence_from AS starts_after"
        " FROM datasets AS d JOIN dataset_counters AS c ON c.dataset_id = d.id WHERE d.id = ?",
        (dataset_id,),
    )
    return get_record(found, Basis)


def stored_population(connection: Connection, dataset_id: int, basis: Basis) -> Population | None:
    """Returns the population as it was measured on this basis, or None."""
    found = connection.execute(
        "SELECT content_hash, texts, sketch, answers, most_choices, scored, score_sum, score_least, score_cap"
        " FROM populations WHERE dataset_id = ? AND examples = ? AND removed = ? AND starts_after = ?",
        (dataset_id, basis.examples, basis.removed, basis.starts_after),
    )
    return find_record(found, Population)


def store_population(connection: Connection, dataset_id: int, basis: Basis, found: Population) -> None:
    """Keeps what was measured; within a write transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO populations (dataset_id, examples, removed, starts_after, content_hash, texts, sketch,"
        " answers, most_choices, scored, score_sum, score_least, score_cap)"
        " VALUES (:dataset_id, :examples, :removed, :starts_after, :content_hash, :texts, :sketch, :answers,"
        " :most_choices, :scored, :score_sum, :score_least, :score_cap)",
        {
            **vars(basis),
            **vars(found),
            "dataset_id": dataset_id,
            "sketch": struct.pack(f">{len(found.sketch)}q", *found.sketch),
            "answers": texts_to_json(found.answers),
        },
    )


@dataclass(frozen=True, slots=True)
class PopulationMember:
    """An example as a part of a population; `counts` tells whether the evidence speaks for it."""

    body: str
    choices: tuple[Choice, ...]
    label_confidence: float | None
    counts: bool


@dataclass(frozen=True, slots=True)
class PlacedMember(PopulationMember):
    """A member with its id, and its place in the review order if it has one."""

    id: int
    position: int | None


def all_examples(connection: Connection, dataset_id: int, starts_after: int) -> Iterator[PopulationMember]:
    """Yields the examples of a dataset, in the order in which they came."""
    rows = connection.execute(
        f"SELECT {_MEMBER} WHERE e.dataset_id = :dataset AND {NOT_REMOVED.format(example='e.id')} ORDER BY e.ordinal",
        {"dataset": dataset_id, "start": starts_after},
    )
    yield from each_record(rows, PopulationMember)


def places(connection: Connection, dataset_id: int) -> Iterator[PlacedMember]:
    """Yields the examples of a dataset with their places, in the order in which they came."""
    rows = connection.execute(
        f"SELECT e.id, (SELECT s.position FROM review_status AS s WHERE s.example_id = e.id) AS position, {_MEMBER}"
        f" WHERE e.dataset_id = :dataset AND {NOT_REMOVED.format(example='e.id')} ORDER BY e.ordinal",
        {"dataset": dataset_id, "start": 0},
    )
    yield from each_record(rows, PlacedMember)


def some_examples(connection: Connection, dataset_id: int, count: int) -> Iterator[PopulationMember]:
    """Yields so many examples of a dataset, evenly apart; all of a smaller one."""
    (rows,) = connection.execute(
        "SELECT coalesce(max(ordinal) + 1, 0) FROM examples WHERE dataset_id = ?", (dataset_id,)
    ).fetchone()
    places = sorted({place * rows // count for place in range(count)}) if rows else []
    found = connection.execute(
        f"SELECT {_MEMBER} WHERE e.dataset_id = :dataset AND e.ordinal IN (SELECT value FROM json_each(:places))",
        {"dataset": dataset_id, "start": 0, "places": json.dumps(places)},
    )
    yield from each_record(found, PopulationMember)
