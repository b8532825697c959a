"""Reviewing edited examples again: from nothing, by whoever has not looked at the answers, never as evidence."""

from __future__ import annotations

from db import datasets
from db import re_reviews as rows
from db.records import Dataset
from db.store.connection import Connection
from review.assignment.settling import places_at_first, settle


def ask_again(connection: Connection, dataset: Dataset, example_id: int, ruling_id: int) -> None:
    """Has an edited example reviewed as if it were new; within a write transaction."""
    places = places_at_first(always_three=dataset.always_three)
    rows.ask_again(connection, dataset.id, example_id, ruling_id, places=places)


def refresh(connection: Connection, dataset_id: int, example_id: int) -> None:
    """Brings the places of an edited example up to date with its answers and reservations; within a transaction."""
    always_three = datasets.get_dataset(connection, dataset_id).always_three
    settling = settle(rows.labels_of(connection, example_id), always_three=always_three)
    rows.set_places(connection, example_id, settling.wanted)
