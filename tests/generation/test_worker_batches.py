"""Jobs on the anthropic-batches engine: the real SDK, a real server in a process of its own, real workers, killed."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db.job_records import Job
from db.store.connection import Connection
from generation.jobs.jobs import find_job
from tests.support.command_line import PATIENCE, environment, run, start
from tests.support.faulty_server import Running, serving

pytestmark = pytest.mark.slow

BATCHES = "/v1/messages/batches"


def generate(folder: Path, server: Running, count: int, *more: str) -> subprocess.CompletedProcess[str]:
    options = ("--recipe", "fewer.toml", "--engine", "anthropic-batches", "--count", str(count), "--rounds", "2")
    return run("generate", "walks.toml", *options, *more, cwd=folder, **server.settings)


def sent(server: Running) -> list[list[str]]:
    """The names of the requests of each batch that the server took."""
    return [
        [entry["custom_id"] for entry in request["body"]["requests"]]
        for request in server.requests()
        if request["path"] == BATCHES and request["body"] is not None and request["status"] == 200
    ]


def item_of(name: str) -> int:
    return int(name.split("-")[2])


def finished_job(connection: Connection, server: Running, count: int) -> Job:
    """The job, with its books in order: every item ended once, no request was sent twice in vain."""
    job = find_job(connection, 1)
    assert (job.state, job.selected) == ("done", count), job.note
    assert job.items == job.items_done + job.items_failed
    ends = connection.execute("SELECT DISTINCT state FROM work_items ORDER BY state").fetchall()
    assert ends in ([("done",)], [("done",), ("failed",)])
    assert connection.execute("SELECT count(*), count(DISTINCT item_id) FROM calls").fetchone() == (job.items_done,) * 2
    assert connection.execute("SELECT count(*) FROM batch_requests").fetchone() == (0,)
    states = {state for (state,) in connection.execute("SELECT DISTINCT state FROM batches")}
    assert "stored" in states <= {"stored", "absent"}  # The server refused the absent ones: too many requests.
    names = [name for batch in sent(server) for name in batch]
    assert len(names) == len(set(names))
    totals = connection.execute(
        "SELECT sum(requests), sum(succeeded), sum(errored), sum(expired), sum(canceled) FROM batches"
        " WHERE state = 'stored'"
    ).fetchone()
    assert totals[0] == len(names) == sum(totals[1:])
    assert totals[1] == job.items_done  # no answer was paid for twice
    again = sum(asked - 1 for asked in Counter(map(item_of, names)).values())
    assert again == sum(totals[2:]) - job.items_failed
    return job


def test_a_job_over_a_server_with_every_fault(folder: Path, workspace: Connection) -> None:
    """Unordered results, some expired, some errored, 429, lost connections, also while a batch is being sent."""
    with serving(folder, "--faults") as server:
        done = generate(folder, server, 8)
        assert done.returncode == 0, done.stderr
        job = finished_job(workspace, server, 8)
    statuses = Counter(request["status"] for request in server.requests())
    assert statuses[429] > 0
    assert job.items_failed > 0  # what the server called invalid isn't asked again
    expired, errored = workspace.execute("SELECT sum(expired), sum(errored) FROM batches").fetchone()
    assert expired > 0
    assert errored >= job.items_failed
    full = workspace.execute("SELECT sum(input_tokens * 100 + output_tokens * 500) FROM calls").fetchone()[0]
    assert full / 2 <= job.cost_nanodollars <= full / 2 + job.items_done  # half the price, rounded up by the call


def wait_until(condition: Callable[[], Any], worker: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "nothing moves"
        assert worker.poll() is None, f"the worker ended with {worker.returncode}"
        time.sleep(0.01)


def test_a_batch_sent_just_before_the_worker_is_killed_is_adopted(folder: Path, workspace: Connection) -> None:
    """The server has it and has not said so yet: kill -9 between submit and store."""
    with serving(folder, "--send-seconds", "0.7", "--batch-seconds", "0.5") as server:
        assert generate(folder, server, 4, "--detach").returncode == 0
        env = environment(folder, **server.settings)
        for nth in (1, 2):
            worker = start("worker", cwd=folder, env=env)
            while len(sent(server)) < nth:
                time.sleep(0.01)
            worker.kill()
            worker.wait()
            assert workspace.execute("SELECT state, batch_id FROM batches ORDER BY created_at DESC").fetchone() == (
                "intended",
                None,
            )
        worker = start("worker", cwd=folder, env=env)
        wait_until(lambda: find_job(workspace, 1).finished, worker)
        worker.terminate()
        worker.wait(PATIENCE)
        finished_job(workspace, server, 4)


def test_a_batch_that_was_noted_and_never_sent_is_sent_after_all(folder: Path, workspace: Connection) -> None:
    """Killed before the server had it: it isn't there, so its calls go into another batch."""
    with serving(folder) as server:
        assert generate(folder, server, 4, "--detach").returncode == 0
        env = environment(folder, **{**server.settings, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})
        worker = start("worker", cwd=folder, env=env)
        wait_until(lambda: workspace.execute("SELECT count(*) FROM batches").fetchone() == (1,), worker)
        worker.kill()
        worker.wait()
        # Long ago, so that a batch still on its way can be ruled out.
        workspace.execute("UPDATE batches SET created_at = created_at - 60")
        worker = start("worker", cwd=folder, env=environment(folder, **server.settings))
        wait_until(lambda: find_job(workspace, 1).finished, worker)
        worker.terminate()
        worker.wait(PATIENCE)
        names = [name for batch in sent(server) for name in batch]
    assert find_job(workspace, 1).state == "done"
    assert len(names) == len(set(names)) == find_job(workspace, 1).items_done
    assert workspace.execute("SELECT state FROM batches ORDER BY created_at").fetchone() == ("absent",)


def test_a_worker_that_cant_store_what_became_of_a_batch_ends_and_the_next_adopts_it(
    folder: Path, workspace: Connection
) -> None:
    """As on a full disk: one sentence, the job isn't stopped, and nothing is paid for twice."""
    with serving(folder, "--send-seconds", "2", "--batch-seconds", "0.2") as server:
        assert generate(folder, server, 4, "--detach").returncode == 0
        said = folder / "full.txt"
        worker = start("worker", cwd=folder, env=environment(folder, **server.settings), log=said)
        wait_until(lambda: sent(server), worker)  # It has the workspace open, and wouldn't open it with a trigger.
        workspace.execute("CREATE TRIGGER full BEFORE UPDATE OF batch_id ON batches BEGIN DELETE FROM room; END")
        assert worker.wait() == 2
        assert "Traceback" not in said.read_text()
        assert said.read_text().count("could not go on (no such table: main.room)") == 1
        assert find_job(workspace, 1).state == "running"
        assert workspace.execute("SELECT count(*) FROM worker_leases").fetchone() == (0,)
        workspace.execute("DROP TRIGGER full")
        worker = start("worker", cwd=folder, env=environment(folder, **server.settings))
        wait_until(lambda: find_job(workspace, 1).finished, worker)
        worker.terminate()
        worker.wait(PATIENCE)
        finished_job(workspace, server, 4)
