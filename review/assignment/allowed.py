"""Who may label a dataset, and how much of it."""

from __future__ import annotations

from db import annotators, assignment
from db import assignment_settings as rows
from db.errors import InputError
from db.records import Dataset
from db.store.connection import Connection
from review.assignment.serving import left_to_ask


def barred(connection: Connection, dataset: Dataset, annotator_id: int) -> str:
    """Returns why an annotator is asked nothing more of a dataset, as a sentence; empty if they are.

    Whoever is asked nothing because everything is answered, or has looked at the answers, isn't barred.
    """
    if not rows.is_allowed(connection, dataset.id, annotator_id):
        return _not_listed(dataset, annotators.names(connection)[annotator_id])
    settings = rows.settings_of(connection, dataset.id)
    done = assignment.progress(connection, dataset.id, annotator_id)
    if left_to_ask(settings, done, []) == 0:
        return f"Done: you have answered your share of {dataset.name}, {settings.most_each:,} examples. Thank you!"
    return ""


def check_allowed(connection: Connection, dataset: Dataset, annotator: str) -> None:
    """Refuses a name that may not label a dataset.

    Raises:
        InputError: if it has a list that the name isn't on.
    """
    if not rows.is_allowed(connection, dataset.id, annotators.find_annotator(connection, annotator)):
        raise InputError(_not_listed(dataset, annotator))


def _not_listed(dataset: Dataset, name: str) -> str:
    return f"{dataset.name} is labelled by the people on its list, and {name} isn't on it; its lead can add you."
