"""What the first two answers of an example say, question by question: what the gate's evidence is made from.

The third answer is asked on disputes only, so relevance, ambiguity, reliability and an author's own questions are
measured on the first two of each example.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from db.records import AnswerValue, BlindAnswer, Question
from review.annotation.questions import RELEVANCE, YES_NO
from review.gate.label_classes import LabelClasses, label_classes
from review.gate.policy import Bound
from review.gate.sample import Sample, SampledExample

Pair = tuple[str | None, str | None]

AMBIGUOUS = Question("ambiguous", "yes-no", "Is the right answer unclear or ambiguous?", YES_NO)


def question_of(sample: Sample, name: str) -> Question | None:
    """Returns the question of that name that a dataset's validators are asked, or None where it has none."""
    return next((question for question in (RELEVANCE, AMBIGUOUS, *sample.questions) if question.name == name), None)


def is_rated(example: SampledExample) -> bool:
    """Whether relevance, ambiguity and own questions of an example are known: settled, and not by skips."""
    return example.settling.settled and not example.settling.skipped


def values(example: SampledExample, question: Question) -> list[AnswerValue]:
    """Returns what the first two answers of an example say to a question, empty where that isn't known."""
    if not is_rated(example):
        return []
    said = [_value(answer, question) for answer in example.first_two]
    return [value for value in said if value is not None]


def is_yes(example: SampledExample, question: Question, bound: Bound) -> bool | None:
    """Whether an example counts as a yes, None where nothing is known.

    Where opinions differ it is the worse for the dataset: under an upper bound (few may be a yes) half of the answers
    are enough, under a lower bound it takes more than half.
    """
    said = values(example, question)
    if not said:
        return None
    yes = said.count(YES_NO[0])
    return 2 * yes >= len(said) if bound == "upper" else 2 * yes > len(said)


def rating(example: SampledExample, question: Question) -> float | None:
    """Returns the mean of the first two ratings on a scale from 0 to 1, or None where they aren't known."""
    said = [float(value) for value in values(example, question)]
    if not said:
        return None
    return (math.fsum(said) / len(said) - 1) / (len(question.options) - 1)


def on_unit_scale(value: Decimal, question: Question) -> Decimal:
    """Returns a point of a question's scale on a scale from 0 to 1."""
    return (value - 1) / (len(question.options) - 1)


@dataclass(frozen=True)
class PairsOf:
    """The first two answers of examples, to the label or to a question: what reliability is measured on.

    Attributes:
        classes: What may be answered.
    """

    question: Question | None
    labels: LabelClasses
    classes: tuple[str, ...]

    @classmethod
    def of(cls, question: Question | None, sample: Sample) -> PairsOf:
        """Returns how to read the answers to a question, or the labels of a sample where there is none."""
        offered = {example.choices for example in (*sample.before, *sample.alike.things)}
        labels = sample.labels or label_classes(list(offered))
        return cls(question, labels, labels.offered if question is None else tuple(map(str, question.values)))

    def read(self, example: SampledExample) -> Pair:
        """Returns the classes of the first two answers of an example; None stands where there is none."""
        said = self._said(example)
        return (said[0] if said else None, said[1] if len(said) > 1 else None)

    def _said(self, example: SampledExample) -> Sequence[str | None]:
        if self.question is not None:
            return [str(value) for value in values(example, self.question)]
        return [self.labels.of(example.choices, answer.label) for answer in example.first_two]


def _value(answer: BlindAnswer, question: Question) -> AnswerValue | None:
    if question is RELEVANCE:
        return answer.relevance
    if question is AMBIGUOUS:
        return YES_NO[0] if answer.ambiguous else YES_NO[1]
    return answer.answers.get(question.name)
