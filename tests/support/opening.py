"""What child processes do to a workspace that is being made or migrated."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from unittest.mock import patch

from db.store import connection as connections
from db.store import schema, workspace
from db.store.connection import Connection

SECOND = ("second", ["CREATE TABLE second (id INTEGER PRIMARY KEY) STRICT", "INSERT INTO second VALUES (1)"])
"""A migration that a later evalwright might have."""


def know_second_migration() -> None:
    """Makes this process an evalwright that is one migration newer."""
    schema.MIGRATIONS.append(SECOND)
    schema.CURRENT = len(schema.MIGRATIONS)


def open_together(path: Path, barrier: Barrier, newer: bool) -> tuple[int, str]:
    """Opens the workspace when all are ready; returns its version and journal mode."""
    if newer:
        know_second_migration()
    barrier.wait()
    connection = workspace.open_workspace(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    connection.execute("SELECT count(*) FROM datasets").fetchone()
    connection.close()
    return version, journal


def look_slowly(path: Path, barrier: Barrier) -> int:
    """Opens the workspace, with a rest before each statement at first; returns its version."""

    def traced(_: str) -> None:
        time.sleep(0.02)

    def connect(path: Path) -> Connection:
        connection = connections.connect(path)
        connection.set_trace_callback(traced)
        return connection

    setattr(workspace, "connect", connect)  # noqa: B010 (mypy: not exported)
    barrier.wait()
    connection = workspace.open_workspace(path)
    connection.set_trace_callback(None)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def open_and_die_at(path: Path, newer: bool, statement: int) -> int:
    """Opens the workspace, but is killed when it begins its n-th statement; returns how many there were if not."""
    if newer:
        know_second_migration()
    count = 0

    def traced(_: str) -> None:
        nonlocal count
        count += 1
        if count == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    def connect(path: Path) -> Connection:
        connection = connections.connect(path)
        connection.set_trace_callback(traced)
        return connection

    setattr(workspace, "connect", connect)  # noqa: B010 (mypy: not exported)
    workspace.open_workspace(path).close()
    return count


def make_old(path: Path, version: int, examples: int) -> None:
    """Makes a workspace as an evalwright of that version left it, with answers to every second example."""
    with patch.multiple(schema, MIGRATIONS=schema.MIGRATIONS[:1], CURRENT=1):
        connection = workspace.open_workspace(path)
        connection.execute("PRAGMA synchronous = OFF")
        with connections.write(connection):
            for statement in FIRST_ROWS:
                connection.execute(statement, {"examples": examples})
        connection.close()
    with patch.multiple(schema, MIGRATIONS=schema.MIGRATIONS[:version], CURRENT=version):
        workspace.open_workspace(path).close()
    for backup in path.parent.glob(f"{path.name}.v*.backup"):
        backup.unlink()


NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :examples)"

FIRST_ROWS = (
    "INSERT INTO datasets (name, behavior, kind, origin, seed, state, visible, created_at, closed_at)"
    " VALUES ('beekeeping', 'keeps bees', 'persona', 'tests', 7, 'closed', 1, '2026-01-01', '2026-01-01')",
    "INSERT INTO dataset_counters (dataset_id, examples, annotations, reviewed)"
    " VALUES (1, :examples, :examples / 2, :examples / 2)",
    f"""{NUMBERS} INSERT INTO examples (dataset_id, ordinal, question, body, choices, intended, label_confidence)
        SELECT 1, i, 'Do you keep ' || i || ' bees?', 'I keep ' || i || ' bees',
            '[{{"answer": " Yes", "text": "Yes"}}, {{"answer": " No", "text": "No"}}]', ' Yes', 0.9 FROM n""",
    "INSERT INTO review_status (example_id, dataset_id, position, places, answers)"
    " SELECT id, 1, id, 2 - (id % 2 = 0), id % 2 = 0 FROM examples",
    "INSERT INTO annotators (name, created_at) VALUES ('Ada', '2026-01-01')",
    "INSERT INTO sessions (id, annotator_id, host, pid, seen_at) VALUES ('s', 1, 'nowhere', 1, 0)",
    """INSERT INTO annotations (dataset_id, example_id, annotator_id, occasion, revision, label, relevance, comment,
            seconds, submission, session_id, created_at)
        SELECT 1, id, 1, 'first', 1, ' No', 1 + id % 5, 'comment ' || id, 1.5, 's-' || id, 's', '2026-01-02'
        FROM examples WHERE id % 2 = 0""",
    "INSERT INTO cursors (dataset_id, annotator_id, position, answered) VALUES (1, 1, :examples, :examples / 2)",
)
"""Rows as the first version had them."""
