"""The sample that the gate's statistics stand on.

Examples are reviewed in a random order without replacement, so the first t of that order are a simple random sample of
the dataset's N. t is the largest count for which at most 2 % of the first t are open, chosen by whether examples are
settled and never by what the answers say. An open example is then bounded both ways, not left out: counting only
finished ones is biased to the easy and would ship falsely.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from db import evidence as rows
from db.connection import Connection, snapshot
from db.datasets import counts
from db.evidence import FirstAnswer
from db.records import Dataset
from review.settling import Settling, settle

OPEN_SHARE = (1, 50)
"""At most 2 % of a sample may be open, as a fraction."""


@dataclass(frozen=True)
class SampledExample:
    """An example of the sample with its blind first answers, in the order in which they were given."""

    id: int
    intended: str | None
    choices: tuple[str, ...]
    answers: tuple[FirstAnswer, ...]
    settling: Settling

    @property
    def first_two(self) -> tuple[FirstAnswer, ...]:
        """The first two answers that aren't skips; the third is asked on disputes only and would be biased."""
        return tuple(answer for answer in self.answers if answer.label is not None)[:2]

    @property
    def agreed(self) -> bool:
        """Whether the example is settled and its annotators' consensus is the intended label."""
        consensus = self.settling.consensus
        return self.settling.settled and consensus is not None and consensus == self.intended


@dataclass(frozen=True)
class Sample:
    """The first t examples of the review order, out of N (`total`).

    Attributes:
        disputes: Examples, in the sample or beyond it, whose two labels differ and that wait for a third.
        annotators: How many people have answered, in the sample or beyond it.
        before: The examples answered before the latest reopening, which are no part of N; with all their answers.
    """

    total: int
    examples: tuple[SampledExample, ...]
    disputes: int = 0
    annotators: int = 0
    before: tuple[SampledExample, ...] = ()

    @property
    def size(self) -> int:
        """t, the sample size."""
        return len(self.examples)

    @property
    def open(self) -> int:
        """How many of the sample are not settled yet."""
        return sum(not example.settling.settled for example in self.examples)


def sample_size(settled: Sequence[bool]) -> int:
    """Returns the largest t for which at most 2 % of the first t are open.

    Args:
        settled: Whether each example is settled, in review order; what follows is taken as open.
    """
    share, whole = OPEN_SHARE
    size = still_open = 0
    for count, is_settled in enumerate(settled, start=1):
        still_open += not is_settled
        if still_open * whole <= count * share:
            size = count
    return size


def draw_sample(connection: Connection, dataset: Dataset) -> Sample:
    """Reads the sample of a dataset as it stands."""
    with snapshot(connection):
        total = rows.frozen_size(connection, dataset.id, dataset.evidence_from)
        settled = counts(connection, dataset.id).settled
        share, whole = OPEN_SHARE
        most = settled * whole // (whole - share) + 1
        ordered = rows.in_review_order(connection, dataset.id, dataset.evidence_from, most)
        answers = rows.first_answers_of_dataset(connection, dataset.id, dataset.evidence_from)
        before = _answered_before(connection, dataset) if dataset.evidence_from else ()
    by_example: dict[int, list[FirstAnswer]] = defaultdict(list)
    for answer in answers:
        by_example[answer.example_id].append(answer)
    examples = [_sampled(row, by_example.get(row.id, []), always_three=dataset.always_three) for row in ordered]
    size = sample_size([example.settling.settled for example in examples])
    return Sample(
        total,
        tuple(examples[:size]),
        disputes=sum(_is_disputed(given, always_three=dataset.always_three) for given in by_example.values()),
        annotators=len({answer.annotator_id for answer in answers}),
        before=before,
    )


def _answered_before(connection: Connection, dataset: Dataset) -> tuple[SampledExample, ...]:
    by_example: dict[int, list[FirstAnswer]] = defaultdict(list)
    for answer in rows.first_answers_of_dataset(connection, dataset.id, 0):
        by_example[answer.example_id].append(answer)
    return tuple(
        _sampled(row, by_example.get(row.id, []), always_three=dataset.always_three)
        for row in rows.answered_before(connection, dataset.id, dataset.evidence_from)
    )


def _is_disputed(answers: Sequence[FirstAnswer], *, always_three: bool) -> bool:
    labels = [answer.label for answer in answers]
    return len(set(labels) - {None}) > 1 and not settle(labels, always_three=always_three).settled


def _sampled(row: rows.OrderedExample, answers: Sequence[FirstAnswer], *, always_three: bool) -> SampledExample:
    settling = settle([answer.label for answer in answers], always_three=always_three)
    choices = tuple(answer for answer, _ in json.loads(row.choices))
    return SampledExample(row.id, row.intended, choices, tuple(answers), settling)
