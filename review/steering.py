"""Finding, closing and reopening datasets."""

from __future__ import annotations

from db import datasets as rows
from db import re_reviews
from db.annotators import find_annotator
from db.assignment_settings import is_allowed
from db.connection import Connection, write
from db.errors import InputError
from db.records import Dataset


def find(connection: Connection, name: str) -> Dataset:
    """Returns the dataset of that name.

    Raises:
        InputError: if there is none, with the names that there are.
    """
    dataset = rows.find_dataset(connection, name)
    if dataset is None:
        names = [known.name for known in rows.all_datasets(connection)]
        there = f"there are {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else "there is none yet"
        raise InputError(f"There is no dataset named {name}; {there}.")
    return dataset


def most_to_do(connection: Connection, annotator: str) -> Dataset:
    """Returns the dataset with most to review, new or edited, among those that this annotator may label.

    Raises:
        InputError: if there is none with anything to do.
    """
    known = find_annotator(connection, annotator)
    waiting = [
        (count, dataset)
        for dataset in rows.all_datasets(connection)
        if (count := _to_do(connection, dataset)) and is_allowed(connection, dataset.id, known)
    ]
    if not waiting:
        raise InputError("There is nothing to review; `evalwright import` or `evalwright generate` makes a dataset.")
    return max(waiting, key=lambda pair: pair[0])[1]


def _to_do(connection: Connection, dataset: Dataset) -> int:
    counts = rows.counts(connection, dataset.id)
    return counts.examples - counts.settled + re_reviews.waiting(connection, dataset.id)


def close_dataset(connection: Connection, dataset: Dataset) -> None:
    """Closes a dataset: only then can it ship.

    Raises:
        InputError: if it is closed already, or a job is still writing it.
    """
    with write(connection):
        dataset = rows.get_dataset(connection, dataset.id)
        if dataset.state == "closed":
            raise InputError(f"{dataset.name} is closed already.")
        if rows.has_unfinished_job(connection, dataset.id):
            raise InputError(f"A job is still writing {dataset.name}; wait for it or cancel it with `evalwright jobs`.")
        rows.close(connection, dataset.id)


def reopen_dataset(connection: Connection, dataset: Dataset) -> None:
    """Opens a closed dataset; its evidence starts anew on the examples that are unanswered now.

    Raises:
        InputError: if it is open.
    """
    with write(connection):
        if rows.get_dataset(connection, dataset.id).state == "open":
            raise InputError(f"{dataset.name} is open.")
        rows.reopen(connection, dataset.id)
