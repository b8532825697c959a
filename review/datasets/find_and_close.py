"""Finding, closing and reopening datasets."""

from __future__ import annotations

import secrets

from db import datasets as rows
from db import populations, re_reviews, sequences
from db.annotations import last_annotation
from db.annotators import find_annotator
from db.assignment_settings import is_allowed
from db.errors import InputError
from db.examples import draw_order, place_again
from db.records import Dataset
from db.store.connection import Connection, write


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
        close_now(connection, dataset.id)


def close_now(connection: Connection, dataset_id: int) -> None:
    """Closes a dataset and draws its review order; within a write transaction.

    The order is drawn only now that the examples are fixed, so that nobody can choose examples by their places. Where
    a reopening has added and removed nothing, the evidence goes on in the order that there is. So it does where
    nothing has been answered, then or since: only what was added gets a place now, so that nobody can foresee it, nor
    draw again until they like the order.
    """
    *earlier, newest = sequences.sequences_of(connection, dataset_id)
    basis = populations.basis_of(connection, dataset_id)
    unchanged = (newest.examples, newest.removed) == (basis.examples, basis.removed)
    unanswered = bool(earlier) and last_annotation(connection, dataset_id) <= earlier[-1].starts_after
    if earlier and unchanged:
        sequences.carry_on(connection, dataset_id)
    elif unanswered:
        place_again(connection, dataset_id, secrets.randbits(62), newest.examples + newest.removed)
        sequences.carry_on(connection, dataset_id)
    else:
        draw_order(connection, dataset_id, secrets.randbits(62))
    rows.close(connection, dataset_id)


def reopen_dataset(connection: Connection, dataset: Dataset) -> None:
    """Opens a closed dataset; its evidence starts again on what is unanswered now, if anything is added or removed.

    Raises:
        InputError: if it is open.
    """
    with write(connection):
        if rows.get_dataset(connection, dataset.id).state == "open":
            raise InputError(f"{dataset.name} is open.")
        rows.reopen(connection, dataset.id)
