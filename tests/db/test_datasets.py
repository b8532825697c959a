import pytest

from db import datasets
from db.examples import get_blind, insert_examples, iterate_examples
from db.store.connection import Connection, write
from db.store.sqlite import IntegrityError
from tests.support.workspaces import CHOICES, SEED, add_examples, make_dataset, new_examples


def hidden_dataset(connection: Connection, name: str, count: int) -> int:
    """A dataset as an import writes it."""
    with write(connection):
        dataset_id = datasets.insert_dataset(
            connection,
            name=name,
            behavior="",
            guidelines="",
            kind="persona",
            origin="bees.jsonl",
            seed=SEED,
            closed=True,
            visible=False,
        )
        insert_examples(connection, dataset_id, SEED, new_examples(count), places=2)
    return dataset_id


def delete(connection: Connection, dataset_id: int, rows: int) -> bool:
    with write(connection):
        return datasets.delete_hidden(connection, dataset_id, rows)


def test_a_hidden_dataset_is_deleted_in_small_steps(connection: Connection) -> None:
    kept = make_dataset(connection, 5)
    dataset_id = hidden_dataset(connection, "hidden", 25)
    left = []
    while not delete(connection, dataset_id, 10):
        rows = connection.execute("SELECT count(*) FROM examples WHERE dataset_id = ?", (dataset_id,))
        left.append(rows.fetchone()[0])
    assert left == [15, 5]
    assert datasets.hidden_datasets(connection) == []
    assert [dataset.id for dataset in datasets.all_datasets(connection)] == [kept.id]
    assert connection.execute("SELECT count(*) FROM review_status").fetchone() == (5,)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_id_is_never_given_twice(connection: Connection) -> None:
    """Two processes may clear up after the same dead import, one of them while a new import is already writing."""
    dead = hidden_dataset(connection, "dead", 5)
    assert datasets.hidden_datasets(connection) == [(dead, "dead")]
    assert delete(connection, dead, 10)
    living = hidden_dataset(connection, "living", 5)
    assert delete(connection, dead, 10)
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (5,)
    assert datasets.hidden_datasets(connection) == [(living, "living")]


def test_a_hidden_dataset_is_not_found(connection: Connection) -> None:
    dataset_id = hidden_dataset(connection, "hidden", 5)
    assert datasets.all_datasets(connection) == []
    assert datasets.find_dataset(connection, "hidden") is None
    assert not datasets.name_taken(connection, "hidden")
    with write(connection):
        datasets.show(connection, dataset_id, "shown")
    assert datasets.name_taken(connection, "shown")
    found = datasets.find_dataset(connection, "shown")
    assert found is not None
    assert found.id == dataset_id


def test_a_name_belongs_to_one_dataset(connection: Connection) -> None:
    make_dataset(connection, 0, name="bees")
    with pytest.raises(IntegrityError):
        make_dataset(connection, 0, name="bees")


def test_closing_and_reopening(connection: Connection) -> None:
    dataset = make_dataset(connection, 3, closed=False)
    for change, state in ((datasets.close, "closed"), (datasets.reopen, "open"), (datasets.close, "closed")):
        with write(connection):
            change(connection, dataset.id)
        assert datasets.get_dataset(connection, dataset.id).state == state
    assert datasets.get_dataset(connection, dataset.id).evidence_from == 0


def test_examples_are_read_in_the_order_they_came(connection: Connection) -> None:
    dataset = make_dataset(connection, 3)
    make_dataset(connection, 2, name="other")
    add_examples(connection, dataset, 4)
    found = list(iterate_examples(connection, dataset.id))
    assert [example.body for example in found] == [f"I keep {number} bees" for number in range(7)]
    assert [example.ordinal for example in found] == list(range(7))
    assert datasets.counts(connection, dataset.id).examples == 7


def test_what_a_validator_sees_of_an_example(connection: Connection) -> None:
    make_dataset(connection, 1)
    example = get_blind(connection, 1)
    assert (example.body, example.choices) == ("I keep 0 bees", CHOICES)


def test_what_an_interrupted_import_has_made_visible_is_not_emptied(connection: Connection) -> None:
    """The interruption may come after the last commit: then the dataset is there, and stays."""
    dataset = make_dataset(connection, 5)
    assert delete(connection, dataset.id, 10)
    assert datasets.counts(connection, dataset.id).examples == len(list(iterate_examples(connection, dataset.id))) == 5
