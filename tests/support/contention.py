"""What child processes do to a workspace's lock."""

from __future__ import annotations

import time
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

from db.store.connection import connect, write


def hold_lock(path: Path, held: Event, seconds: float) -> float:
    """Writes for that long; returns the moment (monotonic) at which the lock was let go."""
    connection = connect(path)
    with write(connection):
        connection.execute("UPDATE datasets SET behavior = 'held'")
        held.set()
        time.sleep(seconds)
    return time.monotonic()


def wait_for_lock(path: Path, held: Event) -> tuple[float, int]:
    """Writes once another process has the lock; returns when it had its turn, and how often it tried."""
    connection = connect(path)
    tries = 0

    def traced(statement: str) -> None:
        nonlocal tries
        tries += statement == "BEGIN IMMEDIATE"

    connection.set_trace_callback(traced)
    held.wait()
    with write(connection):
        begun = time.monotonic()
        connection.execute("UPDATE datasets SET guidelines = guidelines || 'waited '")
    return begun, tries


def read_then_add(path: Path, barrier: Barrier, times: int) -> None:
    """Reads a number and writes the next one, again and again."""
    connection = connect(path)
    barrier.wait()
    for _ in range(times):
        with write(connection):
            (value,) = connection.execute("SELECT value FROM settings WHERE name = 'tally'").fetchone()
            connection.execute("UPDATE settings SET value = ? WHERE name = 'tally'", (str(int(value) + 1),))
