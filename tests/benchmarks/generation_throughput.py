"""How many calls a second the worker makes, beside bare asyncio with the same SDK.

Both make the same calls, 256 in flight, against a Messages server on loopback, in a process of its own, that answers
in 200 ms. The worker is the real one, in a process of its own, with everything that it does: it claims, asks, reads,
judges and stores every call durably. Where the processor is the limit, the processor time of a call says why; it counts
the start of the process too. Run it as `python -m tests.benchmarks.generation_throughput [--rounds R]`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.job_records import Limits
from db.store.connection import Connection
from db.store.workspace import open_workspace
from generation.jobs.jobs import create_job, find_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe
from tests.benchmarks.rows import Row, middle_of, milliseconds, run
from tests.support.command_line import environment, start
from tests.support.faulty_server import Running, serving

IN_FLIGHT = 256
LATENCY = 0.2
GOAL = 0.9
BEHAVIOR = 'name = "walks"\ndescription = "enjoys long walks in any weather"\n'


@dataclass(frozen=True)
class Throughput:
    """Calls a second, and the processor time of each call in seconds."""

    calls: float
    processor: float

    def __str__(self) -> str:
        return f"{self.calls:.0f} calls/s, {milliseconds(self.processor)}"


@dataclass(frozen=True)
class Round:
    """What one round found in so many calls."""

    made: int
    worker: Throughput
    bare: Throughput

    @property
    def ratio(self) -> float:
        """The worker's throughput by the baseline's."""
        return self.worker.calls / self.bare.calls


def measure_once(count: int) -> Round:
    """Measures both throughputs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder, "--latency", str(LATENCY), "--quiet") as server:
            worker, bodies = _worker(folder, server, count)
            return Round(len(bodies), worker, _bare(server, bodies))


def measure(given: argparse.Namespace) -> list[Row]:
    """Measures a few times, and takes the round in the middle."""
    middle, ratio = middle_of(lambda: measure_once(given.count), given.rounds)
    return [
        Row(
            f"generation: {IN_FLIGHT} calls in flight against a Messages server on loopback that answers in"
            f" {1000 * LATENCY:.0f} ms, {middle.made:,} calls; the worker in full, each call stored",
            f"{ratio}: {middle.worker} of processor time a call",
            f"at least {GOAL}",
            middle.ratio >= GOAL,
            f"bare asyncio with the same SDK and one client: {middle.bare}",
            "Both are bounded by the processor: the SDK's pool looks at each of its idle connections for every call"
            " (the worker spreads them over clients of 8)",
        )
    ]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="Examples that the job selects; more make more calls.")
    parser.add_argument("--rounds", type=int, default=3)
    run(measure, parser)


def _worker(folder: Path, server: Running, count: int) -> tuple[Throughput, list[dict[str, Any]]]:
    """Lets a worker run a job; returns also the bodies of its calls."""
    connection = open_workspace(folder / "evalwright.db")
    job = create_job(
        connection,
        parse_behavior("walks.toml", BEHAVIOR),
        load_recipe("persona"),
        engine="anthropic",
        count=count,
        rounds=1,
        limits=Limits(concurrency=IN_FLIGHT),
    )
    worker = start("worker", cwd=folder, env=environment(folder, **server.settings))
    try:
        while not find_job(connection, job.id).finished:
            time.sleep(0.05)
    finally:
        worker.terminate()
        _, _, usage = os.wait4(worker.pid, 0)
    calls = _calls_a_second(connection)
    prompts = [json.loads(prompt) for (prompt,) in connection.execute("SELECT prompt FROM calls ORDER BY id")]
    connection.close()

    throughput = Throughput(calls, (usage.ru_utime + usage.ru_stime) / len(prompts))
    return throughput, prompts


def _calls_a_second(connection: Connection) -> float:
    """The throughput from the beginning of the first call to the storing of the last."""
    rows = connection.execute(
        "SELECT count(*), min(unixepoch(created_at, 'subsec') - seconds), max(unixepoch(created_at, 'subsec'))"
        " FROM calls"
    ).fetchone()
    return float(rows[0] / (rows[2] - rows[1]))


def _bare(server: Running, bodies: list[dict[str, Any]]) -> Throughput:
    """Makes the calls with the SDK alone, in a process of its own."""
    program = [sys.executable, "-m", "tests.benchmarks.generation_throughput_bare"]
    done = subprocess.run(
        program,
        input=json.dumps(bodies),
        env={**os.environ, **server.settings},
        capture_output=True,
        text=True,
        check=True,
    )
    calls, seconds = map(float, done.stdout.split())
    return Throughput(calls, seconds / len(bodies))


if __name__ == "__main__":
    main()
