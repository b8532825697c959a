"""Four hours of work in some minutes: a model writes 20,000 examples while four validators label through the real app.

Run it from the checkout as `python -m tests.benchmarks.long_run [--examples 20000] [--minutes M]`. Each validator
is an app of its own in a terminal of its own, whose keys are pressed and whose screen is read; one of the apps has
started the worker, which asks a Messages server on loopback. When the job is done, and the minutes are over, everybody
leaves, and
everything is counted anew: every counter from its rows, every answer from what was pressed. Any difference is printed,
and is the exit code.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from db.job_records import Job, Limits
from db.store.connection import Connection
from db.store.workspace import open_workspace
from db.worker_lease import current_lease
from generation.jobs.jobs import create_job, find_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe
from generation.worker.lease import is_live
from tests.support.command_line import environment
from tests.support.faulty_server import Running, serving
from tests.support.recount import drift
from tests.support.typist import Given, Typist, statement_in

NAMES = ("anna", "ben", "chloe", "dora")
DATASET = "walks"
BEHAVIOR = f'name = "{DATASET}"\ndescription = "enjoys long walks"\n[assignment]\nrepeat_rate = 0.03\n'
PER_ROUND = 1000
IN_FLIGHT, LATENCY = 64, 0.1
SHORTEST_LOOK = 0.2
"""Seconds between an example's showing and its answer."""

PATIENCE_SECONDS = 120.0
"""How long a validator who has not answered once is waited for when everything else is over."""

WARM_UP = 0.3
"""The share of the run in which processes may still grow."""

FLAT_MB = 10.0
"""How much more memory a process may have at the end of the run than after the warm-up."""

ANSWERS = """
    SELECT e.body, a.label, a.relevance FROM annotations AS a JOIN examples AS e ON e.id = a.example_id
    JOIN annotators AS p ON p.id = a.annotator_id WHERE p.name = ? AND a.revision = 1 ORDER BY a.id"""


@dataclass(frozen=True)
class Memory:
    """The memory of one process over the run: at which second how many MB, shared pages by their share (PSS)."""

    samples: list[tuple[float, float]] = field(default_factory=list)

    @property
    def settled(self) -> list[tuple[float, float]]:
        """The samples after the warm-up."""
        return [each for each in self.samples if each[0] >= WARM_UP * self.samples[-1][0]]

    @property
    def ends(self) -> tuple[float, float]:
        """The means of the first and the last fifth after the warm-up, in MB."""
        sizes = [size for _, size in self.settled]
        some = max(1, len(sizes) // 5)
        return sum(sizes[:some]) / some, sum(sizes[-some:]) / some

    @property
    def slope(self) -> float:
        """The least-squares slope after the warm-up, in MB a minute."""
        count = len(self.settled)
        middle = sum(at for at, _ in self.settled) / count
        spread = sum((at - middle) ** 2 for at, _ in self.settled)
        return 60 * sum((at - middle) * size for at, size in self.settled) / spread if spread else 0.0


@dataclass(frozen=True)
class LongRun:
    """What a long run has shown; `problems` are what must not be, a line each."""

    seconds: float
    job: Job
    answers: dict[str, int]
    memory: dict[str, Memory]
    problems: list[str]


def run(
    folder: Path, *, examples: int, seconds: float = 0.0, pause: float = SHORTEST_LOOK, flat_mb: float = FLAT_MB
) -> LongRun:
    """Runs job and validators to the job's end, and for so many seconds at least; memory may grow by `flat_mb`."""
    path = folder / "evalwright.db"
    connection = open_workspace(path)
    job = _queue(connection, folder, examples)
    began = time.monotonic()
    with serving(folder, "--latency", str(LATENCY), "--quiet") as server:
        memory, typists, codes = _work(path, server, connection, job.id, seconds, pause)
    problems = [f"the app of {who} ended with {code}" for who, code in codes.items() if code != 0]
    problems += drift(connection)
    problems += [f"{typist.name} has answered nothing" for typist in typists if not typist.acknowledged]
    for typist in typists:
        problems += lost_or_doubled(connection, typist.name, typist.acknowledged)
    for who, one in memory.items():
        first, last = one.ends
        if last - first > flat_mb:
            problems.append(f"{who} has grown from {first:.1f} to {last:.1f} MB after the warm-up")
    done = find_job(connection, job.id)
    if (done.state, done.selected) != ("done", job.count):
        problems.append(f"the job is {done.state} with {done.selected:,} of {job.count:,} examples: {done.note}")
    connection.close()
    answers = {typist.name: len(typist.acknowledged) for typist in typists}
    return LongRun(time.monotonic() - began, done, answers, memory, problems)


def lost_or_doubled(connection: Connection, name: str, acknowledged: Sequence[Given]) -> list[str]:
    """Returns what of a validator's answers isn't stored once, as pressed, in the order pressed.

    The last one may be stored without having been acknowledged: the app was left meanwhile.
    """
    stored = [Given(statement_in(row[0]) or "", *row[1:]) for row in connection.execute(ANSWERS, (name,))]
    if stored[: len(acknowledged)] == list(acknowledged) and len(stored) <= len(acknowledged) + 1:
        return []
    apart = next(
        (place for place, pair in enumerate(zip(stored, acknowledged, strict=False)) if pair[0] != pair[1]),
        min(len(stored), len(acknowledged)),
    )
    return [
        f"{name}: {len(acknowledged)} answers acknowledged, {len(stored)} stored; they part at {apart}:"
        f" {acknowledged[apart : apart + 2]} and {stored[apart : apart + 2]}"
    ]


def memory_mb(pid: int) -> float:
    """Returns the memory of a process, shared pages by their share (PSS), in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise LookupError(pid)


def table(shown: LongRun) -> str:
    """Returns the figures, a line each."""
    given, job = sum(shown.answers.values()), shown.job
    lines = [
        f"{job.selected:,} examples from {job.items_done:,} calls in {shown.seconds:.0f} s;"
        f" {given:,} answers of {len(shown.answers)} validators ({60 * given / shown.seconds:.0f} a minute)",
        f"{'memory, PSS':<14}{'warm':>9}{'end':>9}{'most':>9}{'slope':>16}",
    ]
    for who, one in shown.memory.items():
        first, last = one.ends
        most = max(size for _, size in one.samples)
        lines.append(f"{who:<14}{first:>6.1f} MB{last:>6.1f} MB{most:>6.1f} MB{one.slope:>+9.2f} MB/min")
    return "\n".join([*lines, *(f"! {problem}" for problem in shown.problems[:20]), f"{len(shown.problems)} problems"])


def _queue(connection: Connection, folder: Path, examples: int) -> Job:
    """Queues a job that judges each candidate once, and three for each that is kept: as few calls as may be."""
    os.environ.setdefault("XDG_STATE_HOME", str(folder / "state"))  # The apps are the same user's, and run it.
    text = load_recipe("persona").text.replace("per_kept = 10", "per_kept = 3")
    (folder / "walks.toml").write_text(text.replace("[judge]\n", "[judge]\nvotes = 1\n"))
    return create_job(
        connection,
        parse_behavior("walks.toml", BEHAVIOR),
        load_recipe("walks.toml", folder),
        engine="anthropic",
        count=examples,
        rounds=max(4, examples // PER_ROUND),
        limits=Limits(concurrency=IN_FLIGHT),
    )


def _work(
    path: Path, server: Running, connection: Connection, job_id: int, seconds: float, pause: float
) -> tuple[dict[str, Memory], list[Typist], dict[str, int]]:
    """Has everybody work, then leave; returns memory by process, the validators, and the exit codes."""
    home = environment(path.parent, **server.settings)
    typists = [Typist(path, DATASET, name, pause=pause, home=home) for name in NAMES]
    memory = {who: Memory() for who in ("worker", *NAMES)}
    try:
        began = looked = time.monotonic()
        over = False
        while not over or any(typist.waiting for typist in typists):
            for typist in typists:
                typist.step(more=not over)
            time.sleep(0.005)
            now = time.monotonic()
            if now - looked >= 1.0:
                looked = now
                for who, pid in _processes(connection, typists).items():
                    memory[who].samples.append((now - began, memory_mb(pid)))
                begun = all(typist.acknowledged for typist in typists) or now - began >= seconds + PATIENCE_SECONDS
                over = begun and now - began >= seconds and find_job(connection, job_id).finished
        return memory, typists, {typist.name: typist.leave() for typist in typists}
    finally:
        for typist in typists:
            with suppress(OSError):
                typist.kill()


def _processes(connection: Connection, typists: Sequence[Typist]) -> dict[str, int]:
    """Returns the ids of the apps, and of the worker that one of them has started."""
    lease = current_lease(connection)
    worker = {"worker": lease.pid} if lease is not None and is_live(lease) else {}
    return {**worker, **{typist.name: typist.terminal.pid for typist in typists}}


def main() -> None:
    """Runs it and prints what it has shown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=0.0, help="how long the validators go on at least")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shown = run(Path(folder), examples=given.examples, seconds=60 * given.minutes)
    print(table(shown))
    sys.exit(1 if shown.problems else 0)


if __name__ == "__main__":
    main()
