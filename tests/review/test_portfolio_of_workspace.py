"""The portfolio of a workspace: which datasets ship together, and that shipping is final."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from db import portfolio as rows
from db.errors import EvalwrightError
from db.store.connection import Connection, write
from review.datasets.find_and_close import close_dataset, find
from review.gate.decision import Decision, Verdict
from review.gate.policy import load_policy, parse_policy
from review.gate.portfolio import Member, Portfolio, e_value, judge_portfolio, record_shipped
from review.lead.exclusion import exclude
from review.release.ship import _may_ship
from tests.review.test_gate import BAD_FACT, GOOD_FACT, NO_VARIATION, PASSING, TOO_FEW
from tests.support.annotators import Annotators, Truth
from tests.support.workspaces import make_dataset

EASY = Truth(hard=0.0, slip=0.0, ambiguous=0.0)
DEFAULT = load_policy()
POLICY = parse_policy("answers only", DEFAULT.text.partition("# Facts about the texts")[0])


def reviewed(connection: Connection, name: str, count: int, truth: Truth = EASY, *, closed: bool = True) -> None:
    dataset = make_dataset(connection, count, name=name, closed=closed)
    Annotators(connection, dataset, truth, seed=1, names=(f"{name} 1", f"{name} 2")).answer_all()


def judged(connection: Connection) -> Portfolio:
    return judge_portfolio(connection, POLICY)


def standings(portfolio: Portfolio) -> dict[str, str]:
    return {member.dataset.name: member.standing for member in portfolio.members}


def ship_all(connection: Connection) -> None:
    portfolio = judged(connection)
    with write(connection):
        record_shipped(connection, portfolio)


def decision(*pieces: object, provisional: bool = False) -> Decision:
    return Decision("x", "ship", provisional, pieces, (), "default", 1, None, None)  # type: ignore[arg-type]


def test_the_e_value_of_a_dataset() -> None:
    weaker = replace(PASSING, e_value=21.0)
    assert e_value(decision(PASSING, weaker, GOOD_FACT)) == 21.0
    for failing in (BAD_FACT, TOO_FEW, replace(NO_VARIATION, e_value=None)):
        assert e_value(decision(PASSING, failing)) == 0.0
    assert e_value(decision(PASSING, provisional=True)) == 0.0
    assert e_value(decision(GOOD_FACT)) == 0.0


def test_what_ships_together_and_stays_shipped(connection: Connection) -> None:
    reviewed(connection, "certain", 60)
    reviewed(connection, "open", 60, closed=False)
    reviewed(connection, "bad", 60, Truth(hard=1.0, wrong=1.0))
    first = judged(connection)
    assert (first.datasets, first.shipped, first.needed) == (3, 0, 3 / 0.05)
    assert standings(first) == {"certain": "ships", "open": "waits", "bad": "waits"}
    assert [member.verdict for member in first.members] == ["ship", "keep_labelling", "reject"]
    assert rows.members(connection) == []
    ship_all(connection)
    assert [row.e_value for row in rows.members(connection)] == [float("inf"), None, None]
    reviewed(connection, "later", 60)
    close_dataset(connection, find(connection, "open"))
    exclude(connection, "certain 1", "asked too late to take a release back")
    second = judged(connection)
    assert (second.datasets, second.shipped, second.needed) == (3, 1, 3 / (0.05 * 2))
    assert standings(second) == {"certain": "shipped", "open": "ships", "bad": "waits", "later": "single"}
    assert [member.verdict for member in second.members] == ["ship", "ship", "reject", "ship"]
    assert second.members[0].decision.decision == "keep_labelling"
    ship_all(connection)
    assert standings(judged(connection))["open"] == "shipped"


def test_passing_by_itself_is_not_enough_among_many(connection: Connection) -> None:
    dataset = make_dataset(connection, 400, name="good")
    for number in range(30):
        make_dataset(connection, 1, name=f"waiting {number}")
    annotators = Annotators(connection, dataset, Truth(hard=0.01, slip=0.0, ambiguous=0.0), seed=1)
    passed = lambda: judged(connection).members[0].decision.decision == "ship"  # noqa: E731
    assert annotators.answer_until(passed, step=5)
    early = judged(connection)
    assert (early.members[0].standing, early.members[0].verdict) == ("waits", "keep_labelling")
    assert 20 <= early.members[0].e_value < early.needed == 31 / 0.05
    assert annotators.answer_until(lambda: judged(connection).ships != (), step=5)


def test_nothing_is_recorded_if_others_shipped_in_the_meantime(connection: Connection) -> None:
    reviewed(connection, "certain", 60)
    stale = judged(connection)
    make_dataset(connection, 1, name="new")
    with pytest.raises(EvalwrightError, match="Datasets have come"), write(connection):
        record_shipped(connection, stale)
    assert rows.members(connection) == []
    stale = judged(connection)
    ship_all(connection)
    with pytest.raises(EvalwrightError, match="Other datasets have shipped"), write(connection):
        record_shipped(connection, stale)
    (shipped, _) = rows.members(connection)
    assert shipped.shipped_at is not None


def test_recording_nothing_freezes_nothing(connection: Connection, tmp_path: Path) -> None:
    make_dataset(connection, 3)
    ship_all(connection)
    assert rows.members(connection) == []
    assert judge_portfolio(connection, DEFAULT).as_json()[0]["portfolio"]["standing"] == "waits"


@pytest.mark.parametrize(("verdict", "standing"), [("ship", "ships"), ("keep_labelling", "waits"), ("reject", "waits")])
def test_what_the_gate_alone_would_not_let_pass_never_ships(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, standing: str
) -> None:
    """An e-value may be enough where a bound is not quite: both are asked for."""
    make_dataset(connection, 1, name="marginal")
    marginal = replace(decision(replace(PASSING, e_value=1e9)), decision=verdict)
    monkeypatch.setattr("review.gate.portfolio.judge_with_id", lambda *_: (marginal, 1))
    assert standings(judged(connection)) == {"marginal": standing}


@pytest.mark.parametrize(("now", "may"), [(30.0, False), (199.0, False), (200.0, True)])
def test_what_shipped_goes_into_a_later_release_only_if_it_reaches_the_bar_as_it_is_now(
    connection: Connection, now: float, *, may: bool
) -> None:
    """Its e-value was frozen when it shipped; rulings may have changed since what would ship."""
    dataset = make_dataset(connection, 4)
    member = Member(dataset, decision(replace(PASSING, e_value=now)), 1, 500.0, "shipped")
    portfolio = Portfolio(10, 1, 100.0, (member,))
    assert portfolio.bar == 200
    assert _may_ship(portfolio, member) is may
