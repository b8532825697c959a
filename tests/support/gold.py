"""Gold examples for tests: a hidden set whose statements nobody can tell from the dataset's own."""

from __future__ import annotations

from dataclasses import replace

from db import datasets
from db.assignment_settings import settings_of, store_settings
from db.examples import insert_examples
from db.records import Dataset
from db.store.connection import Connection, write
from tests.support.workspaces import new_examples


def mix_in(
    connection: Connection, dataset: Dataset, *, gold: int = 0, gold_rate: float = 0.0, repeat_rate: float = 0.0
) -> None:
    """Mixes that many gold examples and repeats into a dataset."""
    with write(connection):
        gold_set = datasets.insert_dataset(
            connection,
            name=f".gold of {dataset.name}",
            behavior=dataset.behavior,
            guidelines="",
            kind=dataset.kind,
            origin="tests",
            seed=dataset.seed,
            closed=True,
            visible=False,
        )
        insert_examples(connection, gold_set, dataset.seed, new_examples(gold, start=10_000), places=1)
        settings = settings_of(connection, dataset.id)
        store_settings(
            connection, dataset.id, replace(settings, gold_set=gold_set, gold_rate=gold_rate, repeat_rate=repeat_rate)
        )
