import fcntl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generation.engines.cache import locked, models_folder, run_python

ROOT = Path(__file__).parents[3]
HOLDS_A_LOCK = "import fcntl, sys, time; file = open(sys.argv[1], 'w'); fcntl.flock(file, 2); time.sleep(60)"


def is_locked(path: Path) -> bool:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def wait_until_locked(path: Path, wanted: bool) -> None:
    for _ in range(1500):
        if is_locked(path) == wanted:
            return
        time.sleep(0.02)
    raise AssertionError(f"{path.name} is {'not ' * wanted}locked after 30 s")


def test_a_program_runs_with_its_arguments_and_variables(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = "import os, sys; print(sys.argv[1:], os.environ['COLOUR']); sys.exit(3)"
    assert run_python(program, ["a", "b c"], log, lambda: None, {"COLOUR": "red"}) == 3
    assert log.read_text() == "['a', 'b c'] red\n"


def test_a_program_ends_when_waiting_is_given_up(tmp_path: Path) -> None:
    lock = tmp_path / "lock"

    def wait() -> None:
        if is_locked(lock):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_python(HOLDS_A_LOCK, [str(lock)], tmp_path / "log", wait)
    assert not is_locked(lock)


def test_a_program_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    parent = (
        "import pathlib; from generation.engines.cache import run_python\n"
        f"run_python({HOLDS_A_LOCK!r}, [{str(lock)!r}], pathlib.Path({str(tmp_path / 'log')!r}), lambda: None)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT) as process:
        wait_until_locked(lock, True)
        process.kill()
    wait_until_locked(lock, False)


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    lock = tmp_path / "lock"

    def give_up() -> None:
        raise KeyboardInterrupt

    with locked(lock, give_up):
        with pytest.raises(KeyboardInterrupt), locked(lock, give_up):
            pass
        assert is_locked(lock)
    assert not is_locked(lock)


def test_where_models_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/one")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("EVALWRIGHT_CACHE", "~/mine")
    assert models_folder() == Path("/home/one/mine/models")
    monkeypatch.delenv("EVALWRIGHT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/xdg")
    assert models_folder() == Path("/var/xdg/evalwright/models")
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert models_folder() == Path("/home/one/.cache/evalwright/models")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("sys.platform", "darwin")
    assert models_folder() == Path("/home/one/Library/Caches/evalwright/models")
