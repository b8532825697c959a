"""A workspace whose opening was killed, at whatever statement, opens the next time."""

from __future__ import annotations

import shutil
import signal
from itertools import count
from pathlib import Path

import pytest

from db.store.connection import connect
from db.store.sqlite import sqlite3
from tests.db.test_workspace import NOW, backups, old_workspace
from tests.support.opening import open_and_die_at, open_together
from tests.support.processes import Child, context

KILLS_APART = 4
"""Killed before every statement, a test takes each so many."""

IN_CI = [pytest.param(age, 1, 16, marks=pytest.mark.slow) for age in ("absent", "old")]
"""CI takes some of the statements."""

ALL_OF_THEM = [
    pytest.param(age, first, KILLS_APART, marks=pytest.mark.long)
    for age in ("absent", "old")
    for first in range(1, 1 + KILLS_APART)
]


def assert_opens_after_a_kill(path: Path, examples: int) -> None:
    barrier = context.Barrier(1)
    assert Child(open_together, path, barrier, True).result()[0] == NOW + 1
    connection = connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT id FROM second").fetchall() == [(1,)]
    for backup in backups(path):
        kept = sqlite3.connect(backup)
        assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert kept.execute("SELECT count(*) FROM examples").fetchone() == (examples,)


@pytest.mark.parametrize(("age", "first", "apart"), [*IN_CI, *ALL_OF_THEM])
def test_killed_before_any_statement_it_opens_the_next_time(tmp_path: Path, age: str, first: int, apart: int) -> None:
    """Before each of them, that is, in as many tests as can run beside each other."""
    template = tmp_path / "old.db"
    if age == "old":
        old_workspace(template)
    for number in count(first, apart):
        path = tmp_path / f"{number}.db"
        if age == "old":
            shutil.copy(template, path)
        child = Child(open_and_die_at, path, True, number)
        child.process.join()
        assert child.process.exitcode in (0, -signal.SIGKILL)
        survived = child.process.exitcode == 0
        assert not survived or child.result() < number
        assert_opens_after_a_kill(path, 3 if age == "old" else 0)
        if survived:
            break
    assert number > 10
