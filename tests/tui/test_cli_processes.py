"""The command line as processes: pipes, signals, and what a whole session of calls does."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from db.datasets import insert_dataset
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from db.worker_lease import current_lease
from tests.support.command_line import PATIENCE, command, complaint, environment, run, start
from tests.support.faulty_server import serving
from tests.support.scripted_engine import BEHAVIOR
from tests.support.workspaces import write_rows


@pytest.mark.slow
def test_a_session_of_calls(tmp_path: Path) -> None:
    """Import, look, ask, ship against the gate's advice: each command once, in a process of its own."""
    write_rows(tmp_path / "bees.jsonl", 40)
    done = run("import", "bees.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "bees: 40 examples\n", "")
    expected = {
        ("datasets", "--json"): 0,
        ("jobs", "--json"): 0,
        ("lint", "--json"): 0,
        ("agreement", "--json"): 0,
        ("gate", "--json"): 1,
        ("doctor", "--json"): 0,
    }
    for arguments, code in expected.items():
        done = run(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (code, ""), arguments
        json.loads(done.stdout)
    assert run("ship", "bees", "--to", "out", "--override", "a test", cwd=tmp_path).returncode == 0
    shipped = [json.loads(line) for line in (tmp_path / "out/data/bees.jsonl").read_text().splitlines()]
    assert shipped == [json.loads(line) for line in (tmp_path / "bees.jsonl").read_text().splitlines()]
    assert run("reopen", "bees", cwd=tmp_path).returncode == 0
    assert run("close", "bees", cwd=tmp_path).returncode == 0


def test_wrong_calls_are_one_sentence(tmp_path: Path) -> None:
    assert complaint(run("gate", cwd=tmp_path)).startswith("There is no workspace at evalwright.db")
    assert complaint(run(cwd=tmp_path)).startswith("The app needs a terminal")
    assert complaint(run("import", "a\x1b[31mb.jsonl", cwd=tmp_path)) == "a\\x1b[31mb.jsonl does not exist."
    (tmp_path / "evalwright.db").write_bytes(b"SQLite format 3\0" + b"\x01" * 4000)
    assert complaint(run("datasets", cwd=tmp_path))


def test_an_argument_that_is_no_text(tmp_path: Path) -> None:
    done = subprocess.run(
        [*command("close"), b"caf\xe9"], cwd=tmp_path, env=environment(tmp_path), capture_output=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == b"evalwright: b'caf\\xe9' is not UTF-8 text; name it, or the file, differently.\n"


@pytest.fixture
def many_datasets(tmp_path: Path) -> Path:
    connection = open_workspace(tmp_path / "evalwright.db")
    with write(connection):
        for number in range(1500):
            insert_dataset(
                connection,
                name=f"dataset-{number}-{'n' * 60}",
                behavior="b" * 100,
                guidelines="",
                kind="persona",
                origin="tests",
                seed=1,
                closed=True,
                visible=True,
            )
    connection.close()
    return tmp_path


@pytest.mark.parametrize("arguments", [("datasets",), ("datasets", "--json")], ids=" ".join)
def test_a_reader_that_stops_early_is_no_failure(many_datasets: Path, arguments: tuple[str, ...]) -> None:
    """As `evalwright datasets | head -1`, with the exit code of every part of the pipe."""
    pipe = f"set -o pipefail; {shlex.join(command(*arguments))} | head -1"
    done = subprocess.run(
        ["bash", "-c", pipe],
        cwd=many_datasets,
        env=environment(many_datasets),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_under_the_results_is_told(many_datasets: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("datasets"), cwd=many_datasets, env=environment(many_datasets), stdout=full, stderr=subprocess.PIPE,
            check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def until(condition: object, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "nothing moves"
        assert process.poll() is None, f"it ended with {process.returncode}"
        time.sleep(0.01)


def leased(connection: Connection) -> int:
    rows = connection.execute("SELECT count(*) FROM work_items WHERE state = 'leased'").fetchone()
    return int(rows[0])


def interrupted(process: subprocess.Popen[bytes]) -> int:
    """Presses Ctrl-C, and again as people do where nothing happens, and returns the exit code."""
    while True:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(PATIENCE / 10)


@pytest.mark.slow
def test_generate_interrupted_says_130_and_its_worker_goes_with_it(tmp_path: Path) -> None:
    (tmp_path / "walks.toml").write_text(BEHAVIOR)
    connection = open_workspace(tmp_path / "evalwright.db")
    with serving(tmp_path, "--latency", "30") as server:
        env = environment(tmp_path, **server.settings)
        generating = start("generate", "walks.toml", "--engine", "anthropic", cwd=tmp_path, env=env)
        until(lambda: leased(connection) > 0, generating)
        second = run("worker", cwd=tmp_path)
        assert (second.returncode, second.stdout) == (0, "")
        assert second.stderr.endswith("Another worker serves this workspace already.\n")
        assert interrupted(generating) == 130
        deadline = time.monotonic() + PATIENCE
        while current_lease(connection) is not None:
            assert time.monotonic() < deadline, "the worker outlives its parent"
            time.sleep(0.01)
    assert leased(connection) == 0  # given back for whoever comes next
    assert connection.execute("SELECT state FROM jobs").fetchone() == ("running",)
    said = (tmp_path / "said.txt").read_text()
    assert "Traceback" not in said
    connection.close()


def test_a_worker_that_is_interrupted_says_so_by_its_exit_code(workspace_path: Path) -> None:
    open_workspace(workspace_path).close()
    for name, code in ((signal.SIGINT, 130), (signal.SIGTERM, 0)):
        worker = start("--workspace", workspace_path, "worker", cwd=workspace_path.parent)
        connection = open_workspace(workspace_path)
        deadline = time.monotonic() + PATIENCE
        while current_lease(connection) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        connection.close()
        worker.send_signal(name)
        assert worker.wait(PATIENCE) == code
