"""What a benchmark found, as a row of the one table that all benchmarks share."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol, TypeVar


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


class Round(Protocol):
    """A measurement that is made several times."""

    @property
    def ratio(self) -> float:
        """What was measured, by its baseline of the same round."""


R = TypeVar("R", bound=Round)

Measure = Callable[[argparse.Namespace], Sequence[Row]]


@dataclass(frozen=True)
class ProcessorRound:
    """Seconds of processor time of ours, and of what stands beside it."""

    ours: float
    baseline: float

    @property
    def ratio(self) -> float:
        """Ours by the baseline."""
        return self.ours / self.baseline


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


def middle_of(measure: Callable[[], R], rounds: int) -> tuple[R, str]:
    """Measures a few times; returns the round in the middle, and its ratio in words, beside those of the others."""
    found = sorted((measure() for _ in range(rounds)), key=lambda one: one.ratio)
    middle = found[rounds // 2]
    others = f"{found[0].ratio:.2f} to {found[-1].ratio:.2f} in {rounds} rounds"
    return middle, f"{middle.ratio:.2f} of the baseline ({others})"


def read(text: str) -> list[Row]:
    """Reads what a benchmark printed with `--json`."""
    return [Row(**fields) for fields in json.loads(text)]


def milliseconds(seconds: float) -> str:
    """Writes a short time."""
    return f"{1000 * seconds:.1f} ms"


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the value below which a share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
