"""A restore puts a backup in a workspace's place, when nobody has it open, and keeps what was there."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from unittest.mock import patch

import pytest

from db.errors import EvalwrightError, InputError, WorkspaceBusyError, WorkspaceError
from db.store import backups, schema
from db.store.backups import back_up, restore
from db.store.copies import COMPANIONS
from db.store.sqlite import sqlite3
from db.store.workspace import open_workspace
from tests.support.backups import answers, kept, make, names
from tests.support.opening import make_old
from tests.support.packets import label_packet
from tests.support.processes import Child, context
from tests.support.window import window
from tests.support.workspaces import needs_wal

LOG = b"\x02\x02"
"""Bytes 18 and 19 of a file with a log; see https://sqlite.org/fileformat.html, 1.3."""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return make(tmp_path / "evalwright.db", 20)


@pytest.fixture
def backup(workspace: Path, tmp_path: Path) -> Path:
    """A backup; since then there were ten more answers."""
    target = tmp_path / "copy.db"
    back_up(workspace, target)
    label_packet(workspace, 10, name="Béla")
    return target


def test_the_backup_is_there_and_what_was_there_is_kept(workspace: Path, backup: Path) -> None:
    before = backup.read_bytes()
    workspace.chmod(0o640)
    assert restore(workspace, backup) == kept(workspace)
    assert (answers(workspace), answers(kept(workspace))) == (20, 30)
    assert stat.S_IMODE(workspace.stat().st_mode) == 0o640
    assert backup.read_bytes() == before
    assert names(workspace.parent) == {"evalwright.db", "evalwright.db.lock", "copy.db", kept(workspace).name}
    assert restore(workspace, kept(workspace)) is not None, "and back again"
    assert answers(workspace) == 30


@needs_wal
def test_it_has_a_log_at_once(workspace: Path, backup: Path) -> None:
    restore(workspace, backup)
    assert workspace.read_bytes()[18:20] == LOG


@needs_wal
def test_not_while_anybody_has_it_open_also_where_they_do_nothing(workspace: Path, backup: Path) -> None:
    before = names(workspace.parent)
    with window(workspace) as opened:
        with pytest.raises(WorkspaceBusyError, match="open; end the app, the worker and every command"):
            restore(workspace, backup)
        assert len(opened.give(3).acknowledged) == 3
    assert answers(workspace) == 33
    assert names(workspace.parent) == before
    connection = open_workspace(workspace)
    with pytest.raises(WorkspaceBusyError):
        restore(workspace, backup)
    connection.close()


def restore_together(workspace: Path, backup: Path, barrier: Barrier) -> str:
    """Restores while another one tries: the first waits, in the middle, until the second has been refused."""
    take = backups._take

    def slowly(*paths: Path) -> None:
        barrier.wait()
        take(*paths)

    with patch.object(backups, "_take", slowly):
        try:
            restore(workspace, backup)
        except EvalwrightError as error:
            barrier.wait()
            return str(error)
    return ""


def test_of_two_at_once_one_is_refused(workspace: Path, backup: Path) -> None:
    barrier = context.Barrier(2)
    pair = [Child(restore_together, workspace, backup, barrier) for _ in range(2)]
    said = sorted(child.result() for child in pair)
    assert said[0] == ""
    assert "Another process makes, migrates or restores the workspace" in said[1]
    assert (answers(workspace), answers(kept(workspace))) == (20, 30)


def test_a_workspace_that_is_gone_comes_back_without_what_was_left_beside_it(workspace: Path, backup: Path) -> None:
    workspace.unlink()
    for suffix in COMPANIONS:
        workspace.with_name(workspace.name + suffix).write_bytes(b"stale")
    found = restore(workspace, backup)
    assert found is not None
    assert answers(workspace) == 20
    assert not any(workspace.with_name(workspace.name + suffix).exists() for suffix in COMPANIONS)
    left = {name for name in names(workspace.parent) if "before-restore" in name}
    assert left == {f"{found.name}-wal", f"{found.name}-journal"}


def test_there_was_nothing(backup: Path, tmp_path: Path) -> None:
    assert restore(tmp_path / "another.db", backup) is None
    assert answers(tmp_path / "another.db") == 20


@needs_wal
def test_what_a_killed_process_left_is_kept_with_its_log(workspace: Path, backup: Path, tmp_path: Path) -> None:
    connection = open_workspace(workspace)
    label_packet(workspace, 5, name="Cleo")
    for suffix in ("", "-wal"):
        shutil.copy(workspace.with_name(workspace.name + suffix), tmp_path / f"killed.db{suffix}")
    connection.close()
    restore(tmp_path / "killed.db", backup)
    assert answers(kept(tmp_path / "killed.db")) == 35


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)


def cut(path: Path) -> None:
    os.truncate(path, 20_000)


def overwrite(path: Path) -> None:
    path.write_text("A letter.")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def of_another_program(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE letters (id)")
    connection.close()


def newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.CURRENT + 1}")
    connection.close()


def a_packet(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {schema.PACKET_ID}")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (damage, "can't be read to its end"),
        (cut, "can't be read to its end"),
        (overwrite, "can't be read to its end"),
        (empty, "isn't an evalwright workspace"),
        (of_another_program, "isn't an evalwright workspace"),
        (a_packet, "isn't an evalwright workspace"),
        (newer, "was made by a newer evalwright"),
        (Path.unlink, "There is no backup at"),
    ],
)
def test_what_is_no_sound_backup_changes_nothing(
    workspace: Path, backup: Path, spoil: Callable[[Path], None], why: str
) -> None:
    spoil(backup)
    before = names(workspace.parent)
    with pytest.raises(EvalwrightError, match=why):
        restore(workspace, backup)
    assert answers(workspace) == 30
    assert names(workspace.parent) == before


def test_not_from_itself(workspace: Path) -> None:
    with pytest.raises(InputError, match="name a backup of it"):
        restore(workspace, workspace)


@pytest.mark.parametrize("spoil", [damage, cut, overwrite, empty])
def test_over_a_workspace_that_is_damaged(workspace: Path, backup: Path, spoil: Callable[[Path], None]) -> None:
    spoil(workspace)
    damaged = workspace.read_bytes()
    restore(workspace, backup)
    assert answers(workspace) == 20
    assert kept(workspace).read_bytes() == damaged


def test_never_over_a_file_of_another_program(workspace: Path, backup: Path) -> None:
    of_another_program(workspace)
    before = workspace.read_bytes()
    with pytest.raises(WorkspaceError, match="is a SQLite file of another program"):
        restore(workspace, backup)
    assert workspace.read_bytes() == before


def test_a_backup_before_a_migration_is_restored_as_it_was(workspace: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    make_old(old, 3, 10)
    restore(workspace, old)
    connection = sqlite3.connect(workspace)
    assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    connection.close()
    assert answers(workspace) == 5


@needs_wal
def test_a_backup_with_a_log_stays_as_it_is(workspace: Path, backup: Path, tmp_path: Path) -> None:
    """As they were made before, and as whoever copies the files by hand has them."""
    folder = tmp_path / "by-hand"
    folder.mkdir()
    connection = open_workspace(workspace)
    label_packet(workspace, 5, name="Cleo")
    for suffix in ("", "-wal"):
        shutil.copy(workspace.with_name(workspace.name + suffix), folder / f"copy.db{suffix}")
    connection.close()
    shutil.copy(workspace, folder / "whole.db")
    before = {name: (folder / name).read_bytes() for name in ("copy.db", "copy.db-wal", "whole.db")}
    for name in ("copy.db", "whole.db"):
        restore(workspace, folder / name)
        assert answers(workspace) == 35
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert names(folder) - before.keys() <= {"copy.db-shm"}


def open_again(workspace: Path, until: int) -> int:
    """Opens it again and again, as somebody who starts the app just then, until it has so many answers."""
    while True:
        connection = open_workspace(workspace, create=False)
        (found,) = connection.execute("SELECT count(*) FROM annotations").fetchone()
        connection.close()
        if found == until:
            return int(found)
        assert found == 30


def test_who_opens_it_meanwhile_sees_one_or_the_other(workspace: Path, backup: Path) -> None:
    child = Child(open_again, workspace, 20)
    while True:
        try:
            restore(workspace, backup)
            break
        except WorkspaceBusyError:
            time.sleep(0)
    assert child.result() == 20
