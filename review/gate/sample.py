"""The sample that the gate's statistics stand on.

Examples are reviewed in a random order without replacement, so the first t of that order are a simple random sample of
the dataset's N. t is the largest count for which at most 2 % of the first t are open, chosen by whether examples are
settled and never by what the answers say. An open example is then bounded both ways, not left out: counting only
finished ones is biased to the easy and would ship falsely.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from db import annotators
from db import evidence as rows
from db.datasets import counts
from db.evidence import OrderedExample
from db.records import BlindAnswer, Dataset, Question
from db.store.connection import Connection, snapshot
from review.assignment.settling import Settling, settle, until_settled
from review.gate.label_classes import LabelClasses
from review.gate.starts import (
    FIRST_START,
    NO_SCORES,
    ScoreTotals,
    Start,
    classes_of,
    population_of,
    scores_of,
    start_of,
)
from review.lead.rulings import RulingOutcome, edits, outcomes
from review.stats.repeated import Repeated

OPEN_SHARE = (1, 50)
"""At most 2 % of a sample may be open, as a fraction."""


@dataclass(frozen=True)
class SampledExample:
    """An example of the sample with its blind first answers, in the order in which they were given.

    Attributes:
        score: What was known of it before anybody answered: its label confidence, or None.
    """

    id: int
    intended: str | None
    choices: tuple[str, ...]
    answers: tuple[BlindAnswer, ...]
    settling: Settling
    score: float | None = None

    @property
    def first_two(self) -> tuple[BlindAnswer, ...]:
        """The first two answers that aren't skips; the third is asked on disputes only and would be biased."""
        return tuple(answer for answer in self.answers if answer.label is not None)[:2]

    @property
    def agreed(self) -> bool:
        """Whether the example is settled and its annotators' consensus is the intended label."""
        consensus = self.settling.consensus
        return self.settling.settled and consensus is not None and consensus == self.intended


def alike(examples: Sequence[SampledExample], questions: Sequence[Question]) -> Repeated[SampledExample]:
    """Returns examples of which those stand once that are the same for every criterion: what people say repeats.

    They differ in ids, scores and texts alone. Where every example has choices of its own, each stands for itself.
    """
    names = [question.name for question in questions if question.values]

    def said(example: SampledExample) -> tuple[Hashable, ...]:
        # Of one settling there is one object (`settle`), and a number is compared sooner than its fields.
        found: list[Hashable] = [example.intended, example.choices, id(example.settling)]
        for answer in example.answers:
            found += (answer.label, answer.relevance, answer.ambiguous)
            if names:
                found += [answer.answers.get(name) for name in names]
        return tuple(found)

    return Repeated.of(examples, said)


@dataclass(frozen=True)
class Sample:
    """The first t examples of the review order, out of N (`total`).

    Attributes:
        disputes: Examples, in the sample or beyond it, whose two labels differ and that wait for a third.
        annotators: How many people have answered, in the sample or beyond it.
        before: The examples answered before the latest reopening, which are no part of N; with all their answers.
        ahead: Answers on examples that the sample doesn't reach yet.
        left_out: How many excluded annotators' answers are left out.
        outcomes: What rulings make of examples, in the sample or beyond it, by id. They are no evidence.
        edits: Examples whose text a ruling has changed, by id: with the answers given on the new text.
        questions: What the dataset's validators are asked beyond label, relevance and ambiguous.
        start: Which start of the evidence this is, of the dataset or of a copy of it.
        scores: What is known of the scores of all N.
        labels: What counts as the same label, by all examples of the dataset; None to go by those of the sample.
        in_time: The ids of the examples answered, in the order in which the last answer that counts was first given.
    """

    total: int
    examples: tuple[SampledExample, ...]
    disputes: int = 0
    annotators: int = 0
    before: tuple[SampledExample, ...] = ()
    left_out: int = 0
    ahead: int = 0
    outcomes: Mapping[int, RulingOutcome] = field(default_factory=dict)
    edits: Mapping[int, SampledExample] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    start: Start = FIRST_START
    scores: ScoreTotals = NO_SCORES
    labels: LabelClasses | None = None
    in_time: tuple[int, ...] = ()

    @cached_property
    def alike(self) -> Repeated[SampledExample]:
        """The examples, those that say the same standing once."""
        return alike(self.examples, self.questions)

    @property
    def size(self) -> int:
        """t, the sample size."""
        return len(self.examples)

    @property
    def open(self) -> int:
        """How many of the sample are not settled yet."""
        return sum(not example.settling.settled for example in self.examples)

    @property
    def ends(self) -> str | None:
        """Where the sample ends although more has been answered, and why, in words; None where it doesn't."""
        if not self.disputes or not self.ahead:
            return None
        open_ones = "1 dispute is" if self.disputes == 1 else f"{self.disputes:,} disputes are"
        return f"ends at example {self.size:,}: {open_ones} open"


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
        edits: The answers on the new text of each example that ships edited, by id.
        start: Which start of the evidence this is.
        scores: Of all N.
        labels: What counts as the same label on different examples.
    """

    always_three: bool
    questions: tuple[Question, ...]
    total: int
    ordered: Sequence[OrderedExample]
    before: Sequence[OrderedExample]
    answers: Sequence[BlindAnswer]
    without: frozenset[int]
    outcomes: Mapping[int, RulingOutcome]
    edits: Mapping[int, Sequence[BlindAnswer]] = field(default_factory=dict)
    start: Start = FIRST_START
    scores: ScoreTotals = NO_SCORES
    labels: LabelClasses | None = None


def samples_of(review: Review) -> tuple[Sample, ...]:
    """Returns the sample of a review, and where annotators are excluded the one without their answers as well."""
    nobody: frozenset[int] = frozenset()
    return tuple(_draw(review, left_out) for left_out in ([nobody, review.without] if review.without else [nobody]))


def read_review(connection: Connection, dataset: Dataset, *, whole: bool = False) -> Review:
    """Reads what is known of a dataset's review: with `whole`, all of its order and not only what its sample needs."""
    population = population_of(connection, dataset)
    start = start_of(connection, dataset)
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
            edits=edits(connection, dataset),
            start=start,
            scores=scores_of(population),
            labels=classes_of(population),
        )


def _draw(review: Review, left_out: frozenset[int]) -> Sample:
    """Returns the sample without the answers of some annotators."""
    three = review.always_three
    by_example: dict[int, list[BlindAnswer]] = defaultdict(list)
    for answer in review.answers:
        if answer.annotator_id not in left_out:
            by_example[answer.example_id].append(answer)
    every = {row.id: row for row in (*review.before, *review.ordered)}
    edited = {
        key: _sampled(every[key], given, always_three=three) for key, given in review.edits.items() if key in every
    }
    before = tuple(_sampled(row, by_example.pop(row.id, []), always_three=three) for row in review.before)
    examples = [_sampled(row, by_example.get(row.id, []), always_three=three) for row in review.ordered]
    size = sample_size([example.settling.settled for example in examples])
    sampled = {example.id for example in examples[:size]}
    return Sample(
        review.total,
        tuple(examples[:size]),
        disputes=sum(_is_disputed(given, always_three=three) for given in by_example.values()),
        annotators=len({answer.annotator_id for given in by_example.values() for answer in given}),
        before=before,
        left_out=len(left_out),
        ahead=sum(len(given) for key, given in by_example.items() if key not in sampled),
        outcomes=review.outcomes,
        edits=edited,
        questions=review.questions,
        start=review.start,
        scores=review.scores,
        labels=review.labels,
        in_time=_in_time(review.answers, examples[:size]),
    )


def _in_time(answers: Sequence[BlindAnswer], examples: Sequence[SampledExample]) -> tuple[int, ...]:
    counted = {(example.id, answer.annotator_id) for example in examples for answer in example.answers}
    last = {one.example_id: None for one in reversed(answers) if (one.example_id, one.annotator_id) in counted}
    return tuple(reversed(last))


def _is_disputed(answers: Sequence[BlindAnswer], *, always_three: bool) -> bool:
    labels = [answer.label for answer in answers]
    return len(set(labels) - {None}) > 1 and not settle(labels, always_three=always_three).settled


def _sampled(row: OrderedExample, answers: Sequence[BlindAnswer], *, always_three: bool) -> SampledExample:
    counted = until_settled(answers, lambda answer: answer.label, always_three=always_three)
    settling = settle([answer.label for answer in counted], always_three=always_three)
    return SampledExample(row.id, row.intended, row.choices, counted, settling, row.label_confidence)
