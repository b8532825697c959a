"""Excluding an annotator: nothing is deleted, the gate must hold both ways, and others are asked in their place."""

from __future__ import annotations

import pytest

from db import datasets
from db.errors import InputError
from db.store.connection import Connection
from review.datasets.find_and_close import find
from review.gate.decision import Decision, judge
from review.gate.policy import load_policy
from review.gate.sample import draw_samples
from review.lead.exclusion import exclude
from tests.support.annotators import Annotators, Truth
from tests.support.workspaces import make_dataset

EASY = Truth(hard=0.0, slip=0.0, ambiguous=0.0)
POLICY = load_policy()


def asked(connection: Connection) -> Decision:
    return judge(connection, find(connection, "beekeeping"), POLICY)


def by_name(decision: Decision) -> dict[str, bool | None]:
    return {piece.name: piece.passes for piece in decision.evidence}


def test_both_evaluations_and_ship_needs_both(connection: Connection) -> None:
    dataset = make_dataset(connection, 60)
    Annotators(connection, dataset, EASY, seed=1, names=("Ada", "Béla")).answer_all()
    assert asked(connection).decision == "ship"
    answers = connection.execute("SELECT * FROM annotations").fetchall()
    done = exclude(connection, "Béla", "answers without reading")
    assert (done.answered, done.waiting) == (60, 60)
    assert connection.execute("SELECT * FROM annotations").fetchall() == answers
    decision = asked(connection)
    outcome = by_name(decision)
    assert decision.decision == "keep_labelling"
    assert (outcome["label agreement"], outcome["label agreement without excluded"]) == (True, False)
    assert (decision.forecast or "").startswith("Without the excluded validators: nothing is settled yet")
    Annotators(connection, dataset, EASY, seed=2, names=("Carla",)).answer_all()
    decision = asked(connection)
    assert (decision.decision, by_name(decision)["label agreement without excluded"]) == ("ship", True)
    assert datasets.counts(connection, dataset.id).settled == 60


def test_taking_it_back(connection: Connection) -> None:
    dataset = make_dataset(connection, 60)
    Annotators(connection, dataset, EASY, seed=1, names=("Ada", "Béla")).answer_all()
    before = asked(connection)
    counts = datasets.counts(connection, dataset.id)
    exclude(connection, "Ada", "a test")
    assert datasets.counts(connection, dataset.id).settled == 0
    exclude(connection, "Ada", None)
    assert datasets.counts(connection, dataset.id) == counts
    assert asked(connection).evidence == before.evidence


def test_an_exclusion_can_not_rescue_what_failed_with_everybody(connection: Connection) -> None:
    """Who answered against the dataset is excluded, and replaced by people who agree."""
    dataset = make_dataset(connection, 60)
    contrary = Truth(hard=1.0, wrong=1.0)
    Annotators(connection, dataset, contrary, seed=1, names=("Ada", "Béla")).answer_all()
    before = asked(connection)
    assert before.decision == "reject"
    for name in ("Ada", "Béla"):
        exclude(connection, name, "they don't like it")
    Annotators(connection, dataset, EASY, seed=2, names=("Carla", "Dora", "Emil")).answer_all()
    every, without = draw_samples(connection, find(connection, "beekeeping"))
    assert [example.agreed for example in every.examples] == [False] * 60
    assert [example.agreed for example in without.examples] == [True] * 60
    assert all(len(example.answers) == 2 for example in (*every.examples, *without.examples))
    after = asked(connection)
    assert after.decision == "reject"
    assert [piece for piece in after.evidence if "without" not in piece.name] == list(before.evidence)


def test_an_annotator_who_is_unknown_or_has_no_reason(connection: Connection) -> None:
    dataset = make_dataset(connection, 2)
    Annotators(connection, dataset, EASY, seed=1, names=("Ada",)).answer_all()
    with pytest.raises(InputError, match="Nobody named Zoe has labelled here; there are Ada"):
        exclude(connection, "Zoe", "a test")
    with pytest.raises(InputError, match="needs a reason"):
        exclude(connection, "Ada", " ")
    with pytest.raises(InputError, match="Ada is not excluded"):
        exclude(connection, "Ada", None)
