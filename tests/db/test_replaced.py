"""A workspace that is replaced while it is open: nothing is acknowledged that isn't in the file of that name."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.errors import WorkspaceReplacedError
from db.store.connection import connect, write
from db.store.sqlite import sqlite3
from db.store.workspace import is_sound, open_workspace
from tests.support.processes import Child
from tests.support.window import window
from tests.support.workspaces import make_dataset, needs_wal

pytestmark = needs_wal

BEFORE, BETWEEN = 20, 300
"""Answers before the backup, and after it: enough for SQLite to copy some of the log into the database."""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "evalwright.db"
    connection = open_workspace(path)
    make_dataset(connection, 1000)
    connection.close()
    return path


def copy_of(path: Path) -> Path:
    """A copy as SQLite makes it, for whoever has no `evalwright backup`."""
    target = path.with_name("copy.db")
    source, copy = sqlite3.connect(path), sqlite3.connect(target)
    source.backup(copy)
    copy.close()
    source.close()
    return target


def remove_log(path: Path, _copy: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()


def move_over(path: Path, copy: Path) -> None:
    os.replace(shutil.copy(copy, path.with_name("moved.db")), path)


def copy_over(path: Path, copy: Path) -> None:
    inode = path.stat().st_ino
    shutil.copyfile(copy, path)
    assert path.stat().st_ino == inode


def as_the_readme_said(path: Path, copy: Path) -> None:
    remove_log(path, copy)
    copy_over(path, copy)


def remove_and_move_over(path: Path, copy: Path) -> None:
    remove_log(path, copy)
    move_over(path, copy)


Way = Callable[[Path, Path], None]

WAYS = [move_over, copy_over, as_the_readme_said, remove_and_move_over]


def submissions(path: Path) -> set[str]:
    """What is in a workspace that is sound, for whoever opens it."""
    connection = open_workspace(path, create=False)
    try:
        assert is_sound(connection)
        return {name for (name,) in connection.execute("SELECT submission FROM annotations")}
    finally:
        connection.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("between", [0, BETWEEN])
def test_nothing_is_acknowledged_after_it_was_replaced(workspace: Path, way: Way, between: int) -> None:
    with window(workspace) as opened:
        before = set(opened.give(BEFORE).acknowledged)
        copy = copy_of(workspace)
        opened.give(between)
        way(workspace, copy)
        told = opened.give(6)
        assert told.acknowledged == ()
        assert "while it was open here" in told.trouble
        assert opened.give(6).acknowledged == (), "and it stays so"
        assert submissions(workspace) == before, "while that window is open still"
    assert submissions(workspace) == before, "the end of that window has spoilt nothing"
    with window(workspace) as another:
        given = another.give(6)
    assert len(given.acknowledged) == 6
    assert submissions(workspace) == before | set(given.acknowledged)


@pytest.mark.parametrize("way", WAYS)
def test_a_window_that_is_left_without_another_answer_spoils_nothing(workspace: Path, way: Way) -> None:
    with window(workspace) as opened:
        before = set(opened.give(BEFORE).acknowledged)
        copy = copy_of(workspace)
        opened.give(BETWEEN)
        way(workspace, copy)
    assert submissions(workspace) == before


def test_what_was_acknowledged_before_the_log_was_removed_is_there(workspace: Path) -> None:
    with window(workspace) as opened:
        before = opened.give(BEFORE).acknowledged
        remove_log(workspace, workspace)
        told = opened.give(6)
        assert told.acknowledged == ()
        assert "lost its log" in told.trouble
        assert submissions(workspace) == set(before)
    assert submissions(workspace) == set(before)


def test_two_windows_both_see_that_it_was_replaced(workspace: Path) -> None:
    with window(workspace) as first, window(workspace, annotator="Ben") as second:
        before = {*first.give(BEFORE).acknowledged, *second.give(BEFORE).acknowledged}
        copy = copy_of(workspace)
        first.give(BETWEEN)
        second.give(BETWEEN)
        copy_over(workspace, copy)
        assert first.give(1).acknowledged == second.give(1).acknowledged == ()
    assert submissions(workspace) == before


def test_a_copy_that_was_made_without_sqlite_is_seen_where_no_checkpoint_can_have_written(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.store.open_files.CHECKPOINT_PATIENCE", 0.05)
    copy = Path(shutil.copy(workspace, workspace.with_name("copy.db")))
    connection = open_workspace(workspace)
    with write(connection):
        connection.execute("UPDATE datasets SET behavior = 'keeps bees, and honey'")
    copy_over(workspace, copy)
    with pytest.raises(WorkspaceReplacedError, match="was overwritten while it was open here"), write(connection):
        pass
    connection.close()


def test_a_workspace_that_was_moved_away_has_all_that_was_acknowledged(workspace: Path) -> None:
    with window(workspace) as opened:
        before = opened.give(BEFORE).acknowledged
        moved = workspace.rename(workspace.with_name("moved.db"))
        assert opened.give(1).acknowledged == ()
        assert submissions(moved) == set(before)


@pytest.fixture
def two(workspace: Path) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    first, second = connect(workspace), connect(workspace)
    yield first, second
    first.close()
    second.close()


def test_checkpoints_of_others_links_and_rights_are_no_replacement(
    workspace: Path, two: tuple[sqlite3.Connection, sqlite3.Connection]
) -> None:
    first, second = two
    for number, mode in enumerate(("PASSIVE", "FULL", "RESTART", "TRUNCATE") * 5):
        with write(second):
            second.execute("UPDATE datasets SET behavior = ?", (f"keeps bees {number}",))
        with write(first):
            first.execute("UPDATE datasets SET guidelines = ?", (f"{number}",))
        second.execute(f"PRAGMA wal_checkpoint({mode})")
        os.link(workspace, workspace.with_name(f"link-{number}"))
        workspace.chmod(0o600 + number)
        with write(first):
            pass


def test_within_a_query_that_is_still_read(two: tuple[sqlite3.Connection, sqlite3.Connection]) -> None:
    first, second = two
    with write(second):
        second.execute("UPDATE datasets SET behavior = 'keeps bees, and honey'")
    reading = first.execute("SELECT id FROM examples")
    reading.fetchone()
    second.execute("PRAGMA wal_checkpoint(PASSIVE)")
    with write(first):
        first.execute("UPDATE datasets SET behavior = 'keeps bees, and ants'")
    reading.close()
    with write(first):
        pass


def die_in_a_checkpoint(workspace: Path) -> None:
    """Is killed when a part of the log is in the database, and the rest can't be written."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (workspace.stat().st_size // 2, resource.RLIM_INFINITY))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    connection = connect(workspace)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except sqlite3.DatabaseError:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_checkpoint_that_was_killed_in_the_middle_is_no_replacement(
    workspace: Path, two: tuple[sqlite3.Connection, sqlite3.Connection]
) -> None:
    first, second = two
    with write(second):
        second.execute("UPDATE examples SET body = body || ', and more'")
    with write(first):
        pass
    before = workspace.stat().st_mtime_ns
    child = Child(die_in_a_checkpoint, workspace)
    child.process.join()
    assert child.process.exitcode == -signal.SIGKILL
    assert workspace.stat().st_mtime_ns != before
    assert first.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()[2] == 0
    for connection in two:
        with write(connection):
            connection.execute("UPDATE datasets SET behavior = 'keeps bees, and honey'")
    first.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert is_sound(first)


def test_a_file_without_a_log_that_is_replaced(tmp_path: Path) -> None:
    """As packets are, and every workspace where SQLite's log isn't safe."""
    path = tmp_path / "packet.db"
    connection = open_workspace(path, alone=True)
    make_dataset(connection, 3)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    os.replace(shutil.copy(copy_of(path), tmp_path / "moved.db"), path)
    with pytest.raises(WorkspaceReplacedError, match="was replaced or moved"), write(connection):
        pass
    connection.close()
    assert submissions(path) == set()


def test_a_link_to_a_workspace_that_leads_elsewhere_by_now(workspace: Path) -> None:
    link = workspace.with_name("link.db")
    link.symlink_to(workspace)
    connection = open_workspace(link)
    with write(connection):
        pass
    another = copy_of(workspace)
    link.unlink()
    link.symlink_to(another)
    with pytest.raises(WorkspaceReplacedError), write(connection):
        pass
    connection.close()


def rename_behavior(connection: sqlite3.Connection, name: str, meanwhile: Callable[[], object] = int) -> None:
    with write(connection):
        connection.execute("UPDATE datasets SET behavior = ?", (name,))
        meanwhile()


def behavior(path: Path) -> str:
    connection = open_workspace(path, create=False)
    assert is_sound(connection)
    (found,) = connection.execute("SELECT behavior FROM datasets").fetchone()
    connection.close()
    return str(found)


def test_moved_away_in_the_middle_of_a_transaction_all_before_it_is_there(workspace: Path) -> None:
    connection, moved = open_workspace(workspace), workspace.with_name("moved.db")
    rename_behavior(connection, "keeps wasps")
    with pytest.raises(WorkspaceReplacedError):
        rename_behavior(connection, "keeps ants", lambda: workspace.rename(moved))
    assert behavior(moved) == "keeps wasps"
    connection.close()
    assert behavior(moved) == "keeps wasps"


def test_replaced_in_the_middle_of_a_transaction_nothing_is_written_there(workspace: Path) -> None:
    connection, copy = open_workspace(workspace), copy_of(workspace)
    with pytest.raises(WorkspaceReplacedError):
        rename_behavior(connection, "keeps wasps", lambda: move_over(workspace, copy))
    connection.close()
    assert behavior(workspace) == "keeps bees"


def test_a_connection_that_does_without_a_log_from_now_on(workspace: Path) -> None:
    connection = open_workspace(workspace)
    connection.execute("PRAGMA journal_mode = delete")
    rename_behavior(connection, "keeps wasps")
    connection.close()
    assert behavior(workspace) == "keeps wasps"
