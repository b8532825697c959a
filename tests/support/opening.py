"""What child processes do to a workspace that is being made or migrated."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

from db import connection as connections
from db import schema, workspace
from db.connection import Connection

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
