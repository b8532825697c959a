"""Early and late answers side by side: a change of standards during the review would show here.

Who answers is part of what is measured, and nothing in the gate's guarantee covers that validators, or what they take
for right, change. So the examples of the sample are divided by the time at which they were settled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from review.gate.sample import Sample, SampledExample
from review.stats.contrast import difference_interval
from review.text.json import fields_of

LEAST = 20
"""Of fewer examples a difference would say nothing."""


@dataclass(frozen=True)
class Contrast:
    """A share among the examples that were settled first, and among those settled later.

    Attributes:
        early: The share among the earlier half, of `early_n` examples; `late` is that of the later half.
        difference: late - early, with its 95 % interval for one look.
    """

    name: str
    early: float
    early_n: int
    late: float
    late_n: int
    difference: float
    lower: float
    upper: float

    @property
    def changed(self) -> bool:
        """Whether the interval leaves out that nothing has changed."""
        return not self.lower <= 0 <= self.upper

    def as_json(self) -> dict[str, Any]:
        """Returns its fields, and the difference as an interval."""
        return {**fields_of(self), "value": self.difference, "undefined": None}


def contrasts(sample: Sample) -> tuple[Contrast, ...]:
    """Returns early and late label agreement, and agreement between the first two validators; none of too few."""
    by_id = {example.id: example for example in sample.examples if example.settling.settled}
    in_time = [by_id[key] for key in sample.in_time if key in by_id]
    twice = [example for example in in_time if len(example.first_two) > 1]
    return (
        *_contrast("label agreement", in_time, lambda example: example.agreed),
        *_contrast("agreement of the first two", twice, _same),
    )


def _same(example: SampledExample) -> bool:
    first, second = example.first_two
    return first.label == second.label


def _contrast(name: str, examples: Sequence[SampledExample], holds: Callable[[SampledExample], bool]) -> list[Contrast]:
    if len(examples) < LEAST:
        return []
    middle = len(examples) // 2
    early, late = examples[:middle], examples[middle:]
    counts = (sum(map(holds, early)), len(early)), (sum(map(holds, late)), len(late))
    shares = [count / of for count, of in counts]
    interval = difference_interval(*counts)
    return [
        Contrast(
            name, shares[0], len(early), shares[1], len(late), shares[1] - shares[0], interval.lower, interval.upper
        )
    ]
