"""What a benchmark found, as a row of the one table that all benchmarks share."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One measured quantity.

    Attributes:
        what: What was measured, with its sizes.
        figure: What was found, with its unit.
        goal: What it should be.
        met: Whether it is.
        beside: The baseline of the same run that the figure is to be read beside.
        bound: What keeps the figure from being better, where that is known.
    """

    what: str
    figure: str
    goal: str
    met: bool
    beside: str
    bound: str = ""


Measure = Callable[[argparse.Namespace], Sequence[Row]]


def run(measure: Measure, parser: argparse.ArgumentParser) -> None:
    """Measures, and prints the rows for people, or with `--json` for the table of all benchmarks."""
    parser.add_argument("--json", action="store_true", help="Print the rows as JSON.")
    given = parser.parse_args()
    rows = measure(given)
    if given.json:
        json.dump([asdict(row) for row in rows], sys.stdout)
        return
    for row in rows:
        print(
            f"{row.what}: {row.figure} (goal: {row.goal}; {'met' if row.met else 'missed'})\n  beside it: {row.beside}"
        )


def read(text: str) -> list[Row]:
    """Reads what a benchmark printed with `--json`."""
    return [Row(**fields) for fields in json.loads(text)]


def milliseconds(seconds: float) -> str:
    """Writes a short time."""
    return f"{1000 * seconds:.1f} ms"


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the value below which a share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
