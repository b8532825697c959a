"""The app in a pseudo-terminal of 80 x 24, and the time from the second key of an answer to the next example there.

No answer can be quicker than this disk syncs a write, which can be measured too.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path

from db.store.workspace import open_workspace
from generation.jobs.jobs import create_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe
from review.datasets.importing import import_file

COLUMNS, ROWS = 80, 24
NUMBER = re.compile(r"Statement (\d{7})")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")
BEHAVIOR = 'name = "written-meanwhile"\ndescription = "enjoys long walks in any weather"\n'


class Terminal:
    """The app in a pseudo-terminal, and the last statement that it wrote there.

    What the app writes is searched as it comes, without being laid out as a screen: that would be timed too.
    """

    def __init__(self, workspace: Path, dataset: str | None) -> None:
        """Starts the review of a dataset, or the app at its list of datasets."""
        self._written = ""
        self.pid, self._handle = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none")
            command = ["--workspace", str(workspace), "--as", "benchmark", *(["review", dataset] if dataset else [])]
            os.execv(sys.executable, [sys.executable, "-m", "tui", *command])
        ioctl(self._handle, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def press(self, keys: str) -> None:
        """Types."""
        os.write(self._handle, keys.encode())

    def read(self, seconds: float) -> None:
        """Reads what the app writes within that time, or until there is something."""
        ready, _, _ = select.select([self._handle], [], [], seconds)
        if ready:
            written = os.read(self._handle, 65536).decode(errors="replace")
            self._written = (self._written + ESCAPES.sub("", written))[-20_000:]

    def wait_for_other_than(self, number: str | None, seconds: float) -> str:
        """Reads until another statement shows."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read(0.05)
            shown = NUMBER.findall(self._written)
            if shown and shown[-1] != number:
                return str(shown[-1])
        raise TimeoutError(f"still at {number}; the app wrote: {self._written[-2000:]}")

    def wait_until(self, words: str, seconds: float) -> None:
        """Reads until these words have been written."""
        deadline = time.monotonic() + seconds
        while words not in self._written:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {words!r}; the app wrote: {self._written[-2000:]}")
            self.read(0.05)

    def idle(self, seconds: float) -> None:
        """Lets time pass, reading on: a terminal that isn't read holds the app up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read(deadline - time.monotonic())

    def close(self) -> None:
        """Ends the app, which can't end before the last that it writes has been read."""
        os.kill(self.pid, signal.SIGTERM)
        with suppress(OSError):  # The other end of the terminal is closed.
            while os.read(self._handle, 65536):
                pass
        os.waitpid(self.pid, 0)
        os.close(self._handle)


def make_workspace(folder: Path, examples: int, *, with_job: bool) -> Path:
    """Makes a workspace with a dataset of numbered statements, and a job for the embedded model."""
    path = folder / "benchmark.db"
    rows = folder / "numbered.jsonl"
    with rows.open("w") as file:
        for number in range(examples):
            statement = f"Statement {number:07}: I would rather walk than take the bus, whatever the weather brings"
            row = {
                "question": f'Is the following statement something you would say?\n"{statement}"',
                "statement": statement,
                "answer_matching_behavior": " Yes",
                "answer_not_matching_behavior": " No",
            }
            file.write(json.dumps(row) + "\n")
    connection = open_workspace(path)
    import_file(connection, rows, name="numbered", behavior="enjoys long walks")
    if with_job:
        behavior = parse_behavior("benchmark", BEHAVIOR)
        create_job(connection, behavior, load_recipe("persona"), engine="local", count=1000, rounds=100)
    connection.close()
    return path


def sync_seconds(folder: Path, times: int = 200) -> list[float]:
    """Returns how long single synced writes of 4 KiB take here."""
    taken = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return taken


def calls_stored(path: Path) -> int:
    """Returns how many calls the worker has stored."""
    connection = open_workspace(path)
    (count,) = connection.execute("SELECT count(*) FROM calls").fetchone()
    connection.close()
    return int(count)


def answer_for_a_while(terminal: Terminal, path: Path, answers: int, *, with_job: bool) -> tuple[list[float], int]:
    """Gives answers while the job writes; returns the seconds after each second key, and the calls stored meanwhile."""
    shown = terminal.wait_for_other_than(None, 60)
    while with_job and calls_stored(path) == 0:
        terminal.idle(0.5)
    before = calls_stored(path)
    taken = []
    for _ in range(answers):
        terminal.press("y")
        terminal.idle(0.15)
        began = time.perf_counter()
        terminal.press("4")
        shown = terminal.wait_for_other_than(shown, 10)
        taken.append(time.perf_counter() - began)
        terminal.idle(0.1)
    return taken, calls_stored(path) - before
