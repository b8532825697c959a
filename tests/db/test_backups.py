"""Backups are whole and overwrite nothing."""

from __future__ import annotations

import errno
import os
import signal
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from db.errors import EvalwrightError, InputError, WorkspaceError
from db.store.backups import back_up
from db.store.copies import COMPANIONS, partial_file
from db.store.workspace import open_workspace
from tests.support.backups import answers, make, names
from tests.support.processes import Child, context
from tests.support.window import window
from tests.support.workspaces import needs_wal

NO_LOG, LOG = b"\x01\x01", b"\x02\x02"
"""Bytes 18 and 19 of a file: how it is written; see https://sqlite.org/fileformat.html, 1.3."""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return make(tmp_path / "evalwright.db", 20)


def test_it_is_one_file_for_the_same_people(workspace: Path, tmp_path: Path) -> None:
    workspace.chmod(0o640)
    before = names(tmp_path)
    with window(workspace):
        back_up(workspace, tmp_path / "copy.db")
        assert names(tmp_path) - before == {"copy.db", "evalwright.db-wal", "evalwright.db-shm"}
    copy = tmp_path / "copy.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert copy.read_bytes()[18:20] == NO_LOG
    assert answers(copy) == 20


@needs_wal
def test_opened_as_a_workspace_it_has_a_log_again(workspace: Path, tmp_path: Path) -> None:
    backup = tmp_path / "copy.db"
    back_up(workspace, backup)
    open_workspace(backup, create=False).close()
    assert backup.read_bytes()[18:20] == LOG
    assert names(backup.parent) >= {"copy.db"}


def test_nothing_is_overwritten_nor_followed(workspace: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.symlink_to(tmp_path / "nowhere.db")
    with pytest.raises(InputError, match="exists already"):
        back_up(workspace, target)
    assert not (tmp_path / "nowhere.db").exists()


@pytest.mark.parametrize("suffix", COMPANIONS)
def test_never_beside_what_was_left_of_another_file(workspace: Path, tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"copy.db{suffix}").write_bytes(b"stale")
    with pytest.raises(InputError, match=f"copy.db{suffix} was left by a file that is gone"):
        back_up(workspace, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    assert (tmp_path / f"copy.db{suffix}").read_bytes() == b"stale"


def back_up_together(workspace: Path, target: Path, barrier: Barrier) -> str:
    barrier.wait()
    try:
        back_up(workspace, target)
    except EvalwrightError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("same", [True, False])
def test_two_at_once_are_both_whole_or_one_is_refused(workspace: Path, tmp_path: Path, *, same: bool) -> None:
    for number in range(8):
        targets = [tmp_path / f"{number}-a.db", tmp_path / f"{number}-{'a' if same else 'b'}.db"]
        barrier = context.Barrier(2)
        pair = [Child(back_up_together, workspace, target, barrier) for target in targets]
        said = sorted(child.result() for child in pair)
        assert said[0] == ""
        assert ("exists already" in said[1]) == same
        assert [answers(target) for target in targets] == [20, 20]
    assert not list(tmp_path.glob("*.partial"))


def back_up_and_die(workspace: Path, target: Path) -> None:
    """Is killed when the copy is complete, just before it has its name."""
    os.link = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    back_up(workspace, target)


def test_what_a_killed_one_left_goes_with_the_next(workspace: Path, tmp_path: Path) -> None:
    child = Child(back_up_and_die, workspace, tmp_path / "first.db")
    child.process.join()
    assert child.process.exitcode == -signal.SIGKILL
    assert len(list(tmp_path.glob("*.partial"))) == 1
    with partial_file(tmp_path / "evalwright.db.backup", 0o600) as of_one_that_lives:
        assert list(tmp_path.glob("*.partial")) == [of_one_that_lives]
        back_up(workspace, tmp_path / "second.db")
        assert of_one_that_lives.exists()
    assert names(tmp_path) == {"evalwright.db", "evalwright.db.lock", "second.db"}


def test_where_a_file_cant_have_two_names(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(WorkspaceError, match="name a place on another disk"):
        back_up(workspace, tmp_path / "copy.db")
    assert names(tmp_path) == {"evalwright.db", "evalwright.db.lock"}
