"""Several jobs of one worker, and jobs that are steered while their calls are in flight."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from db import jobs as job_rows
from db.store.connection import Connection
from generation.engines.protocol import JudgeRequest, SampleRequest
from generation.jobs.jobs import find_job, move_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe
from generation.recipes.stages.seeds import derive_seed
from generation.worker.worker import Worker
from tests.support.books import check_books, examples_of
from tests.support.scripted_engine import (
    ScriptedEngine,
    make_job,
    reach,
    run_worker,
)

pytestmark = pytest.mark.usefixtures("impatient")

PERSONA = load_recipe("persona")

# Several jobs


async def test_jobs_of_one_worker_do_not_mix(workspace_path: Path, connection: Connection) -> None:
    jobs = [
        make_job(connection, behavior=f'name = "b{number}"\ndescription = "likes number {number}"\n', seed=number)
        for number in range(3)
    ]
    await run_worker(workspace_path, ScriptedEngine())
    for number, job in enumerate(jobs):
        check_books(connection, job)
        assert find_job(connection, job.id).state == "done"
        prompts = connection.execute("SELECT prompt FROM calls WHERE job_id = ?", (job.id,)).fetchall()
        assert prompts
        assert all(f"likes number {number}." in prompt for (prompt,) in prompts)


async def test_a_busy_engine_does_not_hold_up_another(workspace_path: Path, connection: Connection) -> None:
    """Each engine has as many calls in flight as it bears; one that answers nothing takes no place of another's."""
    slow, quick = ScriptedEngine(concurrency=8), ScriptedEngine(concurrency=1)
    slow.gate.clear()
    first = make_job(connection, count=40, engine="anthropic")
    second = make_job(connection, behavior='name = "quick"\ndescription = "x"\n')
    worker = Worker(workspace_path, engines=lambda name, *_: slow if name == "anthropic" else quick)
    running = asyncio.create_task(worker.run())
    await reach(connection, lambda connection: find_job(connection, second.id).finished, running)
    assert find_job(connection, second.id).state == "done"
    assert find_job(connection, first.id).items_done == 0
    worker.stop()
    assert await running


# Steering while calls are in flight


@pytest.mark.parametrize("move", ["pause", "cancel"])
async def test_calls_in_flight_are_stored_when_a_job_is_stopped(
    workspace_path: Path, connection: Connection, move: str
) -> None:
    job = make_job(connection, count=40, rounds=1)
    engine = ScriptedEngine()
    engine.gate.clear()
    moved = False

    def leased() -> int:
        found: int = connection.execute("SELECT count(*) FROM work_items WHERE state = 'leased'").fetchone()[0]
        return found

    def stopped_and_stored(connection: Connection) -> bool:
        nonlocal moved
        if len(engine.sampled) == engine.concurrency and not moved:
            move_job(connection, job.id, move)
            moved = True
        elif moved and leased() == engine.concurrency:  # What was claimed ahead is given back: it has been seen.
            engine.gate.set()
        return moved and find_job(connection, job.id).items_done == engine.concurrency

    await run_worker(workspace_path, engine, stopped_and_stored)
    now = find_job(connection, job.id)
    assert now.state == {"pause": "paused", "cancel": "cancelled"}[move]
    assert engine.calls == engine.concurrency  # nothing new was asked
    check_books(connection, job)
    assert examples_of(connection, job) == []
    if move == "pause":
        move_job(connection, job.id, "resume")
        await run_worker(workspace_path, engine)
        assert find_job(connection, job.id).selected == 40
        assert len(set(engine.sampled)) == len(engine.sampled)  # what was stored was not asked again
        check_books(connection, job)


async def test_a_resumed_job_says_that_it_runs(workspace_path: Path, connection: Connection) -> None:
    job = make_job(connection, count=40, rounds=1)
    engine = ScriptedEngine()
    await run_worker(workspace_path, engine, lambda connection: find_job(connection, job.id).items_done >= 3)
    move_job(connection, job.id, "pause")
    move_job(connection, job.id, "resume")
    engine.gate.clear()
    await run_worker(workspace_path, engine, lambda connection: find_job(connection, job.id).state == "running")
    assert find_job(connection, job.id).state == "running"


def test_seeds_depend_on_the_job_and_the_place(connection: Connection) -> None:
    first = make_job(connection, seed=1)
    second = make_job(connection, seed=2, behavior='name = "b"\ndescription = "x"\n')
    seeds = {
        derive_seed(job, *place) for job in (first, second) for place in [(1, "sample", 0), (1, "sample", 1), (2,)]
    }
    assert len(seeds) == 6
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert parse_behavior("b", job_rows.job_texts(connection, second.id).behavior).name == "b"
    assert job_rows.all_jobs(connection) == [first, second]


async def test_while_one_engine_gets_ready_the_worker_goes_on_with_others(
    workspace_path: Path, connection: Connection
) -> None:
    """Fetching the embedded model takes minutes; its job says so, and the jobs of other engines run."""

    class Fetching(ScriptedEngine):
        async def prepare(self, tell: Callable[[str], None]) -> None:
            tell("fetching the model, 43 %")
            await fetched.wait()
            tell("")

    fetched = asyncio.Event()
    engines = {"local": Fetching(), "anthropic": ScriptedEngine(has_probabilities=False)}
    waiting = make_job(connection)
    other = make_job(connection, engine="anthropic", behavior='name = "other"\ndescription = "x"\n')
    worker = Worker(workspace_path, engines=lambda name, *_: engines[name])
    running = asyncio.create_task(worker.run())
    await reach(connection, lambda connection: find_job(connection, other.id).finished, running)
    assert engines["local"].calls == 0
    assert find_job(connection, waiting.id).note == "fetching the model, 43 %"
    fetched.set()
    await reach(connection, lambda connection: find_job(connection, waiting.id).finished, running)
    assert find_job(connection, waiting.id).selected == 8
    worker.stop()
    assert await running


@pytest.mark.slow
async def test_jobs_on_one_engine_take_turns(connection: Connection, workspace_path: Path) -> None:
    engine = ScriptedEngine(concurrency=1)
    asked: list[bool] = []

    def note(request: SampleRequest | JudgeRequest) -> None:
        asked.append("loves the rain" in request.prompt.user)

    engine.on_sample = engine.on_judge = note
    make_job(connection)
    make_job(connection, behavior='name = "rain"\ndescription = "loves the rain"\n')
    await run_worker(workspace_path, engine)
    half = asked[: len(asked) // 2]
    assert half.count(True) > len(half) / 3
    assert half.count(False) > len(half) / 3
    assert max(len(list(run)) for _, run in itertools.groupby(half)) <= 8
