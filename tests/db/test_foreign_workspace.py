"""Workspaces that hold what evalwright never makes, and what is no workspace: told in a sentence, at once."""

from __future__ import annotations

import os
import sqlite3 as system_sqlite
from pathlib import Path

import pytest

from db.store import schema, workspace
from db.store.connection import connect
from db.store.workspace import open_workspace, workspace_id
from tests.db.test_workspace import NOW, backups, old_workspace, refused

ENDLESS = "WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT * FROM n"


@pytest.mark.parametrize("version", [NOW, NOW - 1, 3])
@pytest.mark.parametrize(
    ("done", "told"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON annotations BEGIN DELETE FROM annotations; END", "the trigger t"),
        (f"CREATE VIEW answers AS {ENDLESS}", "the view answers"),
        ("CREATE TABLE more (id)", "the table more"),
        ("CREATE VIRTUAL TABLE more USING fts5 (body)", "the table more"),
        ("CREATE TABLE examples_text_more (id)", "the table examples_text_more"),
        ("CREATE INDEX more ON settings (abs(value))", "the index more"),
        ("ALTER TABLE jobs ADD COLUMN more INT GENERATED ALWAYS AS (abs(id))", "the table jobs in another form"),
        ("DROP TABLE annotations", "no index annotations_by"),
    ],
)
def test_what_evalwright_never_makes_is_refused_before_anything_runs(
    workspace_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, done: str, told: str
) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:version])
        older.setattr(schema, "CURRENT", version)
        old_workspace(workspace_path) if version == NOW else open_workspace(workspace_path).close()
    other = system_sqlite.connect(workspace_path)
    other.executescript(done)
    other.close()
    before = workspace_path.read_bytes()
    with refused(workspace_path, f"holds {told}.*, unlike what evalwright makes"):
        open_workspace(workspace_path)
    assert workspace_path.read_bytes() == before
    assert not backups(workspace_path)


def test_a_file_that_says_it_is_older_than_its_tables_is_refused(workspace_path: Path) -> None:
    old_workspace(workspace_path)
    connect(workspace_path).execute("PRAGMA user_version = 3")
    with refused(workspace_path, "unlike what evalwright makes"):
        open_workspace(workspace_path)


def test_the_digest_of_what_is_made_is_the_newest() -> None:
    """A new migration changes it; with an old one every workspace would be compared in full whenever it is opened."""
    assert schema._digest(schema._as_made(schema.statements_to(schema.CURRENT))) == schema.AS_MADE


def test_what_the_tables_compute_calls_nothing_of_ours(workspace_path: Path) -> None:
    assert open_workspace(workspace_path).execute("PRAGMA trusted_schema").fetchone() == (0,)


# What is no file


def made_as(kind: str, path: Path) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "circle":
        path.symlink_to(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path.parent / "absent.db")


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "circle", "dangling"])
def test_what_is_no_file_is_told_at_once(workspace_path: Path, kind: str) -> None:
    made_as(kind, workspace_path)
    assert not workspace.is_packet(workspace_path)
    with refused(workspace_path):
        open_workspace(workspace_path)


@pytest.mark.parametrize("length", [0, 15, 16, 71, 99])
def test_a_short_file_is_no_packet(workspace_path: Path, length: int) -> None:
    old_workspace(workspace_path)
    workspace_path.write_bytes(workspace_path.read_bytes()[:length])
    assert not workspace.is_packet(workspace_path)
    if length:
        with refused(workspace_path):
            open_workspace(workspace_path)


def test_a_link_to_a_workspace_is_that_workspace(workspace_path: Path, tmp_path: Path) -> None:
    name = old_workspace(workspace_path)
    link = tmp_path / "link.db"
    link.symlink_to(workspace_path)
    assert workspace_id(open_workspace(link)) == name


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "circle", "dangling"])
def test_a_lock_file_that_is_something_else_is_told(workspace_path: Path, kind: str) -> None:
    made_as(kind, workspace_path.with_name(workspace_path.name + ".lock"))
    with refused(workspace_path, "lock file"):
        open_workspace(workspace_path)
    assert not (workspace_path.parent / "absent.db").exists()


def test_a_lock_file_is_never_cut_off(workspace_path: Path) -> None:
    lock = workspace_path.with_name(workspace_path.name + ".lock")
    lock.write_text("somebody's only copy")
    open_workspace(workspace_path)
    assert lock.read_text() == "somebody's only copy"


def test_a_new_workspace_is_its_owners_alone(workspace_path: Path) -> None:
    old = os.umask(0)
    try:
        open_workspace(workspace_path)
    finally:
        os.umask(old)
    assert {path.stat().st_mode & 0o777 for path in workspace_path.parent.iterdir()} == {0o600}
