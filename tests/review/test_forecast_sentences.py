from __future__ import annotations

import re

import pytest

from db.records import Dataset
from db.store.connection import Connection
from review.datasets.find_and_close import find
from review.gate.decision import Decision, judge
from review.gate.policy import load_policy
from tests.support.annotators import PERSONA_LIKE, Annotators, Truth
from tests.support.workspaces import make_dataset

POLICY = load_policy()


def asked(connection: Connection, dataset: Dataset) -> Decision:
    return judge(connection, find(connection, dataset.name), POLICY)


def test_before_anything_is_settled_it_says_what_is_usual(connection: Connection) -> None:
    dataset = make_dataset(connection, 200)
    sentence = "Nothing is settled yet; the gate needs at least 50 examples, and usually 100 to 500."
    assert asked(connection, dataset).forecast == sentence
    Annotators(connection, dataset, PERSONA_LIKE, seed=1, names=("Ada",)).answer(20)
    assert asked(connection, dataset).forecast == sentence


def test_it_names_the_slowest_evidence_and_comes_about_right(connection: Connection) -> None:
    """Foretold from a third of what it takes, and looked up when it is there."""
    dataset = make_dataset(connection, 400)
    annotators = Annotators(connection, dataset, Truth(hard=0.02, slip=0.0, ambiguous=0.01), seed=2)
    annotators.answer(30)
    decision = asked(connection, dataset)
    while decision.forecast is not None and "wait" in decision.forecast:
        annotators.answer(1)
        decision = asked(connection, dataset)
    found = re.fullmatch(
        r"About \d+ more answers until this may ship, on (\d+) examples"
        r" \((label|relevance|ambiguous|the count).* is the slowest\)\.",
        decision.forecast or "",
    )
    assert found, decision.forecast
    foretold = decision.evidence[0].n + int(found[1])
    assert annotators.answer_until(lambda: asked(connection, dataset).decision == "ship", step=2)
    shipped = asked(connection, dataset)
    assert shipped.forecast is None
    assert foretold / 3 <= shipped.evidence[0].n <= 3 * foretold


def test_two_annotators_who_differ_need_a_third(connection: Connection) -> None:
    dataset = make_dataset(connection, 60)
    Annotators(connection, dataset, Truth(hard=0.3, wrong=0.5, slip=0.0), seed=1, names=("Ada", "Béla")).answer_all()
    forecast = asked(connection, dataset).forecast
    assert forecast is not None
    disputes = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM annotations GROUP BY example_id HAVING count(DISTINCT label) = 2)"
    ).fetchone()[0]
    assert disputes > 3
    assert forecast == f"{disputes} disputed examples wait for a third person."
    Annotators(connection, dataset, Truth(hard=0.0), seed=1, names=("Carla",)).answer_all()
    after = asked(connection, dataset).forecast
    assert after is None or "wait" not in after


def test_at_a_rate_that_never_passes_it_says_so(connection: Connection) -> None:
    dataset = make_dataset(connection, 300)
    annotators = Annotators(connection, dataset, Truth(hard=0.0, slip=0.0, relevance=3.2, ambiguous=0.0), seed=1)
    annotators.answer(12)
    forecast = asked(connection, dataset).forecast
    assert forecast is not None
    assert forecast == (
        "At the present rate, which may be bad luck, relevance mean would not pass even with all 300 examples:"
        " if it stays so, more labels won't do. Write better examples, or filter these."
    )


def test_what_is_rejected_has_no_forecast(connection: Connection) -> None:
    dataset = make_dataset(connection, 100)
    annotators = Annotators(connection, dataset, Truth(hard=0.6, wrong=1.0), seed=1)
    assert annotators.answer_until(lambda: asked(connection, dataset).decision == "reject")
    assert asked(connection, dataset).forecast is None


@pytest.mark.parametrize("reviewed", range(0, 40, 3))
def test_it_is_a_sentence_at_every_moment(connection: Connection, reviewed: int) -> None:
    dataset = make_dataset(connection, 40)
    truth = Truth(hard=0.2, skipped=0.2, ambiguous=0.2)
    Annotators(connection, dataset, truth, seed=reviewed).answer(reviewed)
    decision = asked(connection, dataset)
    if decision.forecast is not None:
        assert re.fullmatch(r"(About|At|Nothing|Too early|\d+ disputed|The dataset).*\.", decision.forecast)
    if decision.decision == "ship":
        assert decision.forecast is None
