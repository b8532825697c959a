"""Packets that somebody has altered: refused in a sentence, at once, and nothing of them is merged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from db.errors import WorkspaceError
from db.store.connection import Connection
from review.packets import make_packet, merge_packet
from tests.support.packets import label_packet, stored
from tests.support.workspaces import make_dataset

ENDLESS = "WITH RECURSIVE n (id, submission) AS (SELECT 1, 1 UNION ALL SELECT id + 1, 1 FROM n) SELECT * FROM n"


@pytest.fixture
def packet(connection: Connection, tmp_path: Path) -> Path:
    connection.execute("PRAGMA synchronous = OFF")
    path = tmp_path / "ada.packet"
    make_packet(connection, make_dataset(connection, 5), "Ada", path)
    label_packet(path)
    return path


@pytest.mark.parametrize(
    "statements",
    [
        f"DROP TABLE annotations; CREATE VIEW annotations AS {ENDLESS}",
        f"PRAGMA user_version = 3; DROP TABLE annotations; CREATE VIEW annotations AS {ENDLESS}",
        "CREATE TRIGGER t AFTER UPDATE ON settings BEGIN DELETE FROM settings; END",
        "DROP TABLE annotations",
        "DROP TABLE settings",
        "CREATE TABLE more (id)",
        "CREATE TABLE _sqlite_more (id)",
        "CREATE TABLE examples_text_more (id)",
        "CREATE INDEX examples_text_x ON annotations (comment)",
        "DELETE FROM settings WHERE name = 'packet_for'",
        "UPDATE annotations SET answers = '[]'",
        "UPDATE annotations SET comment = cast(x'ff' AS TEXT)",
        "UPDATE annotations SET created_at = 'yesterday'",
        "UPDATE annotations SET seconds = 9e999",
        "UPDATE annotations SET seconds = -1",
        "UPDATE examples SET choices = '[1]'",
        "UPDATE examples SET choices = 'x'",
        "UPDATE datasets SET questions = '[{}]'",
        "PRAGMA foreign_keys = 0; DELETE FROM examples",
        "PRAGMA ignore_check_constraints = 1; UPDATE annotations SET relevance = 9",
    ],
)
def test_whatever_is_done_to_its_tables_is_told(connection: Connection, packet: Path, statements: str) -> None:
    with closing(sqlite3.connect(packet)) as file:
        file.executescript(statements)
    with pytest.raises(WorkspaceError, match=r"ada.packet is damaged \(.*\), and nothing of it was merged"):
        merge_packet(connection, packet)
    assert stored(connection) == []


def test_a_whole_packet_is_merged(connection: Connection, packet: Path) -> None:
    assert merge_packet(connection, packet).new == 5


def test_an_answer_under_the_name_of_another_ones_is_told(connection: Connection, packet: Path) -> None:
    merge_packet(connection, packet)
    before = stored(connection)
    with closing(sqlite3.connect(packet)) as file:
        file.executescript(
            "CREATE TEMP TABLE names AS SELECT id, submission FROM annotations;"
            "UPDATE annotations SET submission = id;"
            "UPDATE annotations SET submission = (SELECT submission FROM names AS n WHERE n.id = 6 - annotations.id)"
        )
    with pytest.raises(WorkspaceError, match=r"damaged \(One of its answers is known from another example\)"):
        merge_packet(connection, packet)
    assert stored(connection) == before
