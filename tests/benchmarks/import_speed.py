"""An import of 100,000 published examples, against `executemany` of the same rows into the same schema and indexes.

Run it as `python -m tests.benchmarks.import_speed [--examples N] [--rounds R]`; the statements are those of
`tests.benchmarks.texts`. Parsing is timed apart, because `executemany` is given rows that are parsed already. It writes
in one transaction, which an import must not do, because people label meanwhile. Beside the seconds of the clock stand
those of the processor, which tell more on a machine that does other things too.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from review.datasets.importing import import_source
from review.formats.format import Source
from review.formats.registry import sources
from tests.benchmarks.rows import Row, middle_of, run
from tests.benchmarks.texts import statements

TABLES = ("examples", "review_status")
GOAL = 2


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


def write_examples(path: Path, count: int) -> None:
    """Writes a file of that many different rows."""
    with path.open("w") as file:
        for number, statement in enumerate(statements(count)):
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


@dataclass(frozen=True)
class Round:
    """What one round took."""

    parsing: Taken
    storing: Taken
    baseline: Taken

    @property
    def ratio(self) -> float:
        """Of the clock, which is what people wait for."""
        return self.storing.clock / self.baseline.clock


def measure_once(examples: int) -> Round:
    """Imports and stores the same rows once each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = folder / "published.jsonl"
        write_examples(rows, examples)
        (source,) = sources(rows)
        source, parsing = parsed(source)
        stored = timed_import(folder / "stored.db", source)
        return Round(parsing, stored, timed_executemany(folder, folder / "stored.db"))


def measure(given: argparse.Namespace) -> list[Row]:
    """Measures a few times, and takes the round in the middle."""
    middle, ratio = middle_of(lambda: measure_once(given.examples), given.rounds)
    return [
        Row(
            f"storing an import of {given.examples:,} persona examples (parsed already; parsing takes"
            f" {middle.parsing.clock:.1f} s), in transactions that nobody who labels has to wait for",
            f"{ratio}: {_shown(middle.storing)}",
            f"at most {GOAL}",
            middle.ratio <= GOAL,
            "`executemany` of the same rows into the same schema and indexes, in one transaction:"
            f" {_shown(middle.baseline)}",
        )
    ]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    run(measure, parser)


def _shown(taken: Taken) -> str:
    return f"{taken.clock:.2f} s ({taken.processor:.2f} s of processor time)"


if __name__ == "__main__":
    main()
