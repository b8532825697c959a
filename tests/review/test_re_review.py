"""Edited examples come back to validators with their new text, and what they say of it is never evidence."""

from __future__ import annotations

import pytest

from db import re_reviews
from db.records import BlindExample, Dataset
from db.store.connection import Connection
from review.annotation.disclosure import disclose
from review.annotation.submitting import earlier_answer, submit
from review.assignment import serving as review_assignment
from review.assignment.serving import Session, end_session, next_example, start_session
from review.gate.sample import draw_sample
from review.lead.rulings import drop, edit, find_example, outcomes, rule
from tests.support.workspaces import NO, YES, answer, make_dataset


@pytest.fixture
def edited(connection: Connection) -> tuple[Dataset, int]:
    """A dataset of two examples that Ada and Béla have settled, and the one that has been edited then."""
    dataset = make_dataset(connection, 2)
    for name in ("Ada", "Béla"):
        session = start_session(connection, name)
        while example := next_example(connection, session, dataset):
            submit(connection, session, dataset, example, answer(YES))
        end_session(connection, session)
    _, example_0 = find_example(connection, "beekeeping:0")
    rule(connection, dataset, example_0.id, edit(dataset, example_0, "I keep wasps"), by="lea")
    return dataset, example_0.id


def served(connection: Connection, dataset: Dataset, name: str) -> tuple[Session, BlindExample | None]:
    session = start_session(connection, name)
    return session, next_example(connection, session, dataset)


def test_two_agree_on_the_new_text(connection: Connection, edited: tuple[Dataset, int]) -> None:
    dataset, example_id = edited
    before = draw_sample(connection, dataset)
    for name in ("Ada", "Béla"):
        session, example = served(connection, dataset, name)
        assert example is not None
        assert (example.id, example.body, example.occasion) == (example_id, "I keep wasps", "re-review")
        assert outcomes(connection, dataset) == {}
        submitted = submit(connection, session, dataset, example, answer(YES))
        assert (submitted.outcome, submitted.next) == ("counted", None)
    assert outcomes(connection, dataset) == {example_id: "edited"}
    assert served(connection, dataset, "Carla")[1] is None
    after = draw_sample(connection, dataset)
    assert (after.examples, after.size) == (before.examples, before.size)


def test_places_are_held_and_given_back(
    connection: Connection, edited: tuple[Dataset, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, example_id = edited
    ada, shown = served(connection, dataset, "Ada")
    served(connection, dataset, "Béla")
    assert served(connection, dataset, "Carla")[1] is None
    end_session(connection, ada)
    carla, example = served(connection, dataset, "Carla")
    assert example is not None
    assert example.id == example_id
    assert shown is not None
    submit(connection, carla, dataset, example, answer(NO))
    monkeypatch.setattr(review_assignment, "now", lambda: 4e9)
    assert served(connection, dataset, "Dora")[1] is not None


def test_two_who_differ_ask_for_a_third(connection: Connection, edited: tuple[Dataset, int]) -> None:
    dataset, example_id = edited
    for name, label in (("Ada", YES), ("Béla", NO), ("Carla", NO)):
        session, example = served(connection, dataset, name)
        assert example is not None
        submit(connection, session, dataset, example, answer(label))
    assert served(connection, dataset, "Dora")[1] is None
    assert outcomes(connection, dataset) == {}
    assert re_reviews.labels_of(connection, example_id) == [YES, NO, NO]


def test_undo(connection: Connection, edited: tuple[Dataset, int]) -> None:
    dataset, example_id = edited
    session, example = served(connection, dataset, "Ada")
    assert example is not None
    submit(connection, session, dataset, example, answer(NO))
    earlier = earlier_answer(connection, session, dataset)
    assert earlier is not None
    assert (earlier.example.body, earlier.answer.label) == ("I keep wasps", NO)
    assert submit(connection, session, dataset, earlier.example, answer(YES)).outcome == "changed"
    assert re_reviews.labels_of(connection, example_id) == [YES]


def test_a_new_edit_is_asked_of_the_same_people(connection: Connection, edited: tuple[Dataset, int]) -> None:
    dataset, example_id = edited
    session, example = served(connection, dataset, "Ada")
    assert example is not None
    assert submit(connection, session, dataset, example, answer(YES)).next is None
    _, original = find_example(connection, "beekeeping:0")
    rule(connection, dataset, example_id, edit(dataset, original, "I keep hornets"), by="lea")
    again = next_example(connection, session, dataset)
    assert again is not None
    assert again.body == "I keep hornets"
    assert submit(connection, session, dataset, again, answer(YES)).outcome == "counted"
    rule(connection, dataset, example_id, drop("it isn't getting better"), by="lea")
    assert served(connection, dataset, "Béla")[1] is None


def test_who_has_looked_is_not_asked_and_doesnt_count(connection: Connection, edited: tuple[Dataset, int]) -> None:
    dataset, example_id = edited
    disclose(connection, dataset, "Ada", example_id)
    session, example = served(connection, dataset, "Ada")
    assert example is None
    earlier = earlier_answer(connection, session, dataset)
    while earlier is not None and earlier.example.id != example_id:
        earlier = earlier_answer(connection, session, dataset, earlier.anchor)
    assert earlier is not None
    assert submit(connection, session, dataset, earlier.example, answer(YES)).outcome == "apart"
    assert re_reviews.labels_of(connection, example_id) == []
    assert re_reviews.waiting(connection, dataset.id) == 1


def test_an_answer_on_an_old_wording_does_not_count_on_the_new_one(
    connection: Connection, edited: tuple[Dataset, int]
) -> None:
    dataset, example_id = edited
    session, shown = served(connection, dataset, "Ada")
    assert shown is not None
    _, original = find_example(connection, "beekeeping:0")
    rule(connection, dataset, example_id, edit(dataset, original, "I keep hornets"), by="lea")
    submitted = submit(connection, session, dataset, shown, answer(YES))
    assert re_reviews.labels_of(connection, example_id) == []
    assert submitted.next is not None
    assert submitted.next.body == "I keep hornets"
    assert submit(connection, session, dataset, submitted.next, answer(NO)).outcome == "counted"
    assert re_reviews.labels_of(connection, example_id) == [NO]
