"""Engines that fail in every way they can, and what becomes of the job."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from db import candidates as candidate_rows
from db.job_records import Candidate, Limits
from db.records import NewExample
from db.store.connection import Connection
from generation.engines.protocol import (
    EngineBusyError,
    EngineError,
    EngineUnusableError,
    JudgeRequest,
    SampleReply,
    SampleRequest,
)
from generation.jobs import pipeline, rounds
from generation.jobs.jobs import find_job, move_job, retry_job, widen
from generation.jobs.running import RunningJob
from generation.recipes.recipe import load_recipe, parse_recipe
from generation.worker import replies as results
from generation.worker import retries as patience
from generation.worker.worker import Worker
from tests.support.scripted_engine import ScriptedEngine, completions, make_job, reach, run_worker, vote

pytestmark = pytest.mark.usefixtures("impatient")


class Faults:
    """Raises what a test scripts, by how often the same request has come."""

    def __init__(self) -> None:
        self.asked: Counter[SampleRequest | JudgeRequest] = Counter()
        self.times: list[float] = []

    def failing(self, error: Exception, *, times: int = 10**9, every: int = 1) -> None:
        self.error, self.first_times, self.every = error, times, every

    def __call__(self, request: SampleRequest | JudgeRequest) -> None:
        self.asked[request] += 1
        self.times.append(asyncio.get_running_loop().time())
        if request.seed % self.every == 0 and self.asked[request] <= self.first_times:
            raise self.error


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


# Try again later


@pytest.mark.slow
async def test_server_errors_are_tried_again_until_they_succeed(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    job = make_job(connection)
    faults = Faults()
    faults.failing(EngineBusyError("server error"), times=patience.ATTEMPTS - 1, every=2)
    engine.on_sample = engine.on_judge = faults
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, now.selected, now.items_failed) == ("done", 8, 0)
    assert set(faults.asked.values()) == {1, patience.ATTEMPTS}


async def test_server_errors_without_end_are_counted_as_failures(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    job = make_job(connection)
    widen(connection, job.id, Limits(failures_in_a_row=1000))
    faults = Faults()
    faults.failing(EngineBusyError("server error"), every=4)
    engine.on_sample = engine.on_judge = faults
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    given_up = [request for request, asked in faults.asked.items() if asked == patience.ATTEMPTS]
    assert now.items_failed == len(given_up) > 0
    assert set(faults.asked.values()) == {1, patience.ATTEMPTS}
    assert now.state == "done"
    assert f"{now.items_failed} calls failed" in now.note
    errors = connection.execute("SELECT DISTINCT error FROM work_items WHERE state = 'failed'").fetchall()
    assert errors == [("server error",)]
    funnel = {(row.stage, row.reason): row.count for row in candidate_rows.funnel(connection, job.id)}
    judges_failed = sum(isinstance(request, JudgeRequest) for request in given_up)
    assert funnel["judge", "every call of the judge failed"] == judges_failed > 0
    assert sum(funnel.values()) == now.candidates


async def test_a_server_that_asks_to_wait_is_waited_for_and_nothing_fails(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    """However often it asks, and the whole job waits, not the one call only."""
    job = make_job(connection, count=4, rounds=1)
    faults = Faults()
    faults.failing(EngineBusyError("too many requests", retry_after=0.02), times=patience.ATTEMPTS + 4, every=5)
    engine.on_sample = engine.on_judge = faults
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, now.items_failed, now.note) == ("done", 0, "")
    assert max(faults.asked.values()) == patience.ATTEMPTS + 5


async def test_the_wait_is_as_long_as_asked_and_shown(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told 30 seconds, the worker asks nothing more until 30 seconds have passed on its clock."""
    clock = [1_000.0]
    monkeypatch.setattr("generation.worker.worker.now", lambda: clock[0])
    monkeypatch.setattr(results, "now", lambda: clock[0])
    job = make_job(connection)
    faults = Faults()
    faults.failing(EngineBusyError("too many requests", retry_after=30.0), times=1)
    engine.on_sample = engine.on_judge = faults
    worker = Worker(workspace_path, engines=lambda *_: engine)
    running = asyncio.create_task(worker.run())
    await reach(connection, lambda connection: find_job(connection, job.id).note != "", running)
    assert find_job(connection, job.id).note == "waiting 30 s: too many requests"
    for clock[0] in (1_001.0, 1_029.9):
        await asyncio.sleep(0.05)
        assert engine.calls == engine.concurrency
    faults.first_times = 0  # Calls made for the first time from here on succeed.
    clock[0] = 1_030.1
    await reach(connection, lambda connection: find_job(connection, job.id).note == "", running)
    worker.stop()
    assert await running


# This call can't succeed


async def test_a_call_that_cannot_succeed_is_not_tried_again(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    job = make_job(connection)
    faults = Faults()
    faults.failing(EngineError("prompt too long"), every=3)
    engine.on_sample = engine.on_judge = faults
    await run_worker(workspace_path, engine)
    assert set(faults.asked.values()) == {1}
    assert find_job(connection, job.id).items_failed == sum(request.seed % 3 == 0 for request in faults.asked)


async def test_an_engine_that_breaks_is_a_failure_and_the_worker_lives(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(connection)
    faults = Faults()
    faults.failing(ZeroDivisionError("a mistake of ours"), every=3)
    engine.on_sample = engine.on_judge = faults
    with caplog.at_level(logging.CRITICAL):
        await run_worker(workspace_path, engine)
    assert find_job(connection, job.id).state == "done"
    (error,) = connection.execute("SELECT DISTINCT error FROM work_items WHERE state = 'failed'").fetchone()
    assert "stopped unexpectedly (ZeroDivisionError)" in error


async def test_half_a_surrogate_pair_is_refused_at_the_door(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    job = make_job(connection)

    def halves(request: SampleRequest) -> SampleReply | None:
        return completions(" walk \ud83d far") if request.seed % 3 == 0 else None

    engine.on_sample = halves
    engine.on_judge = lambda request: vote(None, raw="\udc00") if request.seed % 3 == 0 else None
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert now.state == "done"
    odd = [request for request in engine.sampled if request.seed % 3 == 0]
    odd_judgements = [request for request in engine.judged if request.seed % 3 == 0]
    assert now.items_failed == len(odd) + len(odd_judgements)
    assert min(len(odd), len(odd_judgements)) > 0
    (error,) = connection.execute("SELECT DISTINCT error FROM work_items WHERE state = 'failed'").fetchone()
    assert error == "The reply holds half a surrogate pair, which is no character."


async def test_a_reply_that_cannot_be_stored_fails_alone(
    workspace_path: Path,
    connection: Connection,
    engine: ScriptedEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = make_job(connection)

    engine.on_sample = lambda request: completions(" walk into trouble") if request.seed % 3 == 0 else None
    original = pipeline.store_reply

    def store(*arguments: object) -> None:
        reply = arguments[-1]
        if isinstance(reply, SampleReply) and "trouble" in reply.completions[0].text:
            raise RuntimeError("a mistake of ours")
        original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "store_reply", store)
    with caplog.at_level(logging.CRITICAL):
        await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert now.state == "done"
    assert now.items_failed == sum(request.seed % 3 == 0 for request in engine.sampled) > 0
    assert now.items_done == now.items - now.items_failed
    assert connection.execute("SELECT count(*) FROM calls").fetchone() == (now.items_done,)


# Nothing will work until a person acts


async def test_an_unusable_engine_pauses_the_job_with_its_sentence_and_resume_goes_on(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    job = make_job(connection)
    faults = Faults()
    faults.failing(EngineUnusableError("There is no key; set ANTHROPIC_API_KEY."))
    engine.on_judge = lambda request: faults(request) if len(engine.judged) >= 3 else None
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, now.note) == ("paused", "There is no key; set ANTHROPIC_API_KEY.")
    assert now.items_failed == 0
    stored = connection.execute("SELECT item_id FROM calls").fetchall()
    engine.on_judge = lambda request: None
    assert move_job(connection, job.id, "resume").note == ""
    await run_worker(workspace_path, engine)
    assert find_job(connection, job.id).selected == 8
    assert connection.execute("SELECT item_id FROM calls").fetchall()[: len(stored)] == stored


async def test_a_job_that_was_cancelled_stays_so_whatever_its_last_calls_say(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    job = make_job(connection)
    engine.gate.clear()
    faults = Faults()
    faults.failing(EngineUnusableError("no key"))
    engine.on_sample = faults

    def cancelled_and_failed(connection: Connection) -> bool:
        if len(engine.sampled) == engine.concurrency and not engine.gate.is_set():
            move_job(connection, job.id, "cancel")
            engine.gate.set()
        leased = connection.execute("SELECT count(*) FROM work_items WHERE state = 'leased'").fetchone()[0]
        return engine.gate.is_set() and leased == 0

    await run_worker(workspace_path, engine, cancelled_and_failed)
    now = find_job(connection, job.id)
    assert (now.state, now.note) == ("cancelled", "")


@pytest.mark.parametrize("count", [4, 40])
async def test_a_job_none_of_whose_calls_succeed_is_paused_before_it_asks_them_all(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine, count: int
) -> None:
    job = make_job(connection, count=count, rounds=1)
    faults = Faults()
    faults.failing(EngineError("400: no such field"))
    engine.on_sample = faults
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, now.items_done) == ("paused", 0)
    assert now.note == (
        "No call has succeeded: 400: no such field; `evalwright jobs retry 1` makes the failed calls again."
    )
    assert len(engine.sampled) < patience.FAILURES_IN_A_ROW + 2 * engine.concurrency
    engine.on_sample = lambda request: None
    assert retry_job(connection, job.id) == now.items_failed
    await run_worker(workspace_path, engine)
    assert find_job(connection, job.id).selected == count


async def test_even_two_calls_that_fail_pause_a_job_of_two_calls(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    job = make_job(connection, count=2, rounds=1, engine="anthropic")
    faults = Faults()
    faults.failing(EngineError("400: no"))
    engine.on_sample = faults
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, now.items, now.items_failed) == ("paused", 2, 2)


# Jobs that can't run


async def test_a_job_whose_engine_cannot_be_made_is_paused_and_others_run(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    bad = make_job(connection, engine="anthropic")
    good = make_job(connection, behavior='name = "good"\ndescription = "x"\n')
    running = Worker(workspace_path, engines=lambda name, *_: _only_local(engine, name))
    task = asyncio.create_task(running.run())
    await reach(connection, lambda connection: find_job(connection, good.id).finished, task)
    running.stop()
    assert await task
    assert find_job(connection, good.id).state == "done"
    now = find_job(connection, bad.id)
    assert (now.state, now.note) == ("paused", "This engine is not here.")


def _only_local(engine: ScriptedEngine, name: str) -> ScriptedEngine:
    if name != "local":
        raise EngineUnusableError("This engine is not here.")
    return engine


async def test_a_job_that_breaks_the_pipeline_is_paused_and_others_run(
    workspace_path: Path,
    connection: Connection,
    engine: ScriptedEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    persona = load_recipe("persona")
    odd = parse_recipe("odd", persona.text.replace('name = "persona"', 'name = "odd"'))
    bad = make_job(connection, recipe=odd)
    good = make_job(connection, behavior='name = "good"\ndescription = "x"\n')
    monkeypatch.setattr(rounds, "make_example", _raising_for(odd.name, rounds.make_example))
    with caplog.at_level(logging.CRITICAL):
        await run_worker(workspace_path, engine)
    assert find_job(connection, good.id).selected == 8
    now = find_job(connection, bad.id)
    assert (now.state, now.selected) == ("paused", 0)
    assert now.note == "The job stopped unexpectedly (RuntimeError); see the worker's log."


Make = Callable[[RunningJob, Candidate, int], NewExample]


def _raising_for(recipe: str, make: Make) -> Make:
    def example(running: RunningJob, candidate: Candidate, index: int) -> NewExample:
        if running.recipe.name == recipe:
            raise RuntimeError("a mistake of ours")
        return make(running, candidate, index)

    return example
