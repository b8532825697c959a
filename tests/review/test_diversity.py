"""Diversity: handfuls of what was finished, both origins in turn, intervals by resampling handfuls."""

import pytest

from db import datasets
from db.errors import InputError
from db.records import Dataset
from db.store.connection import Connection
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.comparisons.diversity import HANDFUL, diversity, next_handful, rate, rated
from review.datasets.behaviors import others_for_behavior, written_by_model
from tests.support.workspaces import YES, answer, make_dataset


def finish(connection: Connection, dataset: Dataset, name: str, count: int, label: str | None = YES) -> None:
    """Lets an annotator answer so many examples."""
    session = start_session(connection, name)
    for _ in range(count):
        example = next_example(connection, session, dataset)
        assert example is not None
        submit(connection, session, dataset, example, answer(label))


def both_origins(connection: Connection, count: int) -> tuple[Dataset, Dataset]:
    """A dataset that a recipe wrote and one that was imported, for one behaviour."""
    written, imported = (
        make_dataset(connection, count, name="by-model"),
        make_dataset(connection, count, name="by-hand"),
    )
    connection.execute("UPDATE datasets SET origin = 'recipe persona' WHERE id = ?", (written.id,))
    connection.execute("UPDATE datasets SET behavior = ' Keeps  bees. ' WHERE id = ?", (imported.id,))
    return datasets.get_dataset(connection, written.id), datasets.get_dataset(connection, imported.id)


def rate_all(connection: Connection, dataset: Dataset, name: str, rating: int) -> list[int]:
    """Rates until nothing is left; returns the datasets that the handfuls were of, in order."""
    served = []
    while (shown := next_handful(connection, dataset, name)) is not None:
        served.append(shown.examples[0].dataset_id)
        rate(connection, shown.id, name, rating, seconds=1.0, submission=f"{name} {shown.id}")
    return served


def test_a_handful_is_of_examples_that_the_annotator_has_finished(connection: Connection) -> None:
    dataset = make_dataset(connection, 40)
    finish(connection, dataset, "Ada", HANDFUL - 1)
    finish(connection, dataset, "Ada", 3, label=None)
    assert next_handful(connection, dataset, "Ada") is None
    finish(connection, dataset, "Ada", 1)
    shown = next_handful(connection, dataset, "Ada")
    assert shown is not None
    answered = connection.execute("SELECT example_id FROM annotations WHERE skipped = 0").fetchall()
    assert sorted((example.id,) for example in shown.examples) == sorted(answered)
    assert next_handful(connection, dataset, "Ada") == shown
    assert next_handful(connection, dataset, "Béla") is None


def test_a_handful_goes_to_two_annotators_and_each_example_is_in_one(connection: Connection) -> None:
    dataset = make_dataset(connection, 60, always_three=True)
    for name in ("Ada", "Béla", "Carla"):
        finish(connection, dataset, name, 30)
        assert len(rate_all(connection, dataset, name, 3)) == (0 if name == "Carla" else 3)
    assert connection.execute("SELECT count(*) FROM handful_examples").fetchone() == (30,)
    (found,) = diversity(connection, dataset)
    assert (found.handfuls, found.ratings, found.annotators) == (3, 6, 2)
    assert (found.mean.value, found.mean.lower) == (3.0, None)
    assert found.mean.undefined is not None
    assert found.mean.undefined.startswith("undefined: every answer is the same")
    assert rated(connection, dataset, "Ada") == 3
    assert (rated(connection, dataset, "Carla"), rated(connection, dataset, "nobody")) == (0, 0)


def test_what_somebody_else_has_finished_too_comes_first(connection: Connection) -> None:
    dataset = make_dataset(connection, 40)
    finish(connection, dataset, "Ada", 30)
    order = [row[0] for row in connection.execute("SELECT example_id FROM review_status ORDER BY position")]
    bela = start_session(connection, "Béla")
    (gone,) = connection.execute("SELECT position FROM review_status WHERE example_id = ?", (order[19],)).fetchone()
    connection.execute("INSERT INTO cursors (dataset_id, annotator_id, position) VALUES (1, ?, ?)",
                       (bela.annotator_id, gone))  # fmt: skip
    finish(connection, dataset, "Béla", HANDFUL)
    shown = next_handful(connection, dataset, "Ada")
    assert shown is not None
    assert {example.id for example in shown.examples} == set(order[20:30])
    assert next_handful(connection, dataset, "Béla") == shown


def test_handfuls_of_both_origins_take_turns_by_the_seed(connection: Connection) -> None:
    written, imported = both_origins(connection, 60)
    assert [written_by_model(one) for one in (written, imported)] == [True, False]
    assert others_for_behavior(connection, written) == [imported]
    for dataset in (written, imported):
        finish(connection, dataset, "Ada", 60)
    served = rate_all(connection, written, "Ada", 4)
    assert len(served) == 12
    pairs = [tuple(served[at : at + 2]) for at in range(0, 12, 2)]
    assert {frozenset(pair) for pair in pairs} == {frozenset({written.id, imported.id})}
    assert len(set(pairs)) == 2  # which of the two comes first varies
    assert [(one.dataset, one.written_by) for one in diversity(connection, imported)] == [
        ("by-hand", "people"),
        ("by-model", "model"),
    ]


def test_the_newest_rating_counts_and_one_sent_twice_is_one(connection: Connection) -> None:
    dataset = make_dataset(connection, 40)
    finish(connection, dataset, "Ada", 20)
    first = next_handful(connection, dataset, "Ada")
    assert first is not None
    for rating, submission in ((1, "a"), (1, "a"), (5, "b")):
        rate(connection, first.id, "Ada", rating, seconds=1.0, submission=submission)
    second = next_handful(connection, dataset, "Ada")
    assert second is not None
    assert second.id != first.id
    rate(connection, second.id, "Ada", 2, seconds=1.0, submission="c")
    assert connection.execute("SELECT count(*) FROM diversity_ratings").fetchone() == (3,)
    (found,) = diversity(connection, dataset)
    assert (found.mean.value, found.mean.lower, found.mean.upper, found.mean.units) == (3.5, 1.0, 5.0, 2)
    with pytest.raises(InputError, match="from 1 to 5"):
        rate(connection, first.id, "Ada", 6, seconds=1.0, submission="d")
