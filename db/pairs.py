"""Pairs of examples of two datasets, and which of them an annotator found the better test; a later revision counts.

A pair belongs to the annotator that it was drawn for, and an example is in one pair at most of the same two datasets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from db.clock import now_text
from db.store.connection import Connection
from db.store.revisions import is_newest
from db.store.rows import find_record, insert, one_value, records

Better = Literal["first", "second", "tie"]

_UNUSED = """NOT EXISTS (SELECT 1 FROM pairs AS p WHERE
        p.first_example = e.id AND p.second_dataset = :other OR p.second_example = e.id AND p.first_dataset = :other)"""

SHOWABLE = f"""
    SELECT e.id, trim(e.intended) FROM review_status AS s INDEXED BY review_order JOIN examples AS e ON e.id = s.example_id
    WHERE s.dataset_id = :dataset AND trim(e.intended) <> '' AND (:label IS NULL OR trim(e.intended) = :label)
        AND {_UNUSED}
        AND (:barred OR s.settled = 1 OR EXISTS (SELECT 1 FROM annotations AS a WHERE a.example_id = e.id
            AND a.annotator_id = :annotator AND a.occasion IN ('first', 'extra') AND a.skipped = 0))
        AND NOT EXISTS (SELECT 1 FROM reservations AS v WHERE v.example_id = e.id AND v.annotator_id = :annotator)
    ORDER BY s.position"""  # noqa: E501


@dataclass(frozen=True)
class Pair:
    """Two examples side by side.

    Attributes:
        first: The example of the dataset with the smaller id.
        swapped: Whether the first one stands on the right.
    """

    id: int
    first: int
    second: int
    swapped: bool


@dataclass(frozen=True)
class PairAnswer:
    """What an annotator said of a pair, in the newest revision."""

    pair_id: int
    annotator_id: int
    swapped: bool
    better: Better


def showable(
    connection: Connection, dataset_id: int, other_id: int, annotator_id: int, *, barred: bool, besides: set[str]
) -> tuple[int, str] | None:
    """Returns the first example in the review order that may be shown to an annotator in a pair, and its label.

    Args:
        connection: The workspace.
        dataset_id: Whose example.
        other_id: The dataset that it is compared with: an example in a pair of the two is used up.
        annotator_id: Who sees it: someone who has labelled it, or who isn't asked about it any more.
        barred: Whether the annotator isn't asked about any example of the dataset.
        besides: Intended labels that are not wanted.
    """
    place = {"dataset": dataset_id, "other": other_id, "annotator": annotator_id, "barred": barred, "label": None}
    for example_id, label in connection.execute(SHOWABLE, place):
        if label not in besides:
            return example_id, label
    return None


def showable_with(
    connection: Connection, dataset_id: int, other_id: int, annotator_id: int, *, barred: bool, label: str
) -> int | None:
    """Returns the first example that may be shown, of those whose intended label is this one; see `showable`."""
    place = {"dataset": dataset_id, "other": other_id, "annotator": annotator_id, "barred": barred, "label": label}
    found: int | None = one_value(connection.execute(f"{SHOWABLE} LIMIT 1", place))
    return found


def insert_pair(
    connection: Connection, datasets: tuple[int, int], examples: tuple[int, int], annotator_id: int, *, swapped: bool
) -> Pair:
    """Stores a pair, the dataset with the smaller id first; within a write transaction."""
    (first_dataset, second_dataset), (first, second) = datasets, examples
    pair_id = insert(
        connection,
        "pairs",
        {
            "annotator_id": annotator_id,
            "first_dataset": first_dataset,
            "second_dataset": second_dataset,
            "first_example": first,
            "second_example": second,
            "swapped": swapped,
            "created_at": now_text(),
        },
    )
    return Pair(pair_id, first, second, swapped)


def waiting_pair(connection: Connection, datasets: tuple[int, int], annotator_id: int) -> Pair | None:
    """Returns the pair that an annotator has been shown and has not answered, or None."""
    found = connection.execute(
        "SELECT id, first_example AS first, second_example AS second, swapped FROM pairs AS p"
        " WHERE first_dataset = ? AND second_dataset = ? AND annotator_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM pair_answers AS a WHERE a.pair_id = p.id) ORDER BY id LIMIT 1",
        (*datasets, annotator_id),
    )
    return find_record(found, Pair)


def insert_answer(connection: Connection, pair_id: int, *, better: Better, seconds: float, submission: str) -> None:
    """Appends an answer, a new revision where the pair has one; the same submission only once."""
    connection.execute(
        "INSERT INTO pair_answers (pair_id, revision, better, seconds, submission, created_at)"
        " SELECT :pair, (SELECT coalesce(max(revision), 0) + 1 FROM pair_answers WHERE pair_id = :pair), :better,"
        " :seconds, :submission, :now WHERE NOT EXISTS (SELECT 1 FROM pair_answers WHERE submission = :submission)",
        {"pair": pair_id, "better": better, "seconds": seconds, "submission": submission, "now": now_text()},
    )


def answers(connection: Connection, datasets: tuple[int, int]) -> list[PairAnswer]:
    """Returns the newest answer on every answered pair of two datasets, the one with the smaller id first."""
    rows = connection.execute(
        "SELECT p.id AS pair_id, p.annotator_id, p.swapped, a.better FROM pairs AS p"
        " JOIN pair_answers AS a ON a.pair_id = p.id WHERE p.first_dataset = ? AND p.second_dataset = ?"
        f" AND {is_newest('pair_answers', ('pair_id',))} ORDER BY p.id",
        datasets,
    )
    return records(rows, PairAnswer)
