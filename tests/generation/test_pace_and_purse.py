"""Rates and budgets: when the next call may begin, and whether it may at all."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from db import jobs as rows
from db.job_records import Job, Limits
from db.store.connection import Connection, write
from generation.engines.protocol import Prompt, SampleRequest, Sampling, Usage
from generation.jobs.jobs import find_job, move_job
from generation.worker import rates as pace
from generation.worker.budget import OVERHEAD, Purse
from generation.worker.rates import Pace
from tests.support.scripted_engine import ScriptedEngine, make_job, run_worker

CALL = SampleRequest(Prompt("x" * 100), Sampling(50), count=2)
MOST = 100 + OVERHEAD + 2 * 50


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    times = [1000.0]
    monkeypatch.setattr("generation.worker.rates.time.monotonic", lambda: times[0])
    return times


def test_so_many_requests_a_minute(clock: list[float]) -> None:
    limits, kept = Limits(requests_per_minute=120), Pace()
    begun = 0
    for _ in range(600):  # a minute in steps of a tenth of a second
        while not kept.delay(limits):
            kept.begin(limits)
            begun += 1
        clock[0] += 0.1
    assert 119 <= begun <= 122
    assert 0 < kept.delay(limits) <= 0.5


def test_a_rate_below_one_a_second_lets_one_call_begin_at_a_time(clock: list[float]) -> None:
    limits, kept = Limits(requests_per_minute=1), Pace()
    assert kept.delay(limits) == 0
    kept.begin(limits)
    assert kept.delay(limits) == 60


def test_so_many_tokens_a_minute_as_calls_took_in_fact(clock: list[float]) -> None:
    limits, kept = Limits(tokens_per_minute=6_000), Pace()
    kept.end(limits, kept.begin(limits), Usage(900, 300))
    assert kept.delay(limits) == pytest.approx(12 - pace.BURST_SECONDS)
    clock[0] += 12
    assert kept.begin(limits) == 1200  # the next is taken to need as many


def test_a_call_is_held_back_at_its_most_and_settled_at_what_it_took(connection: Connection) -> None:
    engine, purse = ScriptedEngine(), Purse()
    job = limited(connection, Limits(budget_tokens=2 * MOST))
    purse.refresh(job, ())
    assert purse.hold(1, engine, CALL)
    assert purse.hold(2, engine, CALL)
    assert not purse.hold(3, engine, CALL)
    purse.settle(1, Usage(30, 20))
    assert not purse.hold(3, engine, CALL)
    purse.settle(2, Usage(0, 0))
    assert purse.hold(3, engine, CALL)


def limited(connection: Connection, limits: Limits, engine: str = "local") -> Job:
    job = make_job(connection, engine=engine)
    with write(connection):
        rows.set_limits(connection, job.id, limits)
    return find_job(connection, job.id)


@pytest.mark.usefixtures("impatient")
async def test_a_job_stops_within_its_budget_and_goes_on_with_a_bigger_one(
    workspace_path: Path, connection: Connection
) -> None:
    """Nothing that was paid for is lost, nothing beyond the budget is asked, and the job says how to go on."""
    job = limited(connection, Limits(budget_tokens=2_500))
    engine = ScriptedEngine()
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert now.state == "paused"
    assert "The budget of 2,500 tokens (" in now.note
    assert f"`evalwright jobs resume {job.id} --budget-tokens MORE` goes on" in now.note
    assert 0 < now.input_tokens + now.output_tokens <= 2_500
    assert now.items_done == engine.calls
    assert connection.execute("SELECT count(*) FROM work_items WHERE state = 'leased'").fetchone() == (0,)
    with write(connection):
        rows.set_limits(connection, job.id, Limits(budget_tokens=10**9))
    move_job(connection, job.id, "resume")
    await run_worker(workspace_path, engine)
    after = find_job(connection, job.id)
    assert (after.state, after.selected) == ("done", 8)
    assert after.items_done == engine.calls  # nothing was asked twice


@pytest.mark.usefixtures("impatient")
async def test_a_budget_in_dollars_counts_what_calls_cost(workspace_path: Path, connection: Connection) -> None:
    job = limited(connection, Limits(budget_usd=Decimal("0.02")), engine="anthropic")
    connection.execute("UPDATE jobs SET model = 'claude-haiku-5-5'")
    engine = ScriptedEngine(has_probabilities=False)
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert now.unpriced_calls == 0
    assert 0 < now.cost_usd <= Decimal("0.02")
    stored = connection.execute("SELECT sum(cost_nanodollars) FROM calls").fetchone()[0]
    assert now.cost_nanodollars == stored


@pytest.mark.usefixtures("impatient")
async def test_a_job_has_as_many_calls_in_flight_as_it_wants(workspace_path: Path, connection: Connection) -> None:
    limited(connection, Limits(concurrency=2))
    engine = ScriptedEngine(concurrency=16)
    await run_worker(workspace_path, engine)
    assert engine.most_in_flight == 2
