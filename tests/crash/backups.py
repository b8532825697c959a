"""Backups that are made two at once, and restores, which are cut off."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

from db.store.workspace import open_workspace
from tests.crash.command import Command, names
from tests.crash.harness import Ended, State, one_sentence, stop_and_kill
from tests.support.called import call
from tests.support.packets import label_packet, stored
from tests.support.processes import Child
from tests.support.workspaces import make_dataset

EXAMPLES, EARLIER, LATER = 2_000, 40, 30
KILLED = 1 / 3
"""Of how many pairs one is killed."""


class Backup(Command):
    name = "backup"
    checked = "of two at once, both whole or one refused; what one that was killed left goes with the next"
    ends = 0.8
    room = 1_000_000

    @property
    def arguments(self) -> list[str]:
        return ["backup", "copy-1.db"]

    def make(self) -> None:
        connection = open_workspace(self.template)
        make_dataset(connection, EXAMPLES)
        label_packet(self.template, EARLIER, name="Ada")
        self._answers = stored(connection)
        connection.close()

    def cut_off(self, chance: random.Random) -> bool:
        """Starts two, to one name or to two, and lets both come to their end, or kills one."""
        targets = ("copy-1.db", chance.choice(("copy-1.db", "copy-2.db")))
        there = {target for target in targets if (self.scene / target).exists()}
        said = [self.aside / f"said-{number}.txt" for number in range(2)]
        words = ["--workspace", str(self.workspace), "backup"]
        pair = [Child(call, [*words, to], self.scene, file, fork=True) for to, file in zip(targets, said, strict=True)]
        writing, killed = False, None
        if chance.random() < KILLED:
            killed = chance.randrange(2)
            self._wait(pair[killed], chance.uniform(0, 1.5 * self._seconds))
            assert pair[killed].process.pid is not None
            writing = stop_and_kill(pair[killed].process.pid, self.workspace)
            pair[killed].kill()
        ended = {
            number: Ended(child.result(), said[number].read_text())
            for number, child in enumerate(pair)
            if number != killed
        }
        for number, one in ended.items():
            one_sentence(one)
            if not (self.scene / "ballast").exists():  # of a full disk
                assert one.code == 0 or "exists already" in one.said, one
                assert (self.scene / targets[number]).exists()
        made = sum(one.code == 0 for one in ended.values())
        assert made <= len(set(targets) - there), ended
        return writing

    def check(self) -> State:
        with self.looking() as connection:
            assert stored(connection) == self._answers
        found = [name for name in names(self.scene) if name.startswith("copy-") and not name.endswith(".partial")]
        assert set(found) <= {"copy-1.db", "copy-2.db"}, "one file each, with nothing beside it"
        for name in found:
            assert (self.scene / name).read_bytes()[18:20] == b"\x01\x01", "without a log"
            with self.looking(self.scene / name) as connection:
                assert stored(connection) == self._answers
        if "copy-1.db" in found:
            return "complete"
        return "begun" if list(self.scene.glob("*.partial")) else "untouched"

    def check_end(self, was: State, ended: Ended) -> None:
        if was == "complete":
            assert ended.code == 2
            assert "exists already" in ended.said
        else:
            assert ended.code == 0, ended.said
            assert not list(self.scene.glob("*.partial")), "what the one before left is gone"


class Restore(Command):
    name = "restore"
    checked = "what was there or the backup, each whole; restored again, the backup, and what was there is kept"
    room = 1_500_000

    @property
    def arguments(self) -> list[str]:
        return ["restore", str(self.backup)]

    def make(self) -> None:
        """A workspace whose newest answers are in its log, as a process that was killed leaves it, and a backup."""
        made, self.backup = self.aside / "made.db", self.aside / "backup.db"
        connection = open_workspace(made)
        make_dataset(connection, EXAMPLES)
        label_packet(made, EARLIER, name="Ada")
        assert Child(call, ["--workspace", str(made), "backup", str(self.backup)], self.aside, self.said).result() == 0
        self._backed_up = stored(connection)
        label_packet(made, LATER, name="Béla")
        self._newest = stored(connection)
        for suffix in ("", "-wal"):
            shutil.copy(_beside(made, suffix), _beside(self.template, suffix))
        connection.close()
        assert _beside(self.template, "-wal").stat().st_size > 0
        assert len(self._newest) == len(self._backed_up) + LATER

    def begin(self, chance: random.Random) -> None:
        super().begin(chance)
        shutil.copy(_beside(self.template, "-wal"), _beside(self.workspace, "-wal"))

    def check(self) -> State:
        found, kept = self._content(self.workspace), [self._content(path) for path in self._kept()]
        self._apart = sum(not path.samefile(self.workspace) for path in self._kept())
        assert found in (self._newest, self._backed_up)
        assert all(content in (self._newest, self._backed_up) for content in kept)
        if found == self._backed_up:
            assert self._newest in kept
            return "complete"
        return "begun" if kept or list(self.scene.glob("*.partial")) else "untouched"

    def check_end(self, was: State, ended: Ended) -> None:
        before = self._apart
        assert ended.code == 0, ended.said
        assert "restored from" in ended.said
        assert not list(self.scene.glob("*.partial"))
        assert len(self._kept()) == before + 1, "what was there is kept once, whatever was killed on the way"
        assert not any(path.samefile(self.workspace) for path in self._kept())
        assert not any(_beside(self.workspace, suffix).exists() for suffix in ("-wal", "-shm", "-journal"))

    def _kept(self) -> list[Path]:
        found = self.scene.glob("evalwright.db.before-restore-*")
        return [path for path in found if not path.name.endswith(("-wal", "-shm", "-journal"))]

    def _content(self, path: Path) -> Any:
        with self.looking(path) as connection:
            return stored(connection)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
