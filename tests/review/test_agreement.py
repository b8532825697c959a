"""Agreement of a dataset's annotators: which answers count, and that the coefficients are those of the libraries."""

from __future__ import annotations

import json
import math

import krippendorff
import pytest
from sklearn.metrics import cohen_kappa_score

from db.records import Answers, Dataset
from db.store.connection import Connection, write
from review.agreement import Agreement, QuestionAgreement, agreement
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import end_session, next_example, start_session
from review.datasets.find_and_close import find, reopen_dataset
from tests.support.annotators import PERSONA_LIKE, Annotators, Truth
from tests.support.workspaces import NO, YES, answer, make_dataset


def questions(connection: Connection, dataset: Dataset) -> dict[str, QuestionAgreement]:
    return {question.name: question for question in agreement(connection, find(connection, dataset.name)).questions}


def say(connection: Connection, dataset: Dataset, name: str, *labels: str | None) -> None:
    """An annotator answers as many examples as there are labels, in the order served."""
    session = start_session(connection, name)
    example = next_example(connection, session, dataset)
    for label in labels:
        assert example is not None
        example = submit(connection, session, dataset, example, answer(label)).next
    end_session(connection, session)


def test_questions_and_their_levels(connection: Connection) -> None:
    dataset = make_dataset(connection, 4)
    found = questions(connection, dataset)
    assert {name: question.level for name, question in found.items()} == {
        "label": "nominal",
        "relevance": "ordinal",
        "ambiguous": "nominal",
    }
    for question in found.values():
        assert (question.n_units, question.n_annotators, question.n_ratings) == (0, 0, 0)
        assert question.alpha is None
        assert all(reason.startswith("undefined") for reason in question.undefined.values())


def test_coefficients_are_those_of_the_libraries(connection: Connection) -> None:
    dataset = make_dataset(connection, 60)
    Annotators(
        connection, dataset, Truth(hard=0.3, wrong=0.5, ambiguous=0.3), seed=5, names=("Ada", "Béla")
    ).answer_all()
    rows = connection.execute(
        "SELECT annotator_id, label, relevance, ambiguous FROM annotations ORDER BY example_id, annotator_id"
    ).fetchall()
    found = questions(connection, dataset)
    columns = {"label": 1, "relevance": 2, "ambiguous": 3}
    for name, column in columns.items():
        first, second = ([row[column] for row in rows if row[0] == annotator] for annotator in (1, 2))
        values = sorted(set(first + second))
        codes = {value: value if name == "relevance" else number for number, value in enumerate(values)}
        data = [[float(codes[value]) for value in given] for given in (first, second)]
        expected = krippendorff.alpha(data, level_of_measurement="ordinal" if name == "relevance" else "nominal")
        question = found[name]
        assert (question.n_units, question.n_annotators, question.n_ratings) == (60, 2, 120)
        assert question.alpha == pytest.approx(expected, abs=1e-9)
        same = sum(a == b for a, b in zip(first, second, strict=True))
        assert question.percent_agreement == pytest.approx(same / 60)
        assert question.cohen_kappa == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)
        assert question.alpha_ci is not None
        assert question.alpha_ci[0] <= question.alpha <= question.alpha_ci[1]  # type: ignore[operator]
        assert math.isclose(sum(question.class_shares.values()), 1.0)


def test_only_the_questions_are_the_same_questions(connection: Connection) -> None:
    dataset = make_dataset(connection, 20)
    Annotators(connection, dataset, Truth(hard=0.3), seed=5).answer_all()
    whole, part = agreement(connection, dataset), agreement(connection, dataset, only_questions=True)
    assert part == Agreement(whole.questions, whole.classes)


def test_a_third_answer_is_not_in_the_coefficients(connection: Connection) -> None:
    dataset = make_dataset(connection, 1)
    say(connection, dataset, "Ada", YES)
    say(connection, dataset, "Béla", NO)
    before = questions(connection, dataset)["label"]
    say(connection, dataset, "Carla", YES)
    after = questions(connection, dataset)["label"]
    assert before == after
    assert (after.n_ratings, after.n_annotators, after.percent_agreement) == (2, 2, 0.0)


def test_an_authors_own_questions_have_an_agreement_at_their_level(connection: Connection) -> None:
    dataset = make_dataset(connection, 3)
    own = [
        {"name": "tone", "kind": "scale", "ask": "How harsh?", "options": ["mild", "plain", "harsh"]},
        {"name": "grammatical", "kind": "yes-no", "ask": "Grammatical?", "options": ["yes", "no"]},
        {"name": "why", "kind": "text", "ask": "Why?", "options": []},
    ]
    with write(connection):
        connection.execute("UPDATE datasets SET questions = ?", (json.dumps(own),))
    dataset = find(connection, dataset.name)
    for name in ("Ada", "Béla"):
        session = start_session(connection, name)
        example = next_example(connection, session, dataset)
        for tone in (1, 2, 3):
            assert example is not None
            grammatical = "no" if (name, tone) == ("Béla", 3) else "yes"
            given = Answers(YES, 4, 1.0, f"{name} {tone}", answers={"tone": tone, "grammatical": grammatical})
            example = submit(connection, session, dataset, example, given).next
        end_session(connection, session)
    found = questions(connection, dataset)
    assert list(found) == ["label", "relevance", "ambiguous", "tone", "grammatical"]
    assert (found["tone"].level, found["tone"].alpha, found["tone"].n_ratings) == ("ordinal", 1.0, 6)
    assert found["grammatical"].level == "nominal"
    assert found["grammatical"].percent_agreement == pytest.approx(2 / 3)
    assert found["grammatical"].class_shares["no"] == pytest.approx(1 / 6)


def test_a_skip_is_no_answer(connection: Connection) -> None:
    dataset = make_dataset(connection, 1)
    for name, label in (("Ada", None), ("Béla", YES), ("Carla", YES)):
        say(connection, dataset, name, label)
    found = questions(connection, dataset)
    assert (found["label"].n_ratings, found["label"].percent_agreement) == (2, 1.0)
    assert found["relevance"].n_ratings == 2


def test_only_the_newest_revision_counts(connection: Connection) -> None:
    dataset = make_dataset(connection, 1)
    say(connection, dataset, "Ada", YES)
    say(connection, dataset, "Béla", NO)
    session = start_session(connection, "Béla")
    earlier = earlier_answer(connection, session, dataset)
    assert earlier is not None
    submit(connection, session, dataset, earlier.example, answer(YES))
    label = questions(connection, dataset)["label"]
    assert (label.n_ratings, label.percent_agreement) == (2, 1.0)


@pytest.mark.parametrize("occasion", ["gold", "repeat", "second look", "re-review", "extra"])
def test_only_blind_first_answers_count(connection: Connection, occasion: str) -> None:
    dataset = make_dataset(connection, 1)
    say(connection, dataset, "Ada", YES)
    say(connection, dataset, "Béla", NO)
    before = questions(connection, dataset)
    say(connection, dataset, "Carla", NO)
    with write(connection):
        connection.execute("UPDATE annotations SET occasion = ? WHERE annotator_id = 3", (occasion,))
    assert questions(connection, dataset) == before


def test_one_answer_only_is_undefined_and_shows_the_raw_agreement(connection: Connection) -> None:
    dataset = make_dataset(connection, 5)
    for name in ("Ada", "Béla"):
        say(connection, dataset, name, *[YES] * 5)
    label = questions(connection, dataset)["label"]
    assert (label.percent_agreement, label.alpha, label.fleiss_kappa, label.cohen_kappa) == (1.0, None, None, None)
    assert label.undefined["alpha"] == "undefined: every annotator gave the same answer"
    assert label.class_shares == {NO: 0.0, YES: 1.0}
    assert label.gwet_ac1 == 1.0


def test_cohens_kappa_is_between_two(connection: Connection) -> None:
    dataset = make_dataset(connection, 30)
    Annotators(connection, dataset, PERSONA_LIKE, seed=1).answer_all()
    label = questions(connection, dataset)["label"]
    assert label.cohen_kappa is None
    assert label.undefined["cohen_kappa"] == "undefined: Cohen's kappa takes two annotators, and there are 3"


def test_after_reopening_only_new_answers_count(connection: Connection) -> None:
    dataset = make_dataset(connection, 2)
    say(connection, dataset, "Ada", YES)
    reopen_dataset(connection, dataset)
    reopened = find(connection, dataset.name)
    assert questions(connection, dataset)["label"].n_ratings == 0
    say(connection, reopened, "Béla", NO, NO)
    assert questions(connection, dataset)["label"].n_ratings == 2


def test_ratings_are_taken_as_they_were_given(connection: Connection) -> None:
    dataset = make_dataset(connection, 5)
    for name in ("Ada", "Béla"):
        session = start_session(connection, name)
        example = next_example(connection, session, dataset)
        for rating in range(1, 6):
            assert example is not None
            given = Answers(YES, rating, 1.0, f"{name} {rating}")
            example = submit(connection, session, dataset, example, given).next
        end_session(connection, session)
    relevance = questions(connection, dataset)["relevance"]
    assert relevance.class_shares == {str(rating): 0.2 for rating in range(1, 6)}
    assert relevance.alpha == 1.0
