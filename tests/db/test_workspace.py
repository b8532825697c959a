import os
import sqlite3 as system_sqlite
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from db.errors import EvalwrightError, InputError, WorkspaceError
from db.store import filesystem, schema, sqlite, workspace
from db.store.connection import connect, write
from db.store.sqlite import OperationalError, sqlite3
from db.store.workspace import open_workspace, workspace_id
from tests.support.opening import SECOND, look_slowly, open_together
from tests.support.processes import Child, context
from tests.support.workspaces import make_dataset, needs_wal

NOW = schema.CURRENT
"""The version that a workspace has without the migration that only a newer evalwright knows."""


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is an evalwright that is one migration newer."""
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, SECOND])
    monkeypatch.setattr(schema, "CURRENT", len(schema.MIGRATIONS))


@contextmanager
def refused(path: Path, why: str | None = None, kind: type[EvalwrightError] = WorkspaceError) -> Iterator[None]:
    """The block is refused with a sentence about that file."""
    with pytest.raises(kind, match=why) as raised:
        yield
    sentence = str(raised.value)
    assert str(path) in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.v*"))


def old_workspace(path: Path) -> str:
    """Makes a workspace with a dataset in it and returns its id."""
    connection = open_workspace(path)
    make_dataset(connection, 3)
    name = workspace_id(connection)
    connection.close()
    return name


# Which files are opened


def test_an_absent_workspace_is_made(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.CURRENT,)
    assert connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
    assert connection.execute("SELECT count(*) FROM datasets").fetchone() == (0,)
    assert not backups(workspace_path)


def test_an_absent_workspace_is_not_made_unasked(workspace_path: Path) -> None:
    with refused(workspace_path, kind=InputError):
        open_workspace(workspace_path, create=False)
    assert not list(workspace_path.parent.iterdir())


def test_an_empty_file_becomes_a_workspace(workspace_path: Path) -> None:
    workspace_path.touch()
    connection = open_workspace(workspace_path)
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.CURRENT,)
    assert not backups(workspace_path)


def test_a_workspace_is_the_same_when_opened_again(workspace_path: Path) -> None:
    name = old_workspace(workspace_path)
    connection = open_workspace(workspace_path, create=False)
    assert workspace_id(connection) == name
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (3,)


@pytest.mark.parametrize("text", ["not a workspace", "{}\n" * 5000])
def test_a_text_file_is_refused(workspace_path: Path, text: str) -> None:
    workspace_path.write_text(text)
    with refused(workspace_path, "isn't a SQLite file"):
        open_workspace(workspace_path)
    assert workspace_path.read_text() == text


@pytest.mark.parametrize(
    "made_by",
    [
        "CREATE TABLE customers (id INTEGER)",
        "CREATE TABLE customers (id INTEGER); PRAGMA user_version = 7",
        "PRAGMA application_id = 252006674; PRAGMA user_version = 7",
        "PRAGMA user_version = 1",
    ],
)
def test_a_file_of_another_program_is_refused(workspace_path: Path, made_by: str) -> None:
    other = system_sqlite.connect(workspace_path)
    other.executescript(made_by)
    other.close()
    before = workspace_path.read_bytes()
    with refused(workspace_path, "another program"):
        open_workspace(workspace_path)
    assert workspace_path.read_bytes() == before


def test_a_workspace_of_a_newer_version_is_refused(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    connection.execute(f"PRAGMA user_version = {schema.CURRENT + 1}")
    connection.close()
    with refused(workspace_path, "newer evalwright.*pip install"):
        open_workspace(workspace_path)


def test_a_damaged_workspace_is_refused(workspace_path: Path) -> None:
    old_workspace(workspace_path)
    content = bytearray(workspace_path.read_bytes())
    content[100:4096] = os.urandom(3996)
    workspace_path.write_bytes(content)
    with refused(workspace_path, "damaged"):
        open_workspace(workspace_path)


@pytest.mark.parametrize("name", ["folder", "absent/workspace.db", "x" * 300])
def test_a_path_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with refused(tmp_path / name):
        open_workspace(tmp_path / name)


@pytest.mark.parametrize("name", ["what?mode=ro#.db", "100 %.db", "größe.db", os.fsdecode(b"latin-\xe9.db")])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    old_workspace(tmp_path / name)
    assert (tmp_path / name).stat().st_size > 0
    assert open_workspace(tmp_path / name).execute("SELECT count(*) FROM examples").fetchone() == (3,)


# Folders and files that can't be written. Tests may run as root, who may write everything: the refusal is injected.


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_folder_that_cant_be_written_is_told(workspace_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystem, "open_own", refuse)
    with refused(workspace_path):
        open_workspace(workspace_path)
    assert not workspace_path.exists()


def test_a_file_that_cant_be_made_is_told(workspace_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_lock = filesystem.open_own
    monkeypatch.setattr(filesystem, "open_own", lambda path: refuse() if path == workspace_path else open_lock(path))
    with refused(workspace_path):
        open_workspace(workspace_path)


def test_a_folder_that_cant_be_searched_is_told(workspace_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "stat", refuse)
    with refused(workspace_path):
        open_workspace(workspace_path)


def test_a_migration_in_a_folder_that_cant_be_written_is_told(
    workspace_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    old_workspace(workspace_path)
    request.getfixturevalue("newer")
    monkeypatch.setattr(filesystem, "open_own", refuse)
    with refused(workspace_path):
        open_workspace(workspace_path)


def test_a_workspace_whose_lock_stays_held_is_told(workspace_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(workspace, "snapshot", busy)
    workspace_path.touch()
    with refused(workspace_path):
        open_workspace(workspace_path)


# Migrations


@pytest.mark.usefixtures("newer")
def test_a_new_workspace_gets_every_migration(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    assert connection.execute("PRAGMA user_version").fetchone() == (NOW + 1,)
    assert connection.execute("SELECT id FROM second").fetchone() == (1,)


def test_an_old_workspace_is_backed_up_and_migrated(workspace_path: Path, request: pytest.FixtureRequest) -> None:
    name = old_workspace(workspace_path)
    request.getfixturevalue("newer")
    connection = open_workspace(workspace_path)
    assert workspace_id(connection) == name
    assert connection.execute("SELECT id FROM second").fetchall() == [(1,)]
    (backup,) = backups(workspace_path)
    kept = sqlite3.connect(backup)
    assert kept.execute("PRAGMA user_version").fetchone() == (NOW,)
    assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert kept.execute("SELECT count(*) FROM examples").fetchone() == (3,)


def test_a_failed_migration_leaves_the_workspace_as_it_was(
    workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_workspace(workspace_path)
    wrong = ("wrong", ["CREATE TABLE begun (id INTEGER)", "INSERT INTO absent VALUES (1)"])
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, wrong])
    monkeypatch.setattr(schema, "CURRENT", NOW + 1)
    with refused(workspace_path):
        open_workspace(workspace_path)
    connection = connect(workspace_path)
    assert connection.execute("PRAGMA user_version").fetchone() == (NOW,)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'begun'").fetchone() == (0,)


def test_of_two_migrations_none_is_kept_if_one_fails(workspace_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_workspace(workspace_path)
    wrong = ("wrong", ["INSERT INTO absent VALUES (1)"])
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, SECOND, wrong])
    monkeypatch.setattr(schema, "CURRENT", NOW + 2)
    with refused(workspace_path, "as it was before"):
        open_workspace(workspace_path)
    assert connect(workspace_path).execute("PRAGMA user_version").fetchone() == (NOW,)
    monkeypatch.undo()
    assert open_workspace(workspace_path).execute("SELECT count(*) FROM examples").fetchone() == (3,)


def test_a_backup_that_cant_be_written_stops_the_migration(
    workspace_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    old_workspace(workspace_path)
    request.getfixturevalue("newer")
    monkeypatch.setattr(workspace, "backup_name", lambda path, _: path.parent / "absent" / "backup")
    with refused(workspace_path):
        open_workspace(workspace_path)
    assert connect(workspace_path).execute("PRAGMA user_version").fetchone() == (NOW,)


@pytest.mark.parametrize("age", ["absent", "empty", "old"])
def test_three_processes_at_the_same_moment(tmp_path: Path, age: str) -> None:
    newer = age == "old"
    for attempt in range(6):
        path = tmp_path / f"{attempt}.db"
        if age == "empty":
            path.touch()
        if age == "old":
            old_workspace(path)
        barrier = context.Barrier(3)
        children = [Child(open_together, path, barrier, newer) for _ in range(3)]
        expected = (NOW + 1 if newer else NOW, sqlite.journal_mode())
        assert [child.result() for child in children] == [expected] * 3
        assert len(backups(path)) == (1 if newer else 0)
        assert len(list(tmp_path.glob(f"{attempt}.db*.partial"))) == 0
        applied = connect(path).execute("SELECT name FROM _sqlite_migrations ORDER BY id").fetchall()
        assert applied == [(name,) for name, _ in schema.MIGRATIONS] + ([("second",)] if newer else [])


def test_a_workspace_made_while_another_process_looks_at_it(tmp_path: Path) -> None:
    """The look at an empty file is of one moment: half of it before and half after would be a foreign file."""
    for attempt in range(3):
        path = tmp_path / f"{attempt}.db"
        path.touch()
        barrier = context.Barrier(2)
        slow, quick = Child(look_slowly, path, barrier), Child(open_together, path, barrier, False)
        assert slow.result() == quick.result()[0] == NOW


# A SQLite with the WAL-reset bug


@pytest.fixture
def old_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite is one that may lose rows in WAL mode."""
    monkeypatch.setattr(sqlite, "version", lambda: (3, 40, 1))
    monkeypatch.setattr(workspace, "version", lambda: (3, 40, 1))


@pytest.mark.usefixtures("old_sqlite")
def test_an_old_sqlite_makes_workspaces_with_a_rollback_journal(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    make_dataset(connection, 3)
    assert open_workspace(workspace_path).execute("PRAGMA journal_mode").fetchone() == ("delete",)


@needs_wal
def test_an_old_sqlite_takes_a_workspace_out_of_wal(workspace_path: Path, request: pytest.FixtureRequest) -> None:
    old_workspace(workspace_path)
    request.getfixturevalue("old_sqlite")
    connection = open_workspace(workspace_path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (3,)


@needs_wal
def test_an_old_sqlite_refuses_a_wal_that_others_use(
    workspace_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = open_workspace(workspace_path)
    make_dataset(elsewhere, 3)
    monkeypatch.setattr("db.store.connection.READ_PATIENCE_MS", 1)
    request.getfixturevalue("old_sqlite")
    with refused(workspace_path, "open elsewhere"):
        open_workspace(workspace_path)
    with write(elsewhere):
        elsewhere.execute("UPDATE datasets SET behavior = 'still in use'")
    assert elsewhere.execute("PRAGMA journal_mode").fetchone() == ("wal",)
