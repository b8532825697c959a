"""Which datasets test the same behaviour, and which of them a model wrote."""

from __future__ import annotations

from db import datasets as rows
from db.records import Dataset
from db.store.connection import Connection

BY_RECIPE = "recipe "
"""How the origin of a dataset begins that a recipe wrote here; of an import nobody here knows."""


def written_by_model(dataset: Dataset) -> bool:
    """Whether a recipe wrote a dataset here; what was imported counts as written by people."""
    return dataset.origin.startswith(BY_RECIPE)


def behavior_key(behavior: str) -> str:
    """Returns what two wordings of the same behaviour have in common; empty where there is no behaviour."""
    return " ".join(behavior.lower().split()).rstrip(".")


def others_for_behavior(connection: Connection, dataset: Dataset) -> list[Dataset]:
    """Returns the other datasets of the workspace for a dataset's behaviour, oldest first."""
    key = behavior_key(dataset.behavior)
    return [
        other
        for other in rows.all_datasets(connection)
        if key and other.id != dataset.id and behavior_key(other.behavior) == key
    ]
