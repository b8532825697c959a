"""One worker at a time: the lease, taking over from a dead one, and what a late one can no longer do."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db import jobs as job_rows
from db.clock import now
from db.jobs import NewItem
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from db.worker_lease import Lease, current_lease, drop_lease, store_lease
from generation.engines.protocol import EngineUnusableError
from generation.jobs import pipeline, rounds
from generation.jobs.jobs import find_job, move_job
from generation.worker import lease as leases
from generation.worker.lease import OvertakenError, Turn, give_up_lease, is_live, new_holder, renew_lease, take_lease
from generation.worker.replies import Answered, Refused, ResultStore
from generation.worker.worker import Worker
from review.assignment.processes import process_mark
from tests.support.scripted_engine import ScriptedEngine, completions, make_job, reach, run_worker, running_of
from tests.support.workspaces import DEAD_PID

pytestmark = pytest.mark.usefixtures("impatient")

HERE = socket.gethostname()
LATER = 1e12


def put_lease(connection: Connection, lease: Lease) -> None:
    with write(connection):
        store_lease(connection, lease)


def holder(connection: Connection) -> str | None:
    lease = current_lease(connection)
    return lease.holder if lease else None


# The lease


@pytest.mark.parametrize(
    ("host", "pid", "ahead", "live"),
    [
        (HERE, os.getpid(), 10.0, True),
        (HERE, os.getpid(), -1e9, False),  # shows no life: perhaps another process has its number now
        (HERE, DEAD_PID, 10.0, False),
        (HERE, os.getpid(), 3600.0, True),  # the clock was set back by an hour: it lives, and its calls are paid for
        (HERE, DEAD_PID, 3600.0, False),
        ("another-machine", DEAD_PID, 10.0, True),
        ("another-machine", DEAD_PID, -1e9, False),
    ],
    ids=["own", "own, silent", "dead", "clock set back", "clock set back, dead", "elsewhere", "elsewhere, silent"],
)
def test_a_worker_lives_while_its_process_does_and_it_renews(host: str, pid: int, ahead: float, *, live: bool) -> None:
    assert is_live(Lease("x", host, pid, now() + ahead)) is live


def test_a_later_process_with_a_dead_workers_id_is_not_that_worker() -> None:
    """A container gives its programs the same few ids at every start."""
    mine, theirs = new_holder(), f"token {process_mark(os.getpid())[:-1]}0x"
    assert is_live(Lease(mine, HERE, os.getpid(), LATER))
    assert not is_live(Lease(theirs, HERE, os.getpid(), LATER))
    assert is_live(Lease("of-an-earlier-version", HERE, os.getpid(), LATER))


def test_a_worker_that_is_slow_to_renew_is_not_overtaken_on_its_own_machine() -> None:
    """It is starved, and a new one would be too."""
    late = now() - 20
    assert is_live(Lease("x", HERE, os.getpid(), late))
    assert not is_live(Lease("x", HERE, DEAD_PID, late))
    assert not is_live(Lease("x", "another-machine", DEAD_PID, late))


def test_the_lease_is_taken_once_and_given_up_by_its_holder_only(connection: Connection) -> None:
    assert take_lease(connection, "first")
    assert not take_lease(connection, "second")
    assert renew_lease(connection, "first")
    assert not renew_lease(connection, "second")
    give_up_lease(connection, "second")
    assert holder(connection) == "first"
    give_up_lease(connection, "first")
    assert holder(connection) is None
    assert not renew_lease(connection, "first")
    assert take_lease(connection, "second")


def test_renewing_moves_the_end(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    assert take_lease(connection, "first")
    monkeypatch.setattr(leases, "now", lambda: now() + 100)
    assert not is_live(current_lease(connection) or Lease("", "", 0, 0))
    assert renew_lease(connection, "first")
    assert is_live(current_lease(connection) or Lease("", "", 0, 0))


def test_what_a_dead_worker_had_claimed_is_given_back_at_once(connection: Connection) -> None:
    job = make_job(connection)
    put_lease(connection, Lease("dead", HERE, DEAD_PID, LATER))
    with write(connection):
        job_rows.insert_items(connection, job.id, 1, [NewItem("sample", 0, {})])
        assert len(job_rows.claim_items(connection, job.id, 1, lease="dead", limit=1, now=1.0)) == 1
        assert job_rows.claim_items(connection, job.id, 1, lease="new", limit=1, now=1.0) == []
    assert take_lease(connection, "new")
    with write(connection):
        (item,) = job_rows.claim_items(connection, job.id, 1, lease="new", limit=1, now=1.0)
    assert item.attempt == 2


# A turn


@pytest.mark.parametrize("state", ["paused", "cancelled", "done"])
def test_a_turn_writes_only_while_the_job_is_wanted(connection: Connection, state: str) -> None:
    job = make_job(connection)
    assert take_lease(connection, "me")
    turn = Turn(connection, "me", job.id)
    with turn.write():
        job_rows.set_note(connection, job.id, "mine")
    with write(connection):
        job_rows.set_state(connection, job.id, state)  # type: ignore[arg-type]
    with pytest.raises(OvertakenError), turn.write():
        job_rows.begin_round(connection, job.id, 9)
    assert find_job(connection, job.id).round == 0
    assert not connection.in_transaction


def test_a_turn_writes_only_while_its_worker_holds_the_lease(connection: Connection) -> None:
    job = make_job(connection)
    for lease in (None, Lease("another", HERE, os.getpid(), LATER)):
        if lease:
            put_lease(connection, lease)
        with pytest.raises(OvertakenError), Turn(connection, "me", job.id).write():
            job_rows.begin_round(connection, job.id, 9)
    assert find_job(connection, job.id).round == 0


def batches_of_two(path: Path, job_id: int, move: str) -> Callable[[Sequence[Any]], Iterator[Sequence[Any]]]:
    """In place of the pipeline's batches: of two rows, and once four examples are chosen a person stops the job."""

    def batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
        other = open_workspace(path)
        for start in range(0, len(rows), 2):
            now = find_job(other, job_id)
            if now.selected == 4 and now.state == "running":
                move_job(other, job_id, move)
            yield rows[start : start + 2]
        other.close()

    return batches


def test_a_turn_shows_that_the_worker_lives(connection: Connection) -> None:
    """However long a job is moved on without a pause, nobody takes the worker for dead."""
    job = make_job(connection)
    assert take_lease(connection, "me")
    put_lease(connection, Lease("me", HERE, os.getpid(), 0.0))
    with Turn(connection, "me", job.id).write():
        job_rows.set_note(connection, job.id, "busy")
    assert not take_lease(connection, "another")
    lease = current_lease(connection)
    with Turn(connection, "me", job.id).write():
        job_rows.set_note(connection, job.id, "still busy")
    assert current_lease(connection) == lease  # not written anew every time


async def test_a_job_cancelled_in_the_middle_of_a_choice_gets_no_more_examples(
    workspace_path: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its dataset is closed: not one example may come in after that."""
    job = make_job(connection, count=12, rounds=1)
    monkeypatch.setattr(rounds, "batches", batches_of_two(workspace_path, job.id, "cancel"))
    await run_worker(workspace_path, ScriptedEngine())
    now = find_job(connection, job.id)
    assert (now.state, now.selected) == ("cancelled", 4)
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (4,)


async def test_a_choice_cut_short_is_finished_as_if_it_never_was(
    workspace_path: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(connection, count=12, rounds=1, seed=3)
    with monkeypatch.context() as patch:
        patch.setattr(rounds, "batches", batches_of_two(workspace_path, job.id, "pause"))
        await run_worker(workspace_path, ScriptedEngine())
    assert (find_job(connection, job.id).state, find_job(connection, job.id).selected) == ("paused", 4)
    move_job(connection, job.id, "resume")
    whole = make_job(connection, count=12, rounds=1, seed=3, behavior='name = "whole"\ndescription = "x"\n')
    await run_worker(workspace_path, ScriptedEngine())
    questions = "SELECT question FROM examples WHERE dataset_id = ? ORDER BY question"
    made = [connection.execute(questions, (each.dataset_id,)).fetchall() for each in (job, whole)]
    assert made[0] == made[1]
    assert len(made[0]) == 12


# Two workers


async def test_a_second_worker_ends_at_once(workspace_path: Path, connection: Connection) -> None:
    job = make_job(connection)
    first_engine, second_engine = ScriptedEngine(), ScriptedEngine()
    first_engine.gate.clear()
    first = Worker(workspace_path, engines=lambda *_: first_engine)
    running = asyncio.create_task(first.run())
    await reach(connection, lambda connection: bool(first_engine.sampled), running)
    second = Worker(workspace_path, engines=lambda *_: second_engine)
    assert await second.run() is False
    assert second_engine.calls == 0
    first_engine.gate.set()
    await reach(connection, lambda connection: find_job(connection, job.id).finished, running)
    first.stop()
    assert await running
    assert holder(connection) is None


async def test_a_worker_that_is_stopped_gives_back_what_it_holds(workspace_path: Path, connection: Connection) -> None:
    make_job(connection)
    engine = ScriptedEngine()
    engine.gate.clear()
    await run_worker(workspace_path, engine, lambda connection: len(engine.sampled) == engine.concurrency)
    states = connection.execute("SELECT DISTINCT state FROM work_items").fetchall()
    assert states == [("waiting",)]
    assert holder(connection) is None
    assert engine.closed


async def test_a_zombies_late_results_change_nothing(
    workspace_path: Path, connection: Connection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that slept too long finds another in its place: its answers come too late, and it stops."""
    monkeypatch.setattr("generation.worker.worker.RENEW_SECONDS", 1e9)
    job = make_job(connection, count=8, rounds=1)
    sleepy = ScriptedEngine()
    sleepy.gate.clear()
    zombie = Worker(workspace_path, engines=lambda *_: sleepy)
    running = asyncio.create_task(zombie.run())
    await reach(connection, lambda connection: len(sleepy.sampled) == sleepy.concurrency, running)
    lease = current_lease(connection)
    assert lease is not None
    put_lease(connection, replace(lease, expires_at=0.0))
    awake = ScriptedEngine()
    successor = Worker(workspace_path, engines=lambda *_: awake)
    taking_over = asyncio.create_task(successor.run())
    await reach(connection, lambda connection: find_job(connection, job.id).items_done > 0, taking_over)
    assert holder(connection) != lease.holder
    with caplog.at_level(logging.ERROR):
        sleepy.gate.set()
        await reach(connection, lambda connection: find_job(connection, job.id).finished, taking_over)
        successor.stop()
        assert await taking_over
        zombie.stop()
        assert await running
    assert sleepy.calls == sleepy.concurrency
    assert find_job(connection, job.id).selected == 8
    rows = connection.execute("SELECT count(*), count(DISTINCT item_id) FROM calls").fetchone()
    assert rows == (awake.calls, awake.calls)
    assert connection.execute("SELECT count(*), count(DISTINCT text) FROM candidates").fetchone() == (
        len(awake.sampled),
        len(awake.sampled),
    )
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (8,)


def test_a_late_result_stores_nothing_of_itself(connection: Connection) -> None:
    """Not the call, nor candidates, nor questions for the judge: whoever has the item now will store them."""
    job = make_job(connection)
    engine = ScriptedEngine()
    running = running_of(connection, job, engine)
    with write(connection):
        job_rows.insert_items(connection, job.id, 1, running.recipe.stages[0].first_calls(job, running, 1)[:1])
        (item,) = job_rows.claim_items(connection, job.id, 1, lease="zombie", limit=1, now=1.0)
        job_rows.give_back_items(connection)
    request = pipeline.request_for(job, running, item, None)
    late = Answered(job, running, item, request, completions(" walk along road 1"), 0.1)
    failed = Refused(job, running, item, EngineUnusableError("no key"))
    ResultStore().store(connection, [late, late])
    for table in ("calls", "candidates"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert connection.execute("SELECT state, attempt FROM work_items").fetchall() == [("waiting", 1)]
    with write(connection):
        (again,) = job_rows.claim_items(connection, job.id, 1, lease="me", limit=1, now=1.0)
    ResultStore().store(connection, [late, replace(late, item=again), late, failed])
    assert connection.execute("SELECT count(*) FROM calls").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM candidates").fetchone() == (1,)
    now = find_job(connection, job.id)
    assert (now.items_done, now.items_failed, now.candidates, now.state) == (1, 0, 1, "queued")


async def test_a_worker_that_lost_its_lease_stops_by_itself(
    workspace_path: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.worker.worker.RENEW_SECONDS", 0.01)
    make_job(connection)
    engine = ScriptedEngine()
    engine.gate.clear()
    worker = Worker(workspace_path, engines=lambda *_: engine)
    running = asyncio.create_task(worker.run())
    await reach(connection, lambda connection: bool(engine.sampled), running)
    put_lease(connection, Lease("another", HERE, os.getpid(), LATER))
    assert await asyncio.wait_for(running, 60)
    assert holder(connection) == "another"
    with write(connection):
        drop_lease(connection, "another")


async def test_advancing_as_a_zombie_changes_nothing(workspace_path: Path, connection: Connection) -> None:
    job = make_job(connection, count=8, rounds=1)
    await run_worker(workspace_path, ScriptedEngine(), lambda connection: find_job(connection, job.id).items_done >= 60)
    put_lease(connection, Lease("another", HERE, os.getpid(), LATER))
    with write(connection):
        connection.execute("UPDATE work_items SET state = 'failed' WHERE state != 'done'")
    now = find_job(connection, job.id)
    assert (now.state, now.selected) == ("running", 0)
    with pytest.raises(OvertakenError):
        pipeline.advance(Turn(connection, "zombie", job.id), now, running_of(connection, job, ScriptedEngine()))
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (0,)
