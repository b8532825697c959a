"""A migration that is cut off: of a workspace as old as may be."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from db.store import schema
from db.store.connection import Connection
from db.store.workspace import open_workspace, user_version
from tests.crash.command import Command
from tests.crash.harness import Ended, State
from tests.support.opening import make_old

EXAMPLES = 1_500


class Migration(Command):
    name = "migration"
    checked = "the old version as it was, or the new one, complete, with a sound backup of the old; then it opens"
    room = 2_000_000

    @property
    def arguments(self) -> list[str]:
        return ["datasets"]

    def make(self) -> None:
        """A workspace of each version that there ever was."""
        for version in range(1, schema.CURRENT):
            make_old(self._old(version), version, EXAMPLES)
        newest = self.aside / "newest.db"
        open_workspace(newest).close()
        with self.looking(newest) as connection:
            self._tables = tables(connection)

    def begin(self, chance: random.Random) -> None:
        self._version = chance.randrange(1, schema.CURRENT)
        self.template = self._old(self._version)
        super().begin(chance)
        with self.looking() as connection:
            self._before = contents(connection)
            self._kept = kept(connection)

    def check(self) -> State:
        backups = sorted(self.scene.glob(f"{self.workspace.name}.v{self._version}-*.backup"))
        for backup in backups:
            with self.looking(backup) as connection:
                assert contents(connection) == self._before
        with self.looking() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            assert kept(connection) == self._kept
            if version == self._version:
                assert contents(connection) == self._before
                return "begun" if backups or list(self.scene.glob("*.partial")) else "untouched"
            assert version == schema.CURRENT
            assert tables(connection) == self._tables
            assert backups
            return "complete"

    def check_end(self, was: State, ended: Ended) -> None:
        assert (ended.code, "beekeeping" in ended.said) == (0, True), ended.said
        assert user_version(self.workspace) == schema.CURRENT

    def _old(self, version: int) -> Path:
        return self.aside / f"version-{version}.db"


def contents(connection: Connection) -> dict[str, list[Any]]:
    """Every row of every table, and the tables themselves."""
    found = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {
        "": tables(connection),
        **{name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in found},
    }


def tables(connection: Connection) -> list[tuple[str, str, str]]:
    """Every table, index and view as it was made."""
    return connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


def kept(connection: Connection) -> list[tuple[Any, ...]]:
    """What people have entered, as far as every version has it."""
    return connection.execute(
        "SELECT e.id, e.question, a.name, n.label, n.relevance, n.comment, n.submission FROM examples AS e"
        " JOIN annotations AS n ON n.example_id = e.id JOIN annotators AS a ON a.id = n.annotator_id ORDER BY n.id"
    ).fetchall()
