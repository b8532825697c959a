"""The loop: something is begun, cut off, looked at, and in the end brought to its end; again and again.

What is cut off is a *subject*: the app, a worker, one of the commands. Every random choice of the n-th time comes from
the seed, the subject and n; only when the machine gets round to it does not.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import tempfile
import traceback
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from db.store.connection import Connection, connect
from db.store.sqlite import OperationalError, sqlite3
from db.store.workspace import is_sound

Moment = Literal["before", "inside", "after"]
"""Where it was when it was cut off: nothing was written yet, something was under way, everything was."""

State = Literal["untouched", "begun", "complete"]
"""What the disk shows of it afterwards."""


@dataclass(frozen=True)
class Ended:
    """How something ended by itself."""

    code: int
    said: str


class Subject(ABC):
    """Something that may be cut off at any moment, and what must hold afterwards.

    Attributes:
        name: As it is called on the command line and in the table.
        checked: What is checked, in words.
        ends: How often it is brought to its end after it was cut off; else it is cut off once more.
        room: About how many bytes of disk it needs.
        scene: The folder in which it works; `aside` is one for everything else.
    """

    name: ClassVar[str]
    checked: ClassVar[str]
    ends: ClassVar[float] = 0.5
    room: ClassVar[int] = 500_000

    def __init__(self, scene: Path, aside: Path) -> None:
        self.scene, self.aside = scene, aside
        self.workspace = scene / "evalwright.db"
        self.open = contextlib.ExitStack()

    @abstractmethod
    def prepare(self) -> None:
        """Makes what every time begins with."""

    @abstractmethod
    def begin(self, chance: random.Random) -> None:
        """Puts everything as it is before the first time."""

    @abstractmethod
    def cut_off(self, chance: random.Random) -> bool:
        """Starts it and kills it at a random moment; whether it was writing then."""

    @abstractmethod
    def end_by(self, chance: random.Random, name: signal.Signals) -> Ended:
        """Starts it, sends it that signal at a random moment, and waits until it has ended."""

    @abstractmethod
    def attempt(self, chance: random.Random) -> Ended:
        """Starts it and lets it come to its end, whatever that is."""

    @abstractmethod
    def check(self) -> State:
        """Fails unless everything that was promised holds."""

    @abstractmethod
    def finish(self, chance: random.Random) -> None:
        """Brings it to its end; fails unless all is as if it had never been cut off."""

    @contextmanager
    def looking(self, path: Path | None = None) -> Iterator[Connection]:
        """A look at a copy of the workspace: what a dead process has left is for the next one to mend, not for us."""
        path = path or self.workspace
        folder = Path(tempfile.mkdtemp(dir=self.aside))
        for name in (path.name, f"{path.name}-wal", f"{path.name}-journal"):
            if path.with_name(name).exists():
                shutil.copy(path.with_name(name), folder / name)
        connection = connect(folder / path.name)
        try:
            assert is_sound(connection), "the workspace is damaged"
            yield connection
        finally:
            connection.close()
            shutil.rmtree(folder)


@dataclass
class Outcome:
    """What a loop has seen; of each failure its number and its traceback."""

    subject: str
    checked: str
    moments: Counter[Moment] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)

    @property
    def times(self) -> int:
        """How often it was cut off."""
        return self.moments.total() + len(self.failures)


Way = Callable[[Subject, random.Random], tuple[bool, State]]
"""How to spoil one time: returns whether it was writing at the end, and what is left."""


def killed(subject: Subject, chance: random.Random) -> tuple[bool, State]:
    """Kills it as `kill -9` does."""
    return subject.cut_off(chance), subject.check()


def again_and_again(
    kind: type[Subject], times: int, seed: int, *, way: Way = killed, scene: Path | None = None, words: str = ""
) -> Outcome:
    """Spoils a subject so many times; what fails is noted, and it goes on with a fresh scene.

    Args:
        kind: The subject.
        times: How often.
        seed: What every choice is drawn from.
        way: What spoils it.
        scene: The folder to work in; by default a temporary one.
        words: Said of the way beside the subject's name.
    """
    outcome = Outcome(f"{kind.name}{words}", kind.checked)
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        own = Path(folder)
        (own / "scene").mkdir()
        (own / "aside").mkdir()
        subject = kind(scene or own / "scene", own / "aside")
        with subject.open:
            subject.prepare()
            subject.begin(_chance(seed, outcome.subject, -1))
            for number in range(times):
                chance = _chance(seed, outcome.subject, number)
                try:
                    writing, state = way(subject, chance)
                    if chance.random() < kind.ends or number == times - 1:
                        subject.finish(chance)
                except Exception:
                    outcome.failures.append((number, traceback.format_exc()))
                    subject.begin(chance)
                else:
                    outcome.moments[_moment(writing, state)] += 1
    return outcome


def told(name: signal.Signals, codes: set[int]) -> Way:
    """Sends it a signal that it may answer: it says nothing that nobody asked for, and ends with one of these codes."""

    def way(subject: Subject, chance: random.Random) -> tuple[bool, State]:
        ended = subject.end_by(chance, name)
        assert ended.code in codes, ended
        assert "Traceback" not in ended.said, ended.said
        return False, subject.check()

    return way


def table(outcomes: list[Outcome]) -> str:
    """Everything seen, a line for each loop."""
    rows: list[tuple[str, ...]] = [("subject", "times", "before", "inside", "after", "failures", "checked")]
    for each in outcomes:
        found = each.moments
        counts = (each.times, found["before"], found["inside"], found["after"], len(each.failures))
        rows.append((each.subject, *map(str, counts), each.checked))
    sums = [sum(int(row[at]) for row in rows[1:]) for at in range(1, 6)]
    rows.append(("all", *map(str, sums), ""))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def stop_and_kill(pid: int, workspace: Path) -> bool:
    """Stops a process, looks whether it is writing to the workspace at this moment, and kills it; reaps nothing."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    writing = is_locked(workspace)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return writing


def is_locked(workspace: Path) -> bool:
    """Whether somebody is in a write transaction of that workspace, or in anything else that keeps others out."""
    if not workspace.exists():
        return False
    try:
        connection = sqlite3.connect(f"{workspace.as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except OperationalError as error:
        return "locked" in str(error)
    return False


def one_sentence(ended: Ended) -> None:
    """Fails unless it came to its end, or said in a sentence why not."""
    assert ended.code in {0, 2}, ended
    assert "Traceback" not in ended.said, ended.said
    complaints = [line for line in ended.said.splitlines() if line.startswith("evalwright: ")]
    assert len(complaints) == (ended.code == 2), ended.said
    assert all("that should not" not in line for line in complaints), ended.said


def _chance(seed: int, subject: str, number: int) -> random.Random:
    return random.Random(f"{seed} {subject} {number}")


def _moment(writing: bool, state: State) -> Moment:
    if state == "complete":
        return "after"
    return "inside" if writing or state == "begun" else "before"
