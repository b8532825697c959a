"""A release is whole or not there, whatever goes wrong and wherever it is cut off."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db import decisions
from db.errors import EvalwrightError, InputError, WorkspaceError
from db.records import Dataset
from db.store.connection import Connection
from review.gate.policy import load_policy
from review.release import Options, ship
from review.release.atomic_folder import written_beside
from review.release.verify import verify
from tests.support.command_line import ROOT, environment
from tests.support.workspaces import make_dataset

POLICY = load_policy()
ROWS_ALONE = Options(formats=[])
MODULES = {name: sys.modules[f"review.release.{name}"] for name in ("ship", "atomic_folder", "layout", "manifest")}


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    return make_dataset(connection, 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "releases").mkdir()
    return tmp_path / "releases" / "bees"


def is_whole(folder: Path) -> bool:
    manifest = json.loads((folder / "manifest.json").read_text())
    return verify(folder).intact and len(manifest["files"]) == 11


def nothing_left(connection: Connection, dataset: Dataset, folder: Path) -> bool:
    return os.listdir(folder.parent) == [] and decisions.release_count(connection, dataset.id) == 0


class Failing:
    """Lets a function fail at its nth call, and counts the calls."""

    def __init__(self, original: Callable[..., object], at: int, error: BaseException) -> None:
        self.original, self.at, self.error, self.calls = original, at, error, 0

    def __call__(self, *arguments: object, **more: object) -> object:
        self.calls += 1
        if self.calls == self.at:
            raise self.error
        return self.original(*arguments, **more)


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
STEPS = [
    ("atomic_folder._make", 1),
    *(("layout._write", at) for at in (1, 3, 5)),
    ("layout.write_review", 1),
    ("layout.write_formats", 1),
    ("layout.write_manifest", 1),
    ("manifest._hash", 3),
    ("ship.publish", 1),
    *(("atomic_folder.sync", at) for at in (1, 5, 17, 18)),
]


@pytest.mark.parametrize(("step", "at"), STEPS, ids=str)
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt(), MemoryError()], ids=["full", "interrupted", "memory"])
def test_a_failure_at_any_step_leaves_nothing(
    connection: Connection,
    dataset: Dataset,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    at: int,
    error: BaseException,
) -> None:
    module, _, name = step.partition(".")
    failing = Failing(getattr(MODULES[module], name), at, error)
    monkeypatch.setattr(MODULES[module], name, failing)
    expected = EvalwrightError if error is FULL else type(error)
    with pytest.raises(expected) as caught:
        ship(connection, dataset, POLICY, folder, override="a test", options=ROWS_ALONE)
    assert failing.calls >= at
    assert nothing_left(connection, dataset, folder)
    if error is FULL:
        assert "No space left on device" in str(caught.value)
    monkeypatch.undo()
    ship(connection, dataset, POLICY, folder, override="a test", options=ROWS_ALONE)
    assert is_whole(folder)
    assert decisions.release_count(connection, dataset.id) == 1


def test_what_cannot_be_recorded_is_not_there(
    connection: Connection, dataset: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workspace's disk is full when the release is to be recorded, before and after the folder has its name."""

    def full(*_: object, **__: object) -> None:
        raise WorkspaceError("The disk is full: nothing was written; free some space and try again.")

    with monkeypatch.context() as patch:
        patch.setattr(decisions, "insert_release", full)
        with pytest.raises(WorkspaceError, match="The disk is full"):
            ship(connection, dataset, POLICY, folder, override="a test", options=ROWS_ALONE)
    assert nothing_left(connection, dataset, folder)

    module = MODULES["ship"]
    publish = module.publish

    def then_full(working: Path, target: Path) -> None:
        publish(working, target)
        full()

    monkeypatch.setattr(module, "publish", then_full)
    with pytest.raises(WorkspaceError, match="The disk is full"):
        ship(connection, dataset, POLICY, folder, override="a test", options=ROWS_ALONE)
    assert nothing_left(connection, dataset, folder)


def test_a_folder_that_appears_meanwhile_is_left_alone(
    connection: Connection, dataset: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = MODULES["layout"]
    manifest = module.write_manifest

    def somebody_else_is_quicker(*arguments: object) -> object:
        folder.mkdir()
        (folder / "theirs").write_text("x")
        return manifest(*arguments)

    monkeypatch.setattr(module, "write_manifest", somebody_else_is_quicker)
    with pytest.raises(InputError, match="exists already"):
        ship(connection, dataset, POLICY, folder, override="a test", options=ROWS_ALONE)
    assert os.listdir(folder) == ["theirs"]
    assert os.listdir(folder.parent) == ["bees"]
    assert decisions.release_count(connection, dataset.id) == 0


def test_a_folder_that_cannot_be_written_is_told(connection: Connection, dataset: Dataset, folder: Path) -> None:
    blocked = folder.parent / "file"
    blocked.write_text("not a folder")
    with pytest.raises(EvalwrightError, match=r"file/bees can.t be written .Not a directory"):
        ship(connection, dataset, POLICY, blocked / "bees", override="a test", options=ROWS_ALONE)
    with pytest.raises(EvalwrightError, match=r"File name too long"):
        ship(connection, dataset, POLICY, folder.parent / ("n" * 300), override="a test", options=ROWS_ALONE)
    assert os.listdir(folder.parent) == ["file"]


@pytest.fixture
def read_only(folder: Path) -> Iterator[Path]:
    folder.parent.chmod(0o500)
    yield folder
    folder.parent.chmod(0o700)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told(connection: Connection, dataset: Dataset, read_only: Path) -> None:
    with pytest.raises(EvalwrightError, match="Permission denied"):
        ship(connection, dataset, POLICY, read_only, override="a test", options=ROWS_ALONE)
    assert nothing_left(connection, dataset, read_only)


KILLED = """
import os, signal, sys
from pathlib import Path
from db.store.workspace import open_workspace
from review.gate.policy import load_policy
from review.release import Options, ship
from review.datasets.find_and_close import find

module, _, step = sys.argv[3].partition(".")
module, at = sys.modules[f"review.release.{module}"], int(sys.argv[4])
original, calls = getattr(module, step), 0

def die(*arguments):
    global calls
    calls += 1
    if calls == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments)

setattr(module, step, die)
connection = open_workspace(Path(sys.argv[1]))
dataset = find(connection, "beekeeping")
ship(connection, dataset, load_policy(), Path(sys.argv[2]), override="a test", options=Options([]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "at", "whole"), [("layout._write", 2, False), ("ship.publish", 1, False), ("atomic_folder.sync", 18, True)]
)
def test_killed_in_the_middle_it_is_whole_or_not_there(
    connection: Connection, dataset: Dataset, workspace_path: Path, folder: Path, step: str, at: int, *, whole: bool
) -> None:
    """`kill -9` while it writes, before the rename, and after it."""
    assert dataset.name == "beekeeping"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(workspace_path), str(folder), step, str(at)],
        cwd=ROOT,
        env=environment(folder.parent.parent),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    assert folder.exists() == whole
    if whole:
        assert is_whole(folder)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    again = folder.with_name("again")
    ship(connection, dataset, POLICY, again, override="a test", options=ROWS_ALONE)
    assert is_whole(again)


def test_what_killed_ships_left_goes_and_what_a_living_one_writes_stays(
    connection: Connection, dataset: Dataset, folder: Path
) -> None:
    stale = folder.with_name(f".bees.evalwright-{'0' * 12}.part")
    foreign = [folder.with_name(name) for name in (".bees.part", f".wasps.evalwright-{'0' * 12}.part")]
    for place in (stale, *foreign):
        (place / "data").mkdir(parents=True)
    with written_beside(folder) as living:
        (living / "half").write_text("x")
        ship(connection, dataset, POLICY, folder, override="a test", options=ROWS_ALONE)
        assert not stale.exists()
        assert (living / "half").exists()
        assert all(place.exists() for place in foreign)
    assert sorted(os.listdir(folder.parent)) == sorted(["bees", *(place.name for place in foreign)])


LIMITED = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.argv[0] = "evalwright"
from tui.cli.command_line import main
main()
"""


def run_ship(workspace: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    words = ("--workspace", str(workspace), "ship", "beekeeping", "--override", "a test")
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments[1:], *words, "--to", arguments[0]],
        cwd=ROOT,
        env=environment(workspace.parent),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("most", [600, 4000], ids=str)
def test_a_disk_that_takes_no_more_is_one_sentence(
    connection: Connection, dataset: Dataset, workspace_path: Path, folder: Path, most: int
) -> None:
    """A limit on the size of files: the workspace is beyond it already, so only the release meets it."""
    assert dataset.name == "beekeeping"
    ship(connection, dataset, POLICY, folder, override="a test", options=ROWS_ALONE)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    again = folder.with_name("again")
    done = run_ship(workspace_path, LIMITED, str(again), str(most))
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert os.listdir(folder.parent) == ["bees"]


@pytest.mark.parametrize("name", ["../outside", "CON", "..", "a\nb", "-x"])
def test_odd_names_of_folders_are_what_they_are_or_a_sentence(
    connection: Connection, dataset: Dataset, folder: Path, name: str
) -> None:
    place = folder.parent / name
    if name == "..":
        with pytest.raises(InputError, match="exists already"):
            ship(connection, dataset, POLICY, place, override="a test", options=ROWS_ALONE)
    else:
        ship(connection, dataset, POLICY, place, override="a test", options=ROWS_ALONE)
        assert is_whole(place)
