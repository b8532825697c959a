"""The gate asked of whole datasets that simulated annotators label, looked at again and again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from db import datasets, decisions
from db.records import Dataset
from db.store.connection import Connection, write
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import close_dataset, find, reopen_dataset
from review.gate.decision import Decision, judge
from review.gate.policy import load_policy, parse_policy
from review.release import RefusedError, ship
from review.text.json import plain
from tests.support.annotators import PERSONA_LIKE, Annotators, Truth
from tests.support.workspaces import add_examples, answer, make_dataset

POLICY = load_policy()
ANSWERS_ONLY = parse_policy("answers only", POLICY.text.partition("# Facts about the texts")[0])


def asked(connection: Connection, dataset: Dataset) -> Decision:
    return judge(connection, find(connection, dataset.name), POLICY)


def evidence(decision: Decision, name: str) -> dict[str, object]:
    return next(piece for piece in plain(decision)["evidence"] if piece["name"] == name)


@pytest.mark.slow
def test_a_good_dataset_ships_long_before_all_is_read(connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 400)
    annotators = Annotators(connection, dataset, PERSONA_LIKE, seed=3)
    assert annotators.answer_until(lambda: asked(connection, dataset).decision == "ship")
    decision = asked(connection, dataset)
    assert all(piece.passes for piece in decision.evidence)
    reviewed = datasets.counts(connection, dataset.id)
    assert 60 <= evidence(decision, "label agreement")["n"] <= 300  # type: ignore[operator]
    assert reviewed.annotations < 2.5 * reviewed.settled + 10  # a third only where two differ
    release = ship(connection, dataset, POLICY, tmp_path / "release")
    assert [decision.override for decision in release.decisions] == [None]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_bad_dataset_never_ships_at_any_look(connection: Connection, tmp_path: Path, seed: int) -> None:
    """On a quarter of the examples, annotators see another answer."""
    dataset = make_dataset(connection, 200)
    annotators = Annotators(connection, dataset, Truth(hard=0.25, wrong=0.95), seed=seed)
    looks = []

    def rejected() -> bool:
        looks.append(asked(connection, dataset).decision)
        return looks[-1] == "reject"

    assert annotators.answer_until(rejected, step=4)
    assert set(looks) == {"keep_labelling", "reject"}
    piece = evidence(asked(connection, dataset), "label agreement")
    assert piece["failed"]
    assert piece["upper"] < 0.9  # type: ignore[operator]
    with pytest.raises(RefusedError, match=r"may not ship \(missing: .*label agreement"):
        ship(connection, dataset, POLICY, tmp_path / "release")
    assert not (tmp_path / "release").exists()


@pytest.mark.parametrize(
    ("truth", "failing"),
    [(Truth(hard=0.0, relevance=2.2), "relevance mean"), (Truth(hard=0.0, ambiguous=0.7), "ambiguous share")],
)
def test_a_dataset_with_one_flaw_is_rejected_for_it(connection: Connection, truth: Truth, failing: str) -> None:
    dataset = make_dataset(connection, 200)
    annotators = Annotators(connection, dataset, truth, seed=1)
    assert annotators.answer_until(lambda: asked(connection, dataset).decision == "reject")
    assert [piece.name for piece in asked(connection, dataset).evidence if piece.failed] == [failing]


def test_one_answer_only_shows_no_variation_and_never_ships(connection: Connection) -> None:
    dataset = make_dataset(connection, 80)
    with write(connection):
        connection.execute("UPDATE examples SET intended = ' Yes'")
    Annotators(connection, dataset, Truth(hard=0.0, slip=0.0), seed=1).answer_all()
    decision = asked(connection, dataset)
    alpha = evidence(decision, "label alpha")
    assert (alpha["passes"], alpha["failed"], alpha["lower"], alpha["value"]) == (None, False, None, None)
    assert alpha["note"] == "no variation: reliability cannot be shown"
    assert decision.decision == "mend"
    assert any("balances the intended labels" in repair for repair in decision.repairs)
    without_facts = judge(connection, dataset, ANSWERS_ONLY)
    assert without_facts.decision == "keep_labelling"
    assert all(piece.passes for piece in without_facts.evidence if piece.name != "label alpha")


def test_an_open_dataset_is_provisional_whatever_the_evidence(connection: Connection) -> None:
    dataset = make_dataset(connection, 80, closed=False)
    Annotators(connection, dataset, Truth(hard=0.0, slip=0.0), seed=1).answer_all()
    decision = asked(connection, dataset)
    assert (decision.decision, decision.provisional) == ("keep_labelling", True)
    assert all(piece.passes for piece in decision.evidence)
    close_dataset(connection, dataset)
    assert (asked(connection, dataset).decision, asked(connection, dataset).provisional) == ("ship", False)


def test_an_open_dataset_that_fails_is_not_rejected_yet(connection: Connection) -> None:
    dataset = make_dataset(connection, 100, closed=False)
    Annotators(connection, dataset, Truth(hard=0.9), seed=1).answer_all()
    with write(connection):
        connection.execute("UPDATE examples SET intended = ' No'")
    decision = asked(connection, dataset)
    assert decision.decision == "keep_labelling"
    assert any(piece.failed for piece in decision.evidence)
    assert decision.repairs  # a failing fact is told early
    close_dataset(connection, dataset)
    assert asked(connection, dataset).decision == "reject"


def test_reopening_starts_the_evidence_anew_on_what_is_unanswered(connection: Connection) -> None:
    dataset = make_dataset(connection, 150)
    annotators = Annotators(connection, dataset, Truth(hard=0.0, slip=0.0), seed=1, names=("Ada", "Béla"))
    annotators.answer(100)
    annotators.leave()
    before = asked(connection, dataset)
    assert (before.decision, evidence(before, "examples")["n"]) == ("ship", 102)  # with the 2 % that may be open
    reopen_dataset(connection, find(connection, dataset.name))
    add_examples(connection, dataset, 20)
    close_dataset(connection, find(connection, dataset.name))
    anew = asked(connection, dataset)
    assert anew.decision == "keep_labelling"
    assert evidence(anew, "label agreement")["n"] == 0
    Annotators(connection, find(connection, dataset.name), Truth(hard=0.0, slip=0.0), seed=2).answer_all()
    again = asked(connection, dataset)
    assert again.decision == "ship"
    assert evidence(again, "label agreement")["n"] == 150 + 20 - 100  # those answered before count no more
    assert evidence(again, "label agreement")["lower"] == 1.0


def test_a_change_of_an_answer_from_before_reopening_is_no_evidence(connection: Connection) -> None:
    dataset = make_dataset(connection, 4)
    session = start_session(connection, "Ada")
    example = next_example(connection, session, dataset)
    assert example is not None
    submit(connection, session, dataset, example, answer())
    reopen_dataset(connection, dataset)
    add_examples(connection, dataset, 1)
    close_dataset(connection, find(connection, dataset.name))
    dataset = find(connection, dataset.name)
    earlier = earlier_answer(connection, session, dataset)
    assert earlier is not None
    submit(connection, session, dataset, earlier.example, answer(" No"))
    assert evidence(asked(connection, dataset), "label agreement")["n"] == 0


# What is stored of it


def test_a_decision_is_stored_when_something_has_changed_and_only_then(connection: Connection) -> None:
    dataset = make_dataset(connection, 60, closed=False)
    annotators = Annotators(connection, dataset, Truth(), seed=1)
    assert [asked(connection, dataset).looks for _ in range(3)] == [1, 1, 1]
    annotators.answer(1)
    assert [asked(connection, dataset).looks for _ in range(3)] == [2, 2, 2]
    close_dataset(connection, dataset)  # the same answers, but no longer provisional
    assert [asked(connection, dataset).looks for _ in range(2)] == [3, 3]
    stored = decisions.last_decision(connection, dataset.id)
    assert stored is not None
    assert not stored.provisional
    other = judge(connection, find(connection, dataset.name), ANSWERS_ONLY)
    assert other.looks == 4
    stored = decisions.last_decision(connection, dataset.id)
    assert stored is not None
    assert stored.policy == ANSWERS_ONLY.text


def test_a_stored_decision_holds_what_it_was_made_from(connection: Connection) -> None:
    dataset = make_dataset(connection, 30)
    Annotators(connection, dataset, Truth(hard=0.0, slip=0.0), seed=1).answer_all()
    decision = asked(connection, dataset)
    stored = decisions.last_decision(connection, dataset.id)
    assert stored is not None
    assert stored.decision == decision.decision
    assert stored.policy == POLICY.text
    (newest,) = connection.execute("SELECT max(id) FROM annotations").fetchone()
    assert stored.last_annotation_id == newest
    pieces = json.loads(stored.evidence)
    assert [piece["name"] for piece in pieces] == [piece.name for piece in decision.evidence]
    assert pieces[1]["e_value"] == "infinity"
    assert "Infinity" not in stored.evidence
