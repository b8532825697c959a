"""The sample that the gate's statistics stand on.

Examples are reviewed in a random order without replacement, so the first t of that order are a simple random sample of
the dataset's N. t is the largest count for which at most 2 % of the first t are open, chosen by whether examples are
settled and never by what the answers say. An open example is then bounded both ways, not left out: counting only
finished ones is biased to the easy and would ship falsely.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db import annotators
from db import evidence as rows
from db.connection import Connection, snapshot
from db.datasets import counts
from db.evidence import FirstAnswer, OrderedExample
from db.records import Dataset, Question
from review.rulings import Outcome, outcomes
from review.settling import Settling, settle, until_settled

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
        left_out: How many excluded annotators' answers are left out.
        outcomes: What rulings make of examples, in the sample or beyond it, by id. They are no evidence.
        questions: What the dataset's validators are asked beyond label, relevance and ambiguous.
    """

    total: int
    examples: tuple[SampledExample, ...]
    disputes: int = 0
    annotators: int = 0
    before: tuple[SampledExample, ...] = ()
    left_out: int = 0
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()

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
    """Reads the sample of a dataset as it stands, with everybody's answers."""
    return draw_samples(connection, dataset)[0]


def draw_samples(connection: Connection, dataset: Dataset) -> tuple[Sample, ...]:
    """Reads the sample of a dataset, and where annotators are excluded the one without their answers as well."""
    return samples_of(read_review(connection, dataset))


@dataclass(frozen=True)
class Review:
    """What is known of a dataset's review; its samples are drawn from this alone.

    Attributes:
        total: N, the examples less those answered before the latest reopening.
        ordered: The examples of the evidence in the review order, as many as its sample may reach.
        before: Those answered before the latest reopening.
        answers: Every blind first answer, in the order in which they were first given.
        without: The excluded annotators among those who gave them.
        outcomes: What rulings make of examples, by id.
    """

    always_three: bool
    questions: tuple[Question, ...]
    total: int
    ordered: Sequence[OrderedExample]
    before: Sequence[OrderedExample]
    answers: Sequence[FirstAnswer]
    without: frozenset[int]
    outcomes: Mapping[int, Outcome]


def samples_of(review: Review) -> tuple[Sample, ...]:
    """Returns the sample of a review, and where annotators are excluded the one without their answers as well."""
    nobody: frozenset[int] = frozenset()
    return tuple(_draw(review, left_out) for left_out in ([nobody, review.without] if review.without else [nobody]))


def read_review(connection: Connection, dataset: Dataset, *, whole: bool = False) -> Review:
    """Reads what is known of a dataset's review: with `whole`, all of its order and not only what its sample needs."""
    with snapshot(connection):
        answers = rows.first_answers_of_dataset(connection, dataset.id, 0)
        without = annotators.excluded(connection).keys() & {answer.annotator_id for answer in answers}
        counted = counts(connection, dataset.id)
        share, all_of_it = OPEN_SHARE
        # Where annotators are excluded, the examples settled in one of the two ways may be more than those in both.
        most = (counted.reviewed if without else counted.settled) * all_of_it // (all_of_it - share) + 1
        return Review(
            always_three=dataset.always_three,
            questions=dataset.questions,
            total=rows.frozen_size(connection, dataset.id, dataset.evidence_from),
            ordered=rows.in_review_order(connection, dataset.id, dataset.evidence_from, -1 if whole else most),
            before=rows.answered_before(connection, dataset.id, dataset.evidence_from) if dataset.evidence_from else [],
            answers=answers,
            without=frozenset(without),
            outcomes=outcomes(connection, dataset),
        )


def _draw(review: Review, left_out: frozenset[int]) -> Sample:
    """Returns the sample without the answers of some annotators."""
    three = review.always_three
    by_example: dict[int, list[FirstAnswer]] = defaultdict(list)
    for answer in review.answers:
        if answer.annotator_id not in left_out:
            by_example[answer.example_id].append(answer)
    before = tuple(_sampled(row, by_example.pop(row.id, []), always_three=three) for row in review.before)
    examples = [_sampled(row, by_example.get(row.id, []), always_three=three) for row in review.ordered]
    size = sample_size([example.settling.settled for example in examples])
    return Sample(
        review.total,
        tuple(examples[:size]),
        disputes=sum(_is_disputed(given, always_three=three) for given in by_example.values()),
        annotators=len({answer.annotator_id for given in by_example.values() for answer in given}),
        before=before,
        left_out=len(left_out),
        outcomes=review.outcomes,
        questions=review.questions,
    )


def _is_disputed(answers: Sequence[FirstAnswer], *, always_three: bool) -> bool:
    labels = [answer.label for answer in answers]
    return len(set(labels) - {None}) > 1 and not settle(labels, always_three=always_three).settled


def _sampled(row: OrderedExample, answers: Sequence[FirstAnswer], *, always_three: bool) -> SampledExample:
    counted = until_settled(answers, lambda answer: answer.label, always_three=always_three)
    settling = settle([answer.label for answer in counted], always_three=always_three)
    choices = tuple(answer for answer, _ in json.loads(row.choices))
    return SampledExample(row.id, row.intended, choices, counted, settling)
