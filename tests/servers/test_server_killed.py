"""A real server that is killed or stopped in the middle of a job, and the job that goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.store.connection import Connection
from db.store.workspace import open_workspace
from db.worker_lease import current_lease
from generation.jobs.jobs import find_job
from tests.servers.installed import PATIENCE, RealServer
from tests.servers.jobs_on import begun_recipe
from tests.support.command_line import environment, start
from tests.support.finished import check_books
from tests.support.scripted_engine import BEHAVIOR

pytestmark = pytest.mark.servers

STOPPED_SECONDS = 25.0
"""Longer than a worker's lease lasts."""


class Generating:
    """`evalwright generate` in the middle of a job, and its workspace."""

    def __init__(self, folder: Path, server: RealServer, count: int = 2) -> None:
        (folder / "walks.toml").write_text(BEHAVIOR)
        (folder / "begun.toml").write_text(begun_recipe("persona").replace("per_kept = 10", "per_kept = 3"))
        self.said = folder / "said.txt"
        self.connection: Connection = open_workspace(folder / "evalwright.db")
        options = ["--engine", "openai-compatible", "--model", "mine", "--rounds", "1", "--redraws", "0"]
        self.process: subprocess.Popen[bytes] = start(
            "generate", "walks.toml", "--recipe", "begun.toml", "--count", str(count), *options,
            cwd=folder, env=environment(folder, OPENAI_BASE_URL=f"{server.url}/v1"),
        )  # fmt: skip

    def stored(self) -> list[tuple[int, str]]:
        return self.connection.execute("SELECT item_id, reply FROM calls ORDER BY id").fetchall()

    def until(self, holds: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, f"it never comes to this: {what}"
            time.sleep(0.02)

    def until_stored(self, count: int) -> list[tuple[int, str]]:
        self.until(lambda: len(self.stored()) >= count, f"{count} calls are stored")
        return self.stored()

    def ends_well(self, before: list[tuple[int, str]]) -> None:
        """Every call was made in the end, and none that was stored before was made again."""
        code = self.process.wait(PATIENCE)
        job = check_books(self.connection, 1)
        assert (code, job.state) in {(0, "done"), (1, "short")}, self.said.read_text()
        assert job.items_failed == 0
        after = self.stored()
        assert after[: len(before)] == before
        assert len(after) == job.items > len(before)
        assert "Traceback" not in self.said.read_text()


@pytest.fixture
def generating(llama: RealServer, tmp_path: Path) -> Iterator[Generating]:
    begun = Generating(tmp_path, llama)
    yield begun
    begun.process.kill()
    begun.connection.close()


def test_a_server_that_is_killed_and_comes_back(llama: RealServer, generating: Generating) -> None:
    """The job says what it waits for; the new server first says that it is loading its model."""
    before = generating.until_stored(3)
    llama.kill()
    said = f"The connection to 127.0.0.1:{llama.port} failed"
    generating.until(lambda: said in find_job(generating.connection, 1).note, "the job says that it waits")
    assert find_job(generating.connection, 1).state == "running"
    before = generating.stored()
    llama.start(wait=False)
    generating.ends_well(before)
    assert find_job(generating.connection, 1).note.find("waiting") == -1


@pytest.mark.long
@pytest.mark.parametrize("who", ["server", "worker", "both"])
def test_what_is_stopped_for_a_while_goes_on(llama: RealServer, generating: Generating, who: str) -> None:
    before = generating.until_stored(3)
    lease = current_lease(generating.connection)
    assert lease is not None
    stopped = {"server": [llama.process.pid], "worker": [lease.pid], "both": [llama.process.pid, lease.pid]}[who]
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        threading.Event().wait(STOPPED_SECONDS)
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    generating.ends_well(before)


@pytest.mark.long
def test_a_server_that_is_killed_again_and_again(llama: RealServer, tmp_path: Path) -> None:
    generating = Generating(tmp_path, llama, count=8)
    try:
        for times in range(1, 6):
            before = generating.until_stored(4 * times)
            llama.kill()
            llama.start(wait=times % 2 == 0)
        generating.ends_well(before)
    finally:
        generating.process.kill()
        generating.connection.close()
