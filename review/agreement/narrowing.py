"""How the gate's bounds narrowed: each criterion on the first examples of the review order, and on more and more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from review.gate.evidence import measure
from review.gate.policy import Policy
from review.gate.sample import Sample
from review.text.json import fields_of

POINTS = 30
"""A curve is drawn through at most so many sample sizes."""


@dataclass(frozen=True)
class CoursePoint:
    """What was known after so many examples, from the answers as they stand now."""

    examples: int
    value: float | None
    lower: float | None
    upper: float | None

    def as_json(self) -> dict[str, Any]:
        """Returns its fields, and why there is no value where there is none."""
        return {**fields_of(self), "undefined": None if self.value is not None else "nothing is settled yet"}


@dataclass(frozen=True)
class Course:
    """The bounds of one criterion over the sample, and the threshold that one of them must reach."""

    name: str
    bound: str
    threshold: float
    points: tuple[CoursePoint, ...]


def courses(sample: Sample, policy: Policy) -> tuple[Course, ...]:
    """Returns the course of each criterion of a policy; bounds as the gate computes them."""
    sizes = course_sizes(sample.size)
    parts = [replace(sample, examples=sample.examples[:size]) for size in sizes]
    found = []
    for criterion in policy.criteria:
        measured = [measure(criterion, part, delta=policy.delta, criteria=len(policy.criteria)) for part in parts]
        points = tuple(
            CoursePoint(size, piece.value, piece.lower, piece.upper)
            for size, piece in zip(sizes, measured, strict=True)
        )
        found.append(Course(criterion.name, criterion.bound, float(criterion.threshold), points))
    return tuple(found)


def course_sizes(size: int, points: int = POINTS) -> Sequence[int]:
    """Returns the sample sizes that a curve is drawn through, evenly apart, `size` the last; none without a sample."""
    return sorted({-(-size * place // points) for place in range(1, points + 1)} - {0})
