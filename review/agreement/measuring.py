"""The agreement of a dataset's annotators, read from the workspace and measured in every way there is.

On the labels that annotators gave: "agrees with the intended label" is the gate's business. At 95 % it is nearly
constant, and alpha falls to 0 though everything is fine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db import annotators as annotator_rows
from db import evidence as rows
from db import quality as quality_rows
from db.mixed_in import gold_answers, repeat_pairs
from db.quality import TimedAnswer
from db.records import BlindAnswer, Dataset, Question
from db.store.connection import Connection, snapshot
from review.agreement.annotators import AnnotatorQuality, Yardstick, quality
from review.agreement.counting import counted_answers
from review.agreement.imported import imported_agreement
from review.agreement.narrowing import Course, courses
from review.agreement.pairs import PairAgreement, pairs
from review.agreement.questions import QuestionAgreement, Rating, question_agreement
from review.annotation.questions import LEVELS, RELEVANCE
from review.gate.label_classes import LabelClasses, label_classes
from review.gate.policy import Policy, policy_of
from review.gate.sample import Sample, draw_sample
from review.stats.calibration import Calibration, calibration
from review.stats.patterns import Level, Value


@dataclass(frozen=True)
class Agreement:
    """What is known of the agreement on one dataset, or on a file of ratings.

    Attributes:
        classes: What labels are compared as, in the order of the confusions.
        always_three: Whether all three answers of each example count, since everybody is to answer; else the first
            two do, since a third is asked on disputes only. Of a file of ratings all count.
        ordinal_pairs: The pairs of annotators on each ordinal question.
        calibration: Label confidence against label agreement, over the settled examples of the gate's sample that
            have both.
        courses: How the gate's bounds narrowed over its sample.
        imported: On the ratings that people gave elsewhere, which the gate never sees.
    """

    questions: tuple[QuestionAgreement, ...]
    classes: tuple[str, ...] = ()
    pairs: tuple[PairAgreement, ...] = ()
    annotators: tuple[AnnotatorQuality, ...] = ()
    calibration: Calibration | None = None
    courses: tuple[Course, ...] = ()
    imported: tuple[QuestionAgreement, ...] = ()
    always_three: bool = False
    ordinal_pairs: dict[str, tuple[PairAgreement, ...]] = field(default_factory=dict)


def agreement(
    connection: Connection,
    dataset: Dataset,
    *,
    policy: Policy | None = None,
    names: Mapping[int, str] | None = None,
    only_questions: bool = False,
) -> Agreement:
    """Returns the agreement of a dataset's annotators.

    Which answers of an example count says `counted_answers`. Everybody's do, also those of excluded annotators, which
    the gate measures with and without.

    Args:
        connection: The workspace.
        dataset: Whose annotators.
        policy: Whose criteria the bounds are followed for; default: the workspace's.
        names: What annotators are called, by id; default: their names.
        only_questions: Whether only the coefficients are wanted, which is several times quicker.
    """
    with snapshot(connection):
        given = rows.first_answers_of_dataset(connection, dataset.id, dataset.evidence_from)
        choices = rows.choices_of_answered(connection, dataset.id)
        more = None if only_questions else _read_more(connection, dataset)
    answers = counted_answers(given, always_three=dataset.always_three)
    asked = _asked(answers, choices, dataset.questions)
    label, offered = asked[0], tuple(map(str, asked[0].offered))
    questions = tuple(one.agreement() for one in asked)
    if more is None:
        return Agreement(questions, offered, always_three=dataset.always_three)
    classes = label_classes(list(choices.values()))
    answered = [
        TimedAnswer(one.annotator_id, one.example_id, classes.of(choices[one.example_id], one.label), one.seconds)
        for one in more.given
    ]
    yardstick = Yardstick(offered, label.ratings, gold=_checks(more.gold), repeats=_checks(more.repeats))
    called = names or more.names
    sample = draw_sample(connection, dataset)
    return Agreement(
        questions=questions,
        classes=offered,
        pairs=pairs(label.ratings, called, offered),
        annotators=quality(answered, yardstick, called, more.excluded),
        calibration=_calibration(sample, more.confidences),
        courses=courses(sample, policy or policy_of(connection)),
        imported=imported_agreement(connection, dataset),
        always_three=dataset.always_three,
        ordinal_pairs={
            one.name: pairs(one.ratings, called, one.offered, ordinal=True) for one in asked if one.level == "ordinal"
        },
    )


@dataclass(frozen=True)
class _Asked:
    """A question with the answers to it that count."""

    name: str
    level: Level
    ratings: Sequence[Rating]
    offered: Sequence[Value]

    def agreement(self) -> QuestionAgreement:
        return question_agreement(self.name, self.level, self.ratings, self.offered)


def question_agreements(
    answers: Sequence[BlindAnswer], choices: Mapping[int, Sequence[str]], questions: Sequence[Question]
) -> tuple[QuestionAgreement, ...]:
    """Returns the agreement on label, relevance, ambiguous and a dataset's own questions.

    Args:
        answers: Those that count, from `counted_answers`.
        choices: The answers that each answered example offers, by its id.
        questions: The dataset's own.
    """
    return tuple(one.agreement() for one in _asked(answers, choices, questions))


def _asked(
    answers: Sequence[BlindAnswer], choices: Mapping[int, Sequence[str]], questions: Sequence[Question]
) -> tuple[_Asked, ...]:
    classes = label_classes(list(choices.values()))
    return (
        _Asked("label", "nominal", _labels(answers, choices, classes), classes.offered),
        *_other_questions(answers),
        *(_own_question(question, answers) for question in questions if question.kind in LEVELS),
    )


@dataclass(frozen=True)
class _More:
    """What is read beyond the answers that the coefficients are made from.

    Attributes:
        gold: Annotator, label and known label of each answer on a gold example.
        repeats: Annotator, label and the earlier label of each silent repeat.
    """

    given: Sequence[TimedAnswer]
    gold: Sequence[tuple[int, str | None, str | None]]
    repeats: Sequence[tuple[int, str | None, str | None]]
    confidences: Mapping[int, float]
    names: Mapping[int, str]
    excluded: Mapping[int, str]


def _read_more(connection: Connection, dataset: Dataset) -> _More:
    return _More(
        given=quality_rows.blind_answers(connection, dataset.id, dataset.evidence_from),
        gold=[(one.annotator_id, one.label, one.known) for one in gold_answers(connection, dataset.id)],
        repeats=[(one.annotator_id, one.label_again, one.label) for one in repeat_pairs(connection, dataset.id)],
        confidences=quality_rows.label_confidences(connection, dataset.id),
        names=annotator_rows.names(connection),
        excluded=annotator_rows.excluded(connection),
    )


def _labels(
    answers: Sequence[BlindAnswer], choices: Mapping[int, Sequence[str]], classes: LabelClasses
) -> list[Rating]:
    return [
        Rating(one.example_id, one.annotator_id, label)
        for one in answers
        if (label := classes.of(choices[one.example_id], one.label)) is not None
    ]


def _other_questions(answers: Sequence[BlindAnswer]) -> list[_Asked]:
    relevances = [
        Rating(one.example_id, one.annotator_id, one.relevance) for one in answers if one.relevance is not None
    ]
    ambiguities = [Rating(one.example_id, one.annotator_id, "yes" if one.ambiguous else "no") for one in answers]
    return [
        _Asked("relevance", "ordinal", relevances, RELEVANCE.values),
        _Asked("ambiguous", "nominal", ambiguities, ("no", "yes")),
    ]


def _own_question(question: Question, answers: Sequence[BlindAnswer]) -> _Asked:
    """Returns the answers to a question that the author added; annotations from before it have no answer."""
    ratings = [
        Rating(one.example_id, one.annotator_id, value)
        for one in answers
        if (value := one.answers.get(question.name)) is not None
    ]
    return _Asked(question.name, LEVELS[question.kind], ratings, question.values)


def _checks(given: Sequence[tuple[int, str | None, str | None]]) -> dict[int, list[bool]]:
    """Returns for each annotator whether what they said is what was expected; skips are no answers."""
    found: dict[int, list[bool]] = defaultdict(list)
    for annotator, said, expected in given:
        if said is not None and expected is not None:
            found[annotator].append(said == expected)
    return found


def _calibration(sample: Sample, confidences: Mapping[int, float]) -> Calibration:
    known = [
        (confidences[example.id], example.agreed)
        for example in sample.examples
        if example.settling.consensus is not None and example.id in confidences
    ]
    return calibration([confidence for confidence, _ in known], [agreed for _, agreed in known])
