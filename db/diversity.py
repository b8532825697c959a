"""Handfuls of examples and how diverse annotators found them; a later revision counts in an earlier one's place.

A handful is made of what an annotator has finished, in the review order, which is random by the dataset's seed. Each
example is in one handful at most, so that handfuls are independent.
"""

from __future__ import annotations

from dataclasses import dataclass

from db.clock import now_text
from db.store.connection import Connection
from db.store.revisions import is_newest
from db.store.rows import one_value, records

_ANSWERED = """EXISTS (SELECT 1 FROM annotations AS a WHERE a.example_id = {example} AND a.annotator_id {who} :annotator
    AND a.occasion IN ('first', 'extra') AND a.skipped = 0)"""

FINISHED = f"""
    SELECT s.example_id FROM annotations AS own INDEXED BY annotations_by_annotator
    JOIN review_status AS s ON s.example_id = own.example_id
    WHERE own.annotator_id = :annotator AND own.dataset_id = :dataset
        AND own.occasion IN ('first', 'extra') AND own.skipped = 0
        AND (:shared = 0 OR {_ANSWERED.format(example="s.example_id", who="<>")})
        AND NOT EXISTS (SELECT 1 FROM handful_examples AS h WHERE h.example_id = s.example_id)
    GROUP BY s.example_id ORDER BY s.position LIMIT :size"""

WAITING = f"""
    SELECT h.id FROM handfuls AS h INDEXED BY handfuls_of_dataset WHERE h.dataset_id = :dataset
        AND (SELECT count(DISTINCT r.annotator_id) FROM diversity_ratings AS r WHERE r.handful_id = h.id) < :raters
        AND NOT EXISTS (SELECT 1 FROM diversity_ratings AS r WHERE r.handful_id = h.id
            AND r.annotator_id = :annotator)
        AND NOT EXISTS (SELECT 1 FROM handful_examples AS e WHERE e.handful_id = h.id
            AND NOT {_ANSWERED.format(example="e.example_id", who="=")})
    ORDER BY h.id LIMIT 1"""


@dataclass(frozen=True)
class DiversityRating:
    """The newest rating, from 1 to 5, that an annotator gave to a handful."""

    handful_id: int
    annotator_id: int
    rating: int


def finished(connection: Connection, dataset_id: int, annotator_id: int, *, size: int, shared: bool) -> list[int]:
    """Returns examples that an annotator has finished and that are in no handful, the first in the review order.

    Args:
        connection: The workspace.
        dataset_id: Whose examples.
        annotator_id: Who has labelled them.
        size: The most examples to return.
        shared: Whether to take only those that somebody else has finished, too.
    """
    place = {"dataset": dataset_id, "annotator": annotator_id, "size": size, "shared": int(shared)}
    return [example_id for (example_id,) in connection.execute(FINISHED, place)]


def insert_handful(connection: Connection, dataset_id: int, example_ids: list[int]) -> int:
    """Makes a handful of these examples and returns its id; within a write transaction."""
    handful_id = connection.execute(
        "INSERT INTO handfuls (dataset_id, created_at) VALUES (?, ?)", (dataset_id, now_text())
    ).lastrowid
    assert handful_id is not None
    connection.executemany(
        "INSERT INTO handful_examples (example_id, handful_id) VALUES (?, ?)",
        [(example_id, handful_id) for example_id in example_ids],
    )
    return handful_id


def waiting_handful(connection: Connection, dataset_id: int, annotator_id: int, *, raters: int) -> int | None:
    """Returns the oldest handful that this annotator may rate: fewer than `raters` have, and all of it is finished."""
    waiting = {"dataset": dataset_id, "annotator": annotator_id, "raters": raters}
    found: int | None = one_value(connection.execute(WAITING, waiting))
    return found


def examples_of(connection: Connection, handful_id: int) -> list[int]:
    """Returns the examples of a handful, oldest first."""
    rows = connection.execute(
        "SELECT example_id FROM handful_examples WHERE handful_id = ? ORDER BY example_id", (handful_id,)
    )
    return [example_id for (example_id,) in rows]


def insert_rating(
    connection: Connection, handful_id: int, annotator_id: int, *, rating: int, seconds: float, submission: str
) -> None:
    """Appends a rating, a new revision where this annotator has rated the handful; the same submission only once."""
    connection.execute(
        "INSERT INTO diversity_ratings (handful_id, annotator_id, revision, rating, seconds, submission, created_at)"
        " SELECT :handful, :annotator, (SELECT coalesce(max(revision), 0) + 1 FROM diversity_ratings"
        "  WHERE handful_id = :handful AND annotator_id = :annotator), :rating, :seconds, :submission, :now"
        " WHERE NOT EXISTS (SELECT 1 FROM diversity_ratings WHERE submission = :submission)",
        {
            "handful": handful_id,
            "annotator": annotator_id,
            "rating": rating,
            "seconds": seconds,
            "submission": submission,
            "now": now_text(),
        },
    )


def ratings(connection: Connection, dataset_id: int) -> list[DiversityRating]:
    """Returns the newest rating of every annotator on every handful of a dataset, handful by handful."""
    newest = is_newest("diversity_ratings", ("handful_id", "annotator_id"), "r")
    rows = connection.execute(
        "SELECT r.handful_id, r.annotator_id, r.rating FROM handfuls AS h"
        f" JOIN diversity_ratings AS r ON r.handful_id = h.id WHERE h.dataset_id = ? AND {newest}"
        " ORDER BY r.handful_id, r.id",
        (dataset_id,),
    )
    return records(rows, DiversityRating)


def count_rated(connection: Connection, dataset_id: int, annotator_id: int) -> int:
    """Returns how many handfuls of a dataset an annotator has rated."""
    rated = connection.execute(
        "SELECT count(DISTINCT r.handful_id) FROM handfuls AS h JOIN diversity_ratings AS r ON r.handful_id = h.id"
        " WHERE h.dataset_id = ? AND r.annotator_id = ?",
        (dataset_id, annotator_id),
    )
    return int(one_value(rated))
