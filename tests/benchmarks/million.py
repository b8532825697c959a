"""The app on a dataset of a million examples with three million annotations.

Run it as `python -m tests.benchmarks.million [--workspace FILE] [--answers N] [--no-job]`; a workspace that is there
already is used again (making one takes a few minutes and 2 GB). Six examples in a hundred are open, and this annotator
is five in a hundred ahead of the others. Through a real terminal it measures from the second key to the next example
while the embedded model writes; then how long it takes until the list of all examples shows, and the app's memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from db import assignment, datasets
from db.examples import review_position
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from generation.jobs.jobs import create_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe
from review.assignment.serving import start_session
from tests.benchmarks.review_latency import BEHAVIOR, Terminal, answer_for_a_while, sync_seconds
from tests.benchmarks.rows import Row, milliseconds, percentile, run

OPEN_SHARE, AHEAD_SHARE = 0.06, 0.05
LONG_EVERY, LONG = 100, 5_000
STEP = 50_000
KEY_GOAL_MS, LIST_GOAL, MEMORY_GOAL_MB = 50, 0.3, 150
LISTS = 5
NAMES = ("anna", "béla", "benchmark")


def make_million(path: Path, examples: int) -> None:
    """Makes the workspace: always three annotators, everything settled but the end of the review order."""
    connection = open_workspace(path)
    with write(connection):
        dataset_id = datasets.insert_dataset(
            connection,
            name="million",
            behavior="enjoys long walks",
            guidelines="",
            kind="persona",
            origin="benchmark",
            seed=1,
            closed=True,
            visible=True,
        )
        connection.execute("UPDATE datasets SET always_three = 1 WHERE id = ?", (dataset_id,))
    _insert_examples(connection, dataset_id, examples)
    order = [row[0] for row in connection.execute("SELECT example_id FROM review_status ORDER BY dataset_id, position")]
    closed = examples - int(examples * OPEN_SHARE)
    settled, ahead = order[:closed], order[closed : closed + int(examples * AHEAD_SHARE)]
    for name in NAMES:
        _insert_answers(connection, dataset_id, name, [*settled, *ahead] if name == NAMES[2] else settled)
    with write(connection):
        connection.execute("CREATE TEMP TABLE ahead (id INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO ahead VALUES (?)", [(example_id,) for example_id in ahead])
        connection.execute(
            "UPDATE review_status SET places = 2, answers = 1 WHERE example_id IN (SELECT id FROM ahead)"
        )
        connection.execute(
            "UPDATE review_status SET places = 0, answers = 3, settled = 1 WHERE position <="
            " (SELECT position FROM review_status WHERE example_id = ?)",
            (settled[-1],),
        )
        datasets.add_to_counts(
            connection,
            dataset_id,
            examples=examples,
            annotations=3 * len(settled) + len(ahead),
            reviewed=len(settled) + len(ahead),
            settled=len(settled),
        )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _insert_examples(connection: Connection, dataset_id: int, examples: int) -> None:
    choices = json.dumps([[" Yes", "Yes"], [" No", "No"]])
    for start in range(0, examples, STEP):
        numbers = range(start, min(start + STEP, examples))
        with write(connection):
            connection.executemany(
                "INSERT INTO examples (id, dataset_id, ordinal, question, body, choices, intended, label_confidence)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 0.9)",
                (
                    (number + 1, dataset_id, number, text, text, choices, (" Yes", " No")[number % 2])
                    for number, text in _texts(numbers)
                ),
            )
            connection.executemany(
                "INSERT INTO review_status (example_id, dataset_id, position, places) VALUES (?, ?, ?, 3)",
                ((number + 1, dataset_id, review_position(1, number + 1)) for number in numbers),
            )


def _texts(numbers: Iterable[int]) -> Iterator[tuple[int, str]]:
    for number in numbers:
        text = f"Statement {number:07}: I would rather walk than take the bus, whatever the weather brings"
        yield number, text + " and so on" * (LONG // 10 if number % LONG_EVERY == 0 else 0)


def _insert_answers(connection: Connection, dataset_id: int, name: str, example_ids: list[int]) -> None:
    session = start_session(connection, name)
    for start in range(0, len(example_ids), STEP):
        with write(connection):
            connection.executemany(
                "INSERT INTO annotations (dataset_id, example_id, annotator_id, occasion, revision, label, relevance,"
                " seconds, submission, session_id, created_at)"
                " VALUES (?, ?, ?, 'first', 1, ?, 4, 3, ?, ?, '2026-11-22T00:00:00Z')",
                (
                    (
                        dataset_id,
                        example_id,
                        session.annotator_id,
                        (" Yes", " No")[(example_id + (example_id % 20 == 0)) % 2],
                        f"{name} {example_id}",
                        session.id,
                    )
                    for example_id in example_ids[start : start + STEP]
                ),
            )
    with write(connection):
        (position,) = connection.execute(
            "SELECT position FROM review_status WHERE example_id = ?", (example_ids[-1],)
        ).fetchone()
        assignment.cursor(connection, dataset_id, session.annotator_id)
        assignment.move_cursor(connection, dataset_id, session.annotator_id, assignment.Cursor(position, 0))
        assignment.count_answer(connection, dataset_id, session.annotator_id, answered=len(example_ids), skipped=0)


def queue_job(path: Path) -> None:
    """Lets the embedded model write beside the review, under a name that no earlier run took."""
    connection = open_workspace(path)
    text = BEHAVIOR.replace("written-meanwhile", f"written-{time.time():.0f}")
    create_job(connection, parse_behavior("benchmark", text), load_recipe("persona"), engine="local", rounds=100)
    connection.close()


def memory_mb(pid: int) -> float:
    """Returns the memory of a process, shared pages by their share (PSS), in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise LookupError(pid)


def browse(path: Path, examples: int) -> tuple[float, float]:
    """Returns how long the list of all examples takes to show, in seconds, and the app's memory at its end in MB."""
    terminal = Terminal(path, None)
    try:
        terminal.wait_until("million", 60)
        terminal.idle(2)
        began = time.perf_counter()
        terminal.press("b")
        terminal.wait_until("Statement 0000000", 30)
        taken = time.perf_counter() - began
        terminal.wait_until(f"{examples:,} · as", 60)
        terminal.press("\x1b[F")
        terminal.wait_until(f"Statement {examples - 1:07}", 30)
        return taken, memory_mb(terminal.pid)
    finally:
        terminal.close()


def measure(given: argparse.Namespace) -> Sequence[Row]:
    """Makes the workspace where it isn't given, and measures."""
    with tempfile.TemporaryDirectory() as name:
        path: Path = given.workspace or Path(name) / "million.db"
        if not path.exists():
            make_million(path, given.examples)
        if not given.no_job:
            queue_job(path)
        terminal = Terminal(path, "million")
        try:
            keys, written = answer_for_a_while(terminal, path, given.answers, with_job=not given.no_job)
            reviewing = memory_mb(terminal.pid)
        finally:
            terminal.close()
        syncs = sync_seconds(path.parent)
        lists, memories = zip(*(browse(path, given.examples) for _ in range(LISTS)), strict=True)
    return _rows(given, keys, written, syncs, lists, (reviewing, max(memories)))


def _rows(
    given: argparse.Namespace,
    keys: Sequence[float],
    written: int,
    syncs: Sequence[float],
    lists: Sequence[float],
    memories: tuple[float, float],
) -> Sequence[Row]:
    sizes = f"one dataset of {given.examples:,} examples, {given.examples * 2.87:,.0f} annotations"
    late = percentile(keys, 0.99)
    return [
        Row(
            f"second key to next example on screen, answer durable: {sizes}, {given.examples * OPEN_SHARE:,.0f}"
            f" open, this annotator {given.examples * AHEAD_SHARE:,.0f} ahead"
            + ("" if given.no_job else f", the embedded model writing ({written} calls stored meanwhile)"),
            f"p50 {milliseconds(statistics.median(keys))}, p99 {milliseconds(late)} ({len(keys)} answers)",
            f"p99 {KEY_GOAL_MS} ms",
            late <= KEY_GOAL_MS / 1000,
            f"one synced write of 4 KiB: p50 {milliseconds(statistics.median(syncs))},"
            f" p99 {milliseconds(percentile(syncs, 0.99))}",
        ),
        Row(
            f"from the key to the first rows of the list of all examples, {sizes}",
            f"median {statistics.median(lists):.2f} s, at most {max(lists):.2f} s ({len(lists)} times)",
            f"{LIST_GOAL} s",
            max(lists) <= LIST_GOAL,
            "the synced write above",
        ),
        Row(
            f"memory of the app (pages shared with others by their share), {sizes}",
            f"{memories[0]:.0f} MB while reviewing, {memories[1]:.0f} MB at the end of the list",
            f"{MEMORY_GOAL_MB} MB",
            max(memories) <= MEMORY_GOAL_MB,
            "-",
        ),
    ]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1_000_000)
    parser.add_argument("--answers", type=int, default=400)
    parser.add_argument("--no-job", action="store_true")
    parser.add_argument("--workspace", type=Path, help="Keep the workspace here and use it again.")
    run(measure, parser)


if __name__ == "__main__":
    main()
