import ast
import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import db.store.connection
import db.store.workspace
from db.errors import InputError, WorkspaceBusyError, WorkspaceError
from db.store import sqlite
from db.store.connection import Connection, connect, in_bulk, snapshot, write
from db.store.sqlite import IntegrityError, OperationalError, sqlite3
from db.store.workspace import open_workspace
from generation.worker.worker import Worker
from tests.support.contention import hold_lock, read_then_add, wait_for_lock
from tests.support.processes import Child, context
from tests.support.workspaces import add_examples, make_dataset, needs_wal

ROOT = Path(__file__).parents[2]

Settings = dict[str, Any]
DURABLE: Settings = {"journal_mode": sqlite.journal_mode(), "synchronous": 2, "foreign_keys": 1}


def settings(connection: Connection) -> Settings:
    return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in DURABLE}


def set_settings(connection: Connection, text: str) -> None:
    with write(connection):
        connection.execute("INSERT OR REPLACE INTO settings VALUES ('test', ?)", (text,))


def get_setting(connection: Connection) -> str | None:
    row = connection.execute("SELECT value FROM settings WHERE name = 'test'").fetchone()
    return row[0] if row else None


# Every connection


def test_sqlite_is_free_of_the_wal_reset_bug() -> None:
    bundled = pytest.importorskip("pysqlite3", exc_type=ImportError)
    assert sqlite3 is bundled
    assert sqlite.version() >= (3, 51, 3)
    assert sqlite.journal_mode() == "wal"


def test_connections_are_opened_in_one_place() -> None:
    """Whoever opens a connection elsewhere has none of the settings; what a backup is, or memory, needs none."""
    openers = set()
    for package in ("db", "review", "generation", "tui"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                    "sqlite3.connect",
                    "sqlite.sqlite3.connect",
                    "pysqlite3.connect",
                    "connect",
                    "sqlite3.Connection",
                    "Connection",
                }:
                    openers.add((file.relative_to(ROOT).as_posix(), ast.unparse(node.func)))
    assert openers == {
        ("db/store/connection.py", "sqlite3.connect"),
        ("db/store/workspace.py", "connect"),
        ("db/store/open_files.py", "sqlite3.connect"),
        ("db/store/copies.py", "sqlite3.connect"),
        ("db/store/copies.py", "connect"),
        ("db/store/backups.py", "sqlite3.connect"),
        ("db/store/backups.py", "connect"),
        ("db/store/schema.py", "sqlite3.connect"),
    }


def test_every_connection_is_durable(workspace_path: Path) -> None:
    first = open_workspace(workspace_path)
    assert settings(first) == DURABLE
    assert settings(open_workspace(workspace_path)) == DURABLE
    assert settings(connect(workspace_path)) == DURABLE
    assert settings(connect(workspace_path, read_only=True)) == DURABLE


def test_after_work_in_bulk_a_connection_is_durable_again(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    with suppress(InputError), in_bulk(connection):
        raise InputError("It failed.")
    assert settings(connection) == DURABLE


def test_with_a_rollback_journal_work_in_bulk_is_synced_too(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    connection.execute("PRAGMA journal_mode = DELETE")
    with in_bulk(connection):
        assert settings(connection) == {**DURABLE, "journal_mode": "delete"}


def test_a_connection_of_another_thread_is_durable(workspace_path: Path) -> None:
    open_workspace(workspace_path).close()
    found: list[Settings] = []
    thread = threading.Thread(target=lambda: found.append(settings(open_workspace(workspace_path))))
    thread.start()
    thread.join()
    assert found == [DURABLE]


def test_the_workers_connections_are_durable(workspace_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Settings] = []

    def spy(path: Path) -> Connection:
        connection = connect(path)
        found.append(settings(connection))
        return connection

    open_workspace(workspace_path).close()
    monkeypatch.setattr(db.store.workspace, "connect", spy)
    worker = Worker(workspace_path)
    worker.stop()
    assert asyncio.run(worker.run())
    assert found == [DURABLE]


def test_on_macos_a_sync_reaches_the_disk(workspace_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_workspace(workspace_path).close()
    monkeypatch.setattr(sys, "platform", "darwin")
    connection = connect(workspace_path)
    assert connection.execute("PRAGMA fullfsync").fetchone() == (1,)
    assert connection.execute("PRAGMA checkpoint_fullfsync").fetchone() == (1,)


def test_a_read_only_connection_refuses_writes(workspace_path: Path) -> None:
    open_workspace(workspace_path).close()
    connection = connect(workspace_path, read_only=True)
    with pytest.raises(WorkspaceError, match="read-only here"):
        set_settings(connection, "written")


def test_a_connection_is_its_threads_own(connection: Connection) -> None:
    raised: list[BaseException] = []

    def use() -> None:
        try:
            connection.execute("SELECT 1")
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert len(raised) == 1


# Transactions


def test_a_write_is_there_for_others_when_it_has_ended(connection: Connection, workspace_path: Path) -> None:
    other = connect(workspace_path)
    with write(connection):
        connection.execute("INSERT INTO settings VALUES ('test', 'written')")
        assert get_setting(other) is None
    assert get_setting(other) == "written"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, OperationalError])
def test_a_write_that_fails_leaves_nothing(connection: Connection, error: type[BaseException]) -> None:
    def write_and_fail() -> None:
        with write(connection):
            connection.execute("INSERT INTO settings VALUES ('test', 'written')")
            raise error("stop")

    with pytest.raises(WorkspaceError if error is OperationalError else error):
        write_and_fail()
    assert not connection.in_transaction
    assert get_setting(connection) is None
    set_settings(connection, "afterwards")
    assert get_setting(connection) == "afterwards"


def test_what_utf8_cant_hold_is_refused(connection: Connection) -> None:
    with pytest.raises(InputError, match="surrogate"):
        set_settings(connection, "\udc80")
    assert not connection.in_transaction


def test_a_mistake_of_ours_stays_one(connection: Connection) -> None:
    with pytest.raises(IntegrityError), write(connection):
        connection.execute("INSERT INTO allowed_annotators VALUES (1, 1)")
    assert not connection.in_transaction


def test_a_write_takes_the_lock_before_it_reads(connection: Connection, workspace_path: Path) -> None:
    other = connect(workspace_path)
    other.execute("PRAGMA busy_timeout = 0")
    with write(connection), pytest.raises(OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")


def test_reads_are_patient_again_after_a_write(connection: Connection) -> None:
    set_settings(connection, "written")
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    assert patience == db.store.connection.READ_PATIENCE_MS


def test_what_is_read_in_a_write_is_still_so_when_it_writes(connection: Connection, workspace_path: Path) -> None:
    connection.execute("INSERT INTO settings VALUES ('tally', '0')")
    barrier = context.Barrier(4)
    children = [Child(read_then_add, workspace_path, barrier, 50) for _ in range(4)]
    for child in children:
        child.result()
    assert connection.execute("SELECT value FROM settings WHERE name = 'tally'").fetchone() == ("200",)


def test_a_writer_has_its_turn_soon_after_another_has_ended(connection: Connection, workspace_path: Path) -> None:
    make_dataset(connection, 3)
    held = context.Event()
    holder = Child(hold_lock, workspace_path, held, 1.0)
    waiter = Child(wait_for_lock, workspace_path, held)
    released = holder.result()
    begun, tries = waiter.result()
    assert tries > 50, "SQLite's own handler would sleep for up to 100 ms between two tries"
    assert (begun - released) / 1.0 < 0.1
    assert connection.execute("SELECT behavior, guidelines FROM datasets").fetchone() == ("held", "waited ")


def test_a_writer_gives_up_in_the_end(
    connection: Connection, workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.store.connection, "WRITE_PATIENCE", 0.05)
    other = connect(workspace_path)
    with write(other), pytest.raises(WorkspaceBusyError, match="nothing was written"):
        set_settings(connection, "written")
    set_settings(connection, "afterwards")
    assert get_setting(connection) == "afterwards"


@needs_wal
def test_a_snapshot_sees_one_state(connection: Connection, workspace_path: Path) -> None:
    other = connect(workspace_path)
    set_settings(connection, "before")
    with snapshot(connection):
        assert get_setting(connection) == "before"
        set_settings(other, "after")
        assert get_setting(connection) == "before"
    assert get_setting(connection) == "after"
    assert not connection.in_transaction


# What goes wrong with disks


def test_a_full_disk_is_told_and_nothing_is_half_written(connection: Connection) -> None:
    dataset = make_dataset(connection, 3)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(WorkspaceError, match="The disk is full: nothing was written"):
        add_examples(connection, dataset, 500)
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (3,)
    assert connection.execute("SELECT count(*) FROM review_status").fetchone() == (3,)
    assert connection.execute("SELECT examples FROM dataset_counters").fetchone() == (3,)
    connection.execute("PRAGMA max_page_count = 1000000")
    add_examples(connection, dataset, 500)
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (503,)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB, where we may make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mounting = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    connection = open_workspace(small_disk / "workspace.db")
    dataset = make_dataset(connection, 3)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    with pytest.raises(WorkspaceError, match="The disk is full: nothing was written"):
        add_examples(connection, dataset, 500)
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (3,)
    ballast.unlink()
    add_examples(connection, dataset, 500)
    connection.close()
    connection = open_workspace(small_disk / "workspace.db")
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (503,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_damaged_page_is_told(connection: Connection, workspace_path: Path) -> None:
    make_dataset(connection, 500)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'examples'").fetchone()
    with workspace_path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    again = connect(workspace_path)
    with pytest.raises(WorkspaceError, match="damaged"), write(again):
        again.execute("UPDATE examples SET intended = NULL")
    assert not again.in_transaction


def test_a_damaged_schema_whose_names_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "evalwright.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE bees (id)")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET name = CAST(x'd42e' AS TEXT), sql = 'CREATE TABLE'")
    connection.close()
    with pytest.raises(WorkspaceError, match="is damaged"):
        connect(path)
