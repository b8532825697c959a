"""What is measured of a criterion, before it stands beside what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from review.stats.sequences import ErrorLevel


@dataclass(frozen=True)
class Figures:
    """The figures of one criterion; see `review.gate.evidence.Evidence`, which has the same names.

    Attributes:
        e_value: Weighted by the sequence's share of the level: it counts as it stands.
        explained: R^2 of the scores that were used as a control variate, or None.
        saved: How many examples these save, by the present rate; None where that isn't known.
    """

    value: float | None
    lower: float | None
    upper: float | None
    passes: bool | None
    failed: bool
    e_value: float | None
    note: str = ""
    explained: float | None = None
    saved: int | None = None


class Case(Protocol):
    """A criterion, asked of what ships."""

    def figures(self, level: ErrorLevel) -> Figures:
        """Returns what is known of it now."""

    def e_value(self, level: ErrorLevel) -> float | None:
        """Returns its e-value alone, weighted; None where there is none."""

    def examples_needed(self, level: ErrorLevel) -> int | None:
        """Returns the size of the sample at which it would pass if what comes is like what has been seen.

        At least the present size; None if it would not even with all examples, or nothing has been seen yet.
        """


def nothing(why: str) -> Figures:
    """Returns the figures of what can't be measured yet."""
    return Figures(None, None, None, passes=False, failed=False, e_value=1.0, note=why)
