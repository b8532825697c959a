"""Mixing in what only measures annotators: gold examples and silent repeats, at chosen rates, unseen.

Whether the next example is of the dataset, gold or a repeat is drawn by hash(seed, annotator, count of their answers),
so that asking twice gives the same and whoever has the workspace can recompute it. What is mixed in takes no place, is
no evidence and never ships; each gold example and each repeat comes once at most to an annotator.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal

from db import assignment as rows
from db.assignment_settings import AssignmentSettings
from db.mixed_in import repeatable
from db.records import BlindExample, Dataset
from db.store.connection import Connection

MIXED_IN = frozenset({"gold", "repeat"})
"""The occasions on which an answer is no evidence on the dataset."""

APART = 50
"""How many other examples an annotator answers, at least, between one and its repeat."""

CHOSEN_AMONG = 20
"""A repeat is drawn among so many of the latest that are far enough back, so that nobody can wait for it."""


def share_of(dataset: Dataset, annotator_id: int, count: int, purpose: str) -> float:
    """Returns a number in [0, 1), always the same for the same dataset, annotator, count and purpose."""
    digest = blake2b(f"{dataset.seed}:{annotator_id}:{count}:{purpose}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def kind_of_next(
    dataset: Dataset, settings: AssignmentSettings, annotator_id: int, count: int
) -> Literal["first", "gold", "repeat"]:
    """Draws what an annotator who has answered `count` examples is served next, if there is one."""
    share = share_of(dataset, annotator_id, count, "kind")
    if share < settings.gold_rate and settings.gold_set is not None:
        return "gold"
    return "repeat" if settings.gold_rate <= share < settings.gold_rate + settings.repeat_rate else "first"


def next_mixed_in(
    connection: Connection, dataset: Dataset, settings: AssignmentSettings, annotator_id: int, count: int
) -> tuple[int, Literal["gold", "repeat"]] | None:
    """Returns the gold example or the repeat that is to be served now, or None if it is an example's turn."""
    kind = kind_of_next(dataset, settings, annotator_id, count)
    if kind == "gold":
        found = next_gold(connection, settings, annotator_id)
        return None if found is None else (found, "gold")
    if kind == "repeat":
        among = repeatable(connection, dataset.id, annotator_id, apart=APART, limit=CHOSEN_AMONG)
        found = choose(dataset, annotator_id, count, among)
        return None if found is None else (found, "repeat")
    return None


def next_gold(connection: Connection, settings: AssignmentSettings, annotator_id: int) -> int | None:
    """Returns the next gold example that an annotator has neither answered nor on a screen, if there is one."""
    if settings.gold_set is None:
        return None
    done = rows.cursor(connection, settings.gold_set, annotator_id)
    found = rows.next_frontier(connection, settings.gold_set, annotator_id, done.position)
    return None if found is None else found[1]


def choose(dataset: Dataset, annotator_id: int, count: int, among: Sequence[int]) -> int | None:
    """Draws which example is repeated, or None if there is none to repeat."""
    return among[int(share_of(dataset, annotator_id, count, "which") * len(among))] if among else None


def note_answered(connection: Connection, dataset: Dataset, annotator_id: int, example: BlindExample) -> None:
    """Counts an answer on what was mixed in, and passes a gold example so that the next one is found at once."""
    rows.count_mixed_in(connection, dataset.id, annotator_id)
    if example.occasion == "gold":
        place = rows.status(connection, example.id)
        if place is None:  # removed meanwhile
            return
        cursor = rows.cursor(connection, place.dataset_id, annotator_id)
        if place.position > cursor.position:
            rows.move_cursor(connection, place.dataset_id, annotator_id, rows.Cursor(place.position, 0))
