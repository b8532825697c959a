"""The app that is cut off, in a real terminal, with somebody typing."""

from __future__ import annotations

import random
import re
import signal
import time
from os import kill
from typing import Literal

from db.examples import insert_examples
from db.store.connection import write
from db.store.workspace import open_workspace
from tests.crash.harness import Ended, State, Subject, stop_and_kill
from tests.support.command_line import ROOT, command
from tests.support.packets import label_packet
from tests.support.terminal import Terminal
from tests.support.workspaces import make_dataset, new_examples

EXAMPLES = 200
STATEMENT = re.compile(r"I keep (\d+) bees")
PATIENCE = 60.0
STARTING_SECONDS = 1.5
STARTING_SHARE = 0.15
"""How often it is killed while it starts."""

LABELS = {"y": " Yes", "n": " No"}
FULL = "The disk is full"


class App(Subject):
    name = "app"
    checked = "each answer that another example followed is there once, as pressed; at most one more a kill; none twice"
    room = 200_000
    ends = 0.1

    def prepare(self) -> None:
        """Nothing lasts longer than a workspace."""

    def begin(self, chance: random.Random) -> None:
        for path in self.scene.glob("evalwright.db*"):
            path.unlink()
        connection = open_workspace(self.workspace)
        dataset = make_dataset(connection, 0)
        with write(connection):  # Numbers of one length, so that none is taken for another.
            insert_examples(connection, dataset.id, 7, new_examples(EXAMPLES, start=1000), places=2)
        connection.close()
        self._acknowledged: dict[int, tuple[str, int]] = {}
        self._refused: dict[int, int] = {}
        self._ends = 0
        self._unanswered: int | None = None

    def cut_off(self, chance: random.Random) -> bool:
        self._ends += 1
        self._unanswered = None
        with self._terminal() as terminal:
            if chance.random() < STARTING_SHARE:
                _read_for(terminal, chance.uniform(0, STARTING_SECONDS))
            elif _starts(terminal) == "example" and self._answers(terminal, chance, chance.randrange(6)):
                self._unanswered = _shown(terminal)
                terminal.press(chance.choice(("", "y", "y4", "n2", "n2")))
                _read_for(terminal, chance.uniform(0, 0.03))
            return stop_and_kill(terminal.pid, self.workspace)

    def end_by(self, chance: random.Random, name: signal.Signals) -> Ended:
        """From the moment that it has the screen: before, there is nothing to leave clean."""
        self._ends += 1
        self._unanswered = None
        with self._terminal() as terminal:
            while b"\x1b[?1049h" not in terminal.received:
                assert terminal.read()
            if chance.random() < 0.5:
                _read_for(terminal, chance.uniform(0, STARTING_SECONDS / 4))
            else:
                for _ in range(chance.randrange(3)):
                    assert self._answer(terminal, chance)
                terminal.press(chance.choice(("", "y", "y4", "?", "u", "\x10")))
                _read_for(terminal, chance.uniform(0, 0.05))
            kill(terminal.pid, name)
            code = terminal.wait_to_end()
            assert terminal.is_left_clean(), terminal.received[-2000:]
        said = _said_at_the_end(terminal)
        assert said == "", said
        with self.looking() as connection:
            assert connection.execute("SELECT count(*) FROM reservations").fetchone() == (0,)
        return Ended(code, said)

    def attempt(self, chance: random.Random) -> Ended:
        """Until a dozen answers are given, or one can't be stored."""
        self._ends += 1
        self._unanswered = None
        with self._terminal() as terminal:
            began = _starts(terminal)
            if began == "ended":
                return Ended(terminal.wait_to_end(), _said_at_the_end(terminal))
            if began == "full" or not self._answers(terminal, chance, 12):
                assert FULL in terminal.text, terminal.text
            kill(terminal.pid, signal.SIGTERM)
            code = terminal.wait_to_end()
            assert terminal.is_left_clean()
        return Ended(code, _said_at_the_end(terminal))

    def check(self) -> State:
        with self.looking() as connection:
            rows = connection.execute(
                "SELECT e.body, n.label, n.relevance, n.occasion, n.revision FROM annotations AS n"
                " JOIN examples AS e ON e.id = n.example_id"
            ).fetchall()
            (counted,) = connection.execute("SELECT annotations FROM dataset_counters").fetchone()
        stored = {int(STATEMENT.findall(body)[0]): (label, relevance) for body, label, relevance, *_ in rows}
        assert len(stored) == len(rows) == counted
        assert {(occasion, revision) for *_, occasion, revision in rows} <= {("first", 1)}
        wrong = {
            each: (said, stored.get(each)) for each, said in self._acknowledged.items() if stored.get(each) != said
        }
        assert not wrong, f"acknowledged, and stored: {wrong}"
        assert len(stored) <= len(self._acknowledged) + self._ends
        return "complete" if self._unanswered in stored else "untouched"

    def finish(self, chance: random.Random) -> None:
        """A few more in the app, which is left as people leave it, and the rest without a screen."""
        with self._terminal() as terminal:
            for _ in range(3):
                assert self._answer(terminal, chance)
            terminal.press("\x11")
            assert terminal.wait_to_end() == 0
            assert terminal.is_left_clean()
        self.check()
        label_packet(self.workspace, name="anna")
        with self.looking() as connection:
            given = "SELECT count(*), count(DISTINCT example_id) FROM annotations"
            assert connection.execute(given).fetchone() == (EXAMPLES, EXAMPLES)
            assert connection.execute("SELECT count(*) FROM reservations").fetchone() == (0,)
        self.begin(chance)

    def _answers(self, terminal: Terminal, chance: random.Random, count: int) -> bool:
        return all(self._answer(terminal, chance) for _ in range(count))

    def _answer(self, terminal: Terminal, chance: random.Random) -> bool:
        """Answers and waits for the next example; false if it doesn't come because the disk is full."""
        number = _shown(terminal)
        label, relevance = chance.choice("yn"), chance.randint(1, 5)
        terminal.press(label)
        if number in self._refused and _moves_on(terminal, number):  # The rating was there still, as a draft.
            self._acknowledged[number] = (LABELS[label], self._refused[number])
            return True
        terminal.press(str(relevance))
        deadline = time.monotonic() + PATIENCE
        while _shown(terminal) == number:
            if FULL in terminal.text:
                self._refused[number] = relevance
                return False
            assert time.monotonic() < deadline, f"nothing moves in\n{terminal.text}"
        self._acknowledged[number] = (LABELS[label], relevance)
        return True

    def _terminal(self) -> Terminal:
        return Terminal(
            command("--workspace", self.workspace, "--as", "anna", "review", "beekeeping"),
            folder=self.scene,
            environment={"TEXTUAL_ANIMATIONS": "none", "PYTHONPATH": str(ROOT)},
        )


def _starts(terminal: Terminal) -> Literal["example", "full", "ended"]:
    """What the app shows first: an example, or that the disk is full; or it ends instead."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if STATEMENT.search(terminal.text):
            return "example"
        if f"✗ {FULL}" in terminal.text:
            return "full"
        if not terminal.read(1):
            return "ended"
    raise AssertionError(f"nothing shows in\n{terminal.text}")


def _shown(terminal: Terminal) -> int:
    """The example on the screen, once nothing more is being drawn."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        before = len(terminal.received)
        assert terminal.read(0.01), f"it has ended, with\n{terminal.text}"
        found = STATEMENT.search(terminal.text)
        if found and len(terminal.received) == before:
            return int(found.group(1))
    raise AssertionError(f"no example shows in\n{terminal.text}")


def _moves_on(terminal: Terminal, number: int) -> bool:
    """Whether another example shows within a moment."""
    _read_for(terminal, 1)
    return _shown(terminal) != number


def _read_for(terminal: Terminal, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        terminal.read(left)


def _said_at_the_end(terminal: Terminal) -> str:
    """What was written after the app had given the screen back, but for what turns the modes of a terminal off."""
    written = terminal.received.rpartition(b"\x1b[?1049l")[2].decode().replace("\r\n", "\n")
    return re.sub(r"\x1b\[(\?\d+l|\?25h|<u)", "", written).strip("\n")
