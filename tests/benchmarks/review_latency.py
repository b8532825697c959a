"""From the second key to the next example on screen, through a real terminal, while the embedded model writes.

Run it as `python -m tests.benchmarks.review_latency [--answers N] [--no-job]`. It makes a workspace with a dataset of
numbered statements and a job for the embedded model, starts the app in a pseudo-terminal of 80 x 24, presses the two
keys of each answer, and reads the screen until the next example shows. Beside it stands how long this disk takes to
sync a write, which no answer can be quicker than.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path

from db.workspace import open_workspace
from generation.behaviors import parse_behavior
from generation.jobs import create_job
from generation.recipes import load_recipe
from review.importing import import_file

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
        """Ends the app."""
        with suppress(OSError):
            os.kill(self.pid, signal.SIGTERM)
            os.waitpid(self.pid, 0)


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


def percentile(values: list[float], share: float) -> float:
    """Returns the value below which a share of the values lies, in milliseconds."""
    return 1000 * sorted(values)[min(len(values) - 1, int(share * len(values)))]


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


def report(taken: list[float], written: int, syncs: list[float]) -> str:
    """Returns the row of the benchmark."""
    return (
        f"second key to next example: p50 {1000 * statistics.median(taken):.1f} ms,"
        f" p99 {percentile(taken, 0.99):.1f} ms,"
        f" most {1000 * max(taken):.1f} ms ({len(taken)} answers, {written} calls stored meanwhile);"
        f" one sync: p50 {1000 * statistics.median(syncs):.2f} ms, p99 {percentile(syncs, 0.99):.2f} ms"
    )


def main() -> None:
    """Runs the benchmark and prints its row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=300)
    parser.add_argument("--no-job", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = make_workspace(folder, 5000, with_job=not given.no_job)
        terminal = Terminal(path, "numbered")
        try:
            taken, written = answer_for_a_while(terminal, path, given.answers, with_job=not given.no_job)
        finally:
            terminal.close()
        print(report(taken, written, sync_seconds(folder)))


if __name__ == "__main__":
    main()
