"""The decision as a function of its evidence alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.records import Dataset
from db.store.connection import Connection, write
from review.gate.decision import Decision, Verdict, decide, gather, judge
from review.gate.evidence import Evidence
from review.gate.policy import load_policy
from review.gate.sample import draw_samples
from review.text.json import to_json
from tests.support.workspaces import make_dataset

POLICY = load_policy()

BASE = Evidence(
    name="label agreement",
    question="label",
    statistic="agreement",
    bound="lower",
    n=100,
    value=0.95,
    lower=0.9,
    upper=0.99,
    threshold=0.9,
    passes=True,
    failed=False,
    e_value=30.0,
    guarantee="anytime",
)

PASSING = BASE
WAITING = replace(BASE, passes=False)
FAILED = replace(BASE, passes=False, failed=True)
NO_VARIATION = replace(BASE, passes=None)
GOOD_FACT = replace(BASE, statistic="exact_duplicates", guarantee="none", e_value=None, bound="")
BAD_FACT = replace(GOOD_FACT, passes=False)
ENOUGH = replace(GOOD_FACT, name="examples", statistic="count")
TOO_FEW = replace(ENOUGH, passes=False)


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        ([PASSING, GOOD_FACT, ENOUGH], "ship"),
        ([PASSING, PASSING, ENOUGH], "ship"),
        ([PASSING, GOOD_FACT, TOO_FEW], "keep_labelling"),
        ([PASSING, WAITING, ENOUGH], "keep_labelling"),
        ([PASSING, NO_VARIATION, ENOUGH], "keep_labelling"),
        ([PASSING, BAD_FACT, ENOUGH], "mend"),
        ([WAITING, BAD_FACT, TOO_FEW], "mend"),
        ([PASSING, FAILED, ENOUGH], "reject"),
        ([FAILED, BAD_FACT, TOO_FEW], "reject"),
    ],
)
def test_the_decision(evidence: list[Evidence], verdict: Verdict) -> None:
    assert decide(evidence, provisional=False) == verdict
    assert decide(evidence, provisional=True) == "keep_labelling"


pieces = st.sampled_from([PASSING, WAITING, FAILED, NO_VARIATION, GOOD_FACT, BAD_FACT, ENOUGH, TOO_FEW])


@given(st.lists(pieces, min_size=1, max_size=8), st.booleans(), st.randoms())
def test_only_a_closed_dataset_whose_every_piece_passes_ships(
    evidence: list[Evidence], provisional: bool, chance: object
) -> None:
    verdict = decide(evidence, provisional=provisional)
    assert (verdict == "ship") == (not provisional and all(piece.passes is True for piece in evidence))
    assert verdict == decide(evidence[::-1], provisional=provisional)
    for piece in evidence:
        better = [PASSING if piece is each else each for each in evidence]
        if verdict == "ship":
            assert decide(better, provisional=provisional) == "ship"
    assert chance is not None


def evidence_of(connection: Connection, dataset: Dataset) -> tuple[Evidence, ...]:
    return gather(connection, dataset, draw_samples(connection, dataset), POLICY)


def test_the_evidence_is_everything_the_policy_asks_for_in_its_order(connection: Connection) -> None:
    evidence = evidence_of(connection, make_dataset(connection, 30))
    assert [piece.statistic for piece in evidence] == [
        "count",
        *(criterion.statistic for criterion in POLICY.criteria),
        *(limit.name for limit in POLICY.facts),
    ]


@pytest.mark.parametrize(("total", "needed"), [(0, 0), (7, 7), (50, 50), (80, 50)])
def test_at_least_fifty_or_all_of_a_smaller_dataset(connection: Connection, total: int, needed: int) -> None:
    enough = evidence_of(connection, make_dataset(connection, total))[0]
    assert (enough.threshold, enough.passes, enough.value) == (needed, False, 0.0)


def test_an_empty_dataset_never_ships(connection: Connection) -> None:
    decision = judge(connection, make_dataset(connection, 0), POLICY)
    assert decision.decision == "keep_labelling"
    assert decision.forecast == "The dataset has no examples yet."
    json.loads(to_json(decision.as_json()))


def test_a_failing_fact_asks_for_its_repair(connection: Connection) -> None:
    dataset = make_dataset(connection, 20)
    with write(connection):
        connection.execute("UPDATE examples SET intended = ' Yes'")
    decision = judge(connection, dataset, POLICY)
    assert decision.decision == "mend"
    assert decision.repairs == (
        "largest class excess 0.500, at most 0.05: `evalwright lint --fix beekeeping` balances the intended labels, "
        "as far as there are examples of each",
    )


def test_the_json_has_no_number_that_json_lacks(connection: Connection) -> None:
    decision = Decision("x", "ship", False, (replace(BASE, e_value=float("inf")),), (), "default", 1, None, None)
    read = json.loads(to_json(decision.as_json()), parse_constant=pytest.fail)
    assert read["evidence"][0]["e_value"] == "infinity"
    assert read.keys() >= {"name", "decision", "provisional", "evidence", "repairs", "policy", "looks", "forecast"}
