"""The worker as a child: started where it is needed, gone with its parent, and not started for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from db.errors import EvalwrightError
from db.jobs import set_state
from db.store.connection import Connection, write
from db.worker_lease import Lease, current_lease, drop_lease, store_lease
from generation.jobs.consent import agree
from generation.jobs.jobs import find_job
from generation.worker import supervisor
from generation.worker.supervisor import WorkerChild, log_path, worker_needed
from review.annotation.own_name import user_name
from tests.support.command_line import PATIENCE
from tests.support.messages_server import KEY
from tests.support.openai_server import OpenAIServer
from tests.support.scripted_engine import make_job


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "nothing moves"
        time.sleep(0.01)


def test_a_worker_is_needed_where_jobs_wait_and_none_lives(connection: Connection) -> None:
    assert not worker_needed(connection)
    job = make_job(connection)
    assert worker_needed(connection)
    with write(connection):
        store_lease(connection, Lease("x", "another-machine", 1, time.time() + 60))
    assert not worker_needed(connection)
    with write(connection):
        drop_lease(connection, "x")
        set_state(connection, job.id, "paused")
    assert not worker_needed(connection)


@pytest.mark.slow
def test_a_child_runs_the_job_and_goes_with_its_parent(
    workspace_path: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder named like one of our packages, where the program is called, is not taken for it."""
    for name in ("tui", "db", "generation"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('somebody else')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    job = make_job(connection, count=2, rounds=1, engine="openai-compatible")
    child = WorkerChild(workspace_path)
    with OpenAIServer(probabilities=True) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        child.ensure(connection)
        child.ensure(connection)
        wait_for(lambda: find_job(connection, job.id).finished)
    log = log_path(workspace_path).read_text()
    assert log.count(f"serves {workspace_path.name}") == 1
    process = child._child
    assert process is not None
    child.stop()
    assert process.wait() == 0
    child.stop()


@pytest.mark.slow
def test_a_job_whose_engine_has_no_key_here_is_left_alone(
    workspace_path: Path, connection: Connection, no_anthropic_settings: None
) -> None:
    """It stays as it was, for whoever has one; no further worker is started for it alone, but for another job."""
    job = make_job(connection, engine="anthropic")
    child = WorkerChild(workspace_path)

    def left() -> bool:
        child.ensure(connection)
        return child.has_left(connection, job.id)

    wait_for(left)
    child.ensure(connection)
    assert child._child is None
    now = find_job(connection, job.id)
    assert (now.state, now.items_done, now.items_failed) == ("queued", 0, 0)
    assert now.note.startswith(f"Left alone by the worker of {user_name()}: The anthropic engine has no key: set ")
    assert "job 1 is left alone: The anthropic engine has no key" in log_path(workspace_path).read_text()
    assert current_lease(connection) is None
    make_job(connection, behavior='name = "b"\ndescription = "x"\n')
    child.ensure(connection)
    assert child._child is not None
    child.stop()
    child._child.wait()


def test_no_worker_is_started_for_somebody_elses_job(
    workspace_path: Path, connection: Connection, dying: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_job(connection)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
    child = WorkerChild(workspace_path)
    child.ensure(connection)
    assert (dying, worker_needed(connection)) == ([], False)
    agree(connection, 1)
    child.ensure(connection)
    assert len(dying) == 1


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_log_that_is_something_else_is_told_and_left_alone(
    workspace_path: Path, connection: Connection, tmp_path: Path, kind: str
) -> None:
    make_job(connection, engine="anthropic")
    log, elsewhere = log_path(workspace_path), tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    log.symlink_to(elsewhere) if kind == "link" else os.mkfifo(log)
    with pytest.raises(EvalwrightError, match=rf"The worker's log .* can't be written \(.* is a {kind}"):
        WorkerChild(workspace_path).ensure(connection)
    assert elsewhere.read_text() == "mine"


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Children that end at once with an error; their process ids."""
    started: list[int] = []
    popen = subprocess.Popen

    def start(*_: object, **more: object) -> object:
        child = popen([sys.executable, "-S", "-c", "raise SystemExit(3)"], stdin=-1)
        started.append(child.pid)
        return child

    monkeypatch.setattr(subprocess, "Popen", start)
    return started


def test_workers_that_keep_ending_are_not_started_for_ever(
    workspace_path: Path, connection: Connection, dying: list[int]
) -> None:
    make_job(connection)
    child = WorkerChild(workspace_path)

    def started_all() -> bool:
        child.ensure(connection)
        return len(dying) == supervisor.ENDS

    wait_for(started_all)
    refusal = f"The worker ended by itself {supervisor.ENDS} times in a row; the end of .*worker.log says why"
    with pytest.raises(EvalwrightError, match=refusal):
        wait_for(lambda: child.ensure(connection))
    with pytest.raises(EvalwrightError, match=refusal):
        child.ensure(connection)
    assert len(dying) == supervisor.ENDS
    assert all(pid != os.getpid() for pid in dying)


def test_one_that_lived_long_may_be_followed_by_another(
    workspace_path: Path, connection: Connection, dying: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LIVED_LONG_SECONDS", -1.0)
    make_job(connection)
    child = WorkerChild(workspace_path)

    def started_often() -> bool:
        child.ensure(connection)
        return len(dying) > supervisor.ENDS + 1

    wait_for(started_often)
