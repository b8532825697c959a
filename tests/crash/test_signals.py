"""A lost line, a request to end, Ctrl-C: terminal, exit code and data are as they should be, at any moment."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from db import jobs
from db.exports import TABLES
from db.store.workspace import is_sound, open_workspace
from db.worker_lease import current_lease
from generation.jobs.jobs import create_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe
from tests.crash.app import App
from tests.crash.command import Command
from tests.crash.harness import Subject, again_and_again, told
from tests.crash.importing import Import
from tests.crash.merge import Merge
from tests.crash.shipping import Ship
from tests.crash.test_crashes import SEED, check
from tests.crash.worker import WorkerOfBatches, WorkerOfCalls
from tests.support.called import call
from tests.support.command_line import PATIENCE, ROOT, command
from tests.support.faulty_server import serving
from tests.support.packets import label_packet
from tests.support.processes import Child
from tests.support.scripted_engine import BEHAVIOR
from tests.support.terminal import Terminal
from tests.support.workspaces import make_dataset

ENDINGS = [(signal.SIGHUP, 0), (signal.SIGTERM, 0), (signal.SIGINT, 130)]


def in_ci(*values: object) -> Any:
    return pytest.param(*values, marks=pytest.mark.slow)


def by_hand(*values: object) -> Any:
    return pytest.param(*values, marks=pytest.mark.long)


@pytest.mark.parametrize(("name", "code"), ENDINGS)
@pytest.mark.parametrize("times", [in_ci(1), by_hand(4)])
def test_the_app(name: signal.Signals, code: int, times: int) -> None:
    check(again_and_again(App, times, SEED, way=told(name, {code})))


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        in_ci(WorkerOfCalls, signal.SIGTERM, 0),
        in_ci(WorkerOfBatches, signal.SIGINT, 130),
        by_hand(WorkerOfCalls, signal.SIGINT, 130),
        by_hand(WorkerOfCalls, signal.SIGHUP, 0),
        by_hand(WorkerOfBatches, signal.SIGTERM, 0),
        by_hand(WorkerOfBatches, signal.SIGHUP, 0),
    ],
)
def test_a_worker(kind: type[Subject], name: signal.Signals, code: int) -> None:
    check(again_and_again(kind, 2, SEED, way=told(name, {code})))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Import, Merge, Ship])
def test_a_command_that_is_interrupted(kind: type[Command]) -> None:
    """Too late, it has done what it had to, and says so."""
    check(again_and_again(kind, 5, SEED, way=told(signal.SIGINT, {130, 0, 2})))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Import, Ship])
def test_a_command_that_is_told_to_end(kind: type[Command]) -> None:
    """It dies of it: what it leaves is as after a kill."""
    check(again_and_again(kind, 3, SEED, way=told(signal.SIGTERM, {-signal.SIGTERM, 0, 2})))


def is_whole(out: Path) -> bool:
    """Whether an export or a report is all there."""
    if out.is_dir():
        return {file.stem for file in out.iterdir()} == {table.name for table in TABLES}
    return out.read_text().endswith("</html>\n")


@pytest.mark.parametrize(
    "words",
    [
        by_hand(("lint", "beekeeping")),
        by_hand(("agreement", "beekeeping")),
        in_ci(("gate", "beekeeping")),
        in_ci(("report", "--html", "out")),
        in_ci(("export", "out")),
    ],
    ids=lambda words: words[0],
)
def test_a_command_that_only_looks(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Interrupted anywhere, it ends with 130 and no word of its own; what it was writing is not there, or all of it."""
    kept, folder, said = tmp_path / "kept.db", tmp_path / "folder", tmp_path / "said.txt"
    connection = open_workspace(kept)
    make_dataset(connection, 600)
    label_packet(kept, name="Ada")
    label_packet(kept, name="Béla")
    connection.close()

    def begun() -> Child[int]:
        """The command, on a workspace that knows nothing of its last call."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(kept, folder / "evalwright.db")
        said.write_text("")
        return Child(call, words, folder, said, fork=True)

    start = time.monotonic()
    assert begun().result() in (0, 1)
    takes, whole = time.monotonic() - start, said.read_text()
    codes = []
    for part in range(1, 6):
        child = begun()
        time.sleep(takes * part / 6)
        assert child.process.pid is not None
        if child.process.is_alive():
            os.kill(child.process.pid, signal.SIGINT)
        codes.append(child.result())
        out, text = folder / "out", said.read_text()
        # Click ends the line that the terminal has written ^C in.
        assert whole.startswith(text.removesuffix("\n")) if codes[-1] == 130 else text == whole
        assert not out.exists() or is_whole(out)
        assert {file.name.removesuffix("-wal").removesuffix("-shm") for file in folder.iterdir()} <= {
            "evalwright.db",
            "out",
        }
        connection = open_workspace(folder / "evalwright.db")
        assert is_sound(connection)
        connection.close()
    assert 130 in codes


def app_with_a_job(folder: Path, settings: dict[str, str]) -> Terminal:
    """The app, whose worker has calls in flight."""
    connection = open_workspace(folder / "evalwright.db")
    make_dataset(connection, 5)
    create_job(connection, parse_behavior("walks.toml", BEHAVIOR), load_recipe("persona"), engine="anthropic", count=4)
    terminal = Terminal(
        command("--as", "anna", "review", "beekeeping"),
        folder=folder,
        environment={"TEXTUAL_ANIMATIONS": "none", "PYTHONPATH": str(ROOT), **settings},
    )
    terminal.wait_for("I keep")
    deadline = time.monotonic() + PATIENCE
    while connection.execute("SELECT 1 FROM work_items WHERE state = 'leased'").fetchone() is None:
        assert time.monotonic() < deadline, "no worker has begun"
        terminal.read()
    terminal.press("y4")
    terminal.wait_for("1 this time")
    connection.close()
    return terminal


@pytest.mark.parametrize("end", [in_ci("the line is lost"), by_hand("SIGHUP"), by_hand("SIGTERM"), in_ci("SIGKILL")])
def test_the_worker_goes_with_the_app(tmp_path: Path, end: str) -> None:
    with serving(tmp_path, "--latency", "30") as server, app_with_a_job(tmp_path, server.settings) as terminal:
        if end == "the line is lost":
            terminal.hang_up()
            _, status = os.waitpid(terminal.pid, 0)
            assert os.waitstatus_to_exitcode(status) == 0
        else:
            os.kill(terminal.pid, signal.Signals[end])
            assert terminal.wait_to_end() == (-signal.SIGKILL if end == "SIGKILL" else 0)
        connection = open_workspace(tmp_path / "evalwright.db")
        deadline = time.monotonic() + PATIENCE
        while current_lease(connection) is not None:
            assert time.monotonic() < deadline, "the worker outlives the app"
            time.sleep(0.02)
    assert connection.execute("SELECT count(*) FROM work_items WHERE state = 'leased'").fetchone() == (0,)
    assert [job.state for job in jobs.unfinished_jobs(connection)] == ["running"]
    assert connection.execute("SELECT count(*) FROM annotations").fetchone() == (1,)
    held = connection.execute("SELECT count(*) FROM reservations").fetchone()
    # A killed one gives nothing back, nor one whose line is lost while it paints: its validator's next window does.
    assert held == (int(end == "SIGKILL"),) or end == "the line is lost"
    assert is_sound(connection)
    connection.close()
