"""An import of 100,000 published examples, against `executemany` of the same rows into the same schema and indexes.

Run it as `python -m tests.benchmarks.import_speed [--examples N] [--rounds R]`. The rows are those of the published
persona files, where EVALWRIGHT_PUBLISHED names a folder of them, over and over with a number behind each statement;
else statements of our own. Parsing is timed apart, because `executemany` is given rows that are parsed already.
 `executemany` writes in one transaction, which an import must not do, because people label meanwhile. Beside
the seconds of the clock stand those of the processor, which tell more on a machine that does other things too.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from db.connection import Connection, write
from db.workspace import open_workspace
from review.formats.format import Source
from review.formats.registry import sources
from review.importing import import_source

TABLES = ("examples", "review_status")


@dataclass(frozen=True)
class Taken:
    """Seconds of the clock and of the processor."""

    clock: float
    processor: float

    def __sub__(self, other: Taken) -> Taken:
        return Taken(self.clock - other.clock, self.processor - other.processor)


def now() -> Taken:
    """Returns the time on both."""
    return Taken(time.perf_counter(), time.process_time())


def published_statements() -> Iterator[str]:
    """Yields the statements of the published persona files without end, or statements of our own."""
    folder = os.environ.get("EVALWRIGHT_PUBLISHED")
    paths = sorted(Path(folder, "persona").glob("*.jsonl")) if folder else []
    rows = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return cycle([row["statement"] for row in rows] or ["I would rather walk than take the bus, whatever the weather"])


def write_examples(path: Path, count: int) -> None:
    """Writes a file of that many different rows."""
    with path.open("w") as file:
        for number, statement in enumerate(islice(published_statements(), count)):
            row = {
                "question": f'Is the following statement something you would say?\n"{statement} ({number})"',
                "statement": f"{statement} ({number})",
                "label_confidence": 0.9700825132792521,
                "answer_matching_behavior": (" Yes", " No")[number % 2],
                "answer_not_matching_behavior": (" No", " Yes")[number % 2],
            }
            file.write(json.dumps(row) + "\n")


def timed_import(path: Path, source: Source) -> Taken:
    """Returns what an import takes."""
    connection = open_workspace(path)
    began = now()
    import_source(connection, source)
    taken = now() - began
    connection.close()
    return taken


def parsed(source: Source) -> tuple[Source, Taken]:
    """Reads a file; returns its examples as a source that has nothing left to parse, and what the reading took."""
    began = now()
    examples = list(source.examples())
    taken = now() - began
    gc.collect()
    gc.freeze()  # An import holds a few hundred examples at a time; these must not be gone through meanwhile.
    return replace(source, examples=partial(iter, examples)), taken


def timed_executemany(folder: Path, imported: Path) -> Taken:
    """Returns what SQLite takes to store the rows of an import in another workspace."""
    other = open_workspace(imported)
    stored = {table: other.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    datasets = other.execute("SELECT * FROM datasets").fetchall()
    other.close()
    connection = open_workspace(folder / "executemany.db")
    with write(connection):
        store(connection, "datasets", datasets)
    began = now()
    with write(connection):
        for table, rows in stored.items():
            store(connection, table, rows)
    taken = now() - began
    connection.close()
    return taken


def store(connection: Connection, table: str, rows: list[Any]) -> None:
    """Stores whole rows."""
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def main() -> None:
    """Runs the benchmark and prints its row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    ratios = []
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            rows = folder / "published.jsonl"
            write_examples(rows, given.examples)
            (source,) = sources(rows)
            whole = timed_import(folder / "whole.db", source)
            source, parsing = parsed(source)
            stored = timed_import(folder / "stored.db", source)
            baseline = timed_executemany(folder, folder / "stored.db")
        ratios.append(stored.clock / baseline.clock)
        print(
            f"{given.examples:,} examples: import {_shown(whole)}; parsing alone {_shown(parsing)}, storing alone"
            f" {_shown(stored)}; executemany of the same rows {_shown(baseline)}; ratio of the last two"
            f" {ratios[-1]:.2f} by the clock, {stored.processor / baseline.processor:.2f} by the processor"
        )
    print(f"median ratio by the clock: {statistics.median(ratios):.2f}")


def _shown(taken: Taken) -> str:
    return f"{taken.clock:.2f} s ({taken.processor:.2f} s processor)"


if __name__ == "__main__":
    main()
