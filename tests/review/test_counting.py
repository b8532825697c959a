"""Which answers count: the first two where thirds are asked on disputes, all three where everybody is to answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.records import BlindAnswer, Dataset
from db.store.connection import Connection
from review.agreement import Agreement, agreement, counted_answers, notes
from review.assignment.settings import Changes, assign
from review.datasets.find_and_close import find
from review.gate.policy import load_policy
from review.release import ship
from review.release.verify import verify
from tests.support.annotators import NAMES, Annotators, Truth
from tests.support.workspaces import make_dataset


def said(*rows: tuple[int, str | None]) -> list[BlindAnswer]:
    """Answers in order: the example and the label, each by somebody else."""
    return [BlindAnswer(example, place, label, 3, False) for place, (example, label) in enumerate(rows)]


def counted(answers: list[BlindAnswer], *, always_three: bool) -> list[int]:
    """The places of those that count."""
    return [one.annotator_id for one in counted_answers(answers, always_three=always_three)]


def test_the_first_two_or_all_three_and_never_a_skip() -> None:
    answers = said((1, "Y"), (1, None), (1, "N"), (1, "Y"), (1, "Y"), (2, "Y"))
    assert counted(answers, always_three=False) == [0, 2, 5]
    assert counted(answers, always_three=True) == [0, 2, 3, 5]


def test_thirds_on_disputes_from_before_it_was_always_three_wait_for_the_others() -> None:
    """Examples 1 and 2 had a third on a dispute; 3, on which two agree, has none yet, and 4 has one."""
    before = said((1, "Y"), (1, "N"), (1, "Y"), (2, "Y"), (2, "N"), (2, "N"), (3, "Y"), (3, "Y"), (4, "N"), (4, "N"))
    assert counted(before, always_three=True) == [0, 1, 3, 4, 6, 7, 8, 9]
    since = [*before, *said(*[(9, None)] * 10, (4, "N"), (5, "Y"), (5, "N"), (5, "Y"))[10:]]
    assert counted(since, always_three=True) == [0, 1, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13]
    done = [*since, *said(*[(9, None)] * 14, (3, "Y"))[14:]]
    assert counted(done, always_three=True) == list(range(15))


def measured(connection: Connection, dataset: Dataset) -> Agreement:
    return agreement(connection, find(connection, dataset.name))


def test_all_three_count_for_coefficients_pairs_and_annotators(connection: Connection) -> None:
    dataset = make_dataset(connection, 40, always_three=True)
    Annotators(connection, dataset, Truth(hard=0.2), seed=3).answer_all()
    found = measured(connection, dataset)
    assert found.always_three
    for question in found.questions:
        assert (question.n_ratings, question.n_units, question.used["percent_agreement"]) == (120, 40, 40)
    assert [pair.shared for pair in found.pairs] == [40, 40, 40]
    assert [pair.shared for pair in found.ordinal_pairs["relevance"]] == [40, 40, 40]
    assert all(one.compared > 30 for one in found.annotators)
    assert notes.counting(always_three=found.always_three) == notes.ALL_THREE


def test_a_dataset_that_turns_to_always_three_counts_all_when_all_are_there(connection: Connection) -> None:
    dataset = make_dataset(connection, 40)
    people = Annotators(connection, dataset, Truth(hard=0.3), seed=3)
    people.answer_all()
    people.leave()
    first_two = measured(connection, dataset).questions
    assign(connection, find(connection, dataset.name), Changes(always_three=True))
    assert measured(connection, dataset).questions == first_two
    Annotators(connection, find(connection, dataset.name), Truth(hard=0.3), seed=3).answer_all()
    assert {question.n_ratings for question in measured(connection, dataset).questions} == {120}


@pytest.mark.slow
def test_a_release_of_three_answers_each_is_verified(connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 40, always_three=True)
    Annotators(connection, dataset, Truth(hard=0.2), seed=3, names=NAMES).answer_all()
    released = ship(connection, dataset, load_policy(), tmp_path / "release", override="a test").folder
    assert verify(released).problems == ()
    card = (released / "README.md").read_text()
    assert notes.ALL_THREE in card
    assert notes.FIRST_TWO not in card
