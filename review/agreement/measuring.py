"""The agreement of a dataset's annotators, read from the workspace and measured in every way there is.

On the labels that annotators gave: "agrees with the intended label" is the gate's business. At 95 % it is nearly
constant, and alpha falls to 0 though everything is fine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db import annotators as annotator_rows
from db import evidence as rows
from db import quality as quality_rows
from db.connection import Connection, snapshot
from db.evidence import FirstAnswer
from db.mixed_in import gold_answers, repeat_pairs
from db.quality import GivenAnswer
from db.records import Dataset, Question
from review.agreement.annotators import AnnotatorQuality, Answered, Yardstick, quality
from review.agreement.course import Course, courses
from review.agreement.imported import imported_agreement
from review.agreement.pairs import PairAgreement, pairs
from review.agreement.questions import QuestionAgreement, Rating, question_agreement
from review.label_classes import LabelClasses, label_classes
from review.policy import Policy, policy_of
from review.questions import LEVELS
from review.sample import Sample, draw_sample
from review.settling import FIRST_ASKED
from review.stats.calibration import Calibration, calibration


@dataclass(frozen=True)
class Agreement:
    """What is known of the agreement on one dataset, or on a file of ratings.

    Attributes:
        classes: What labels are compared as, in the order of the confusions.
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


def agreement(
    connection: Connection,
    dataset: Dataset,
    *,
    policy: Policy | None = None,
    names: Mapping[int, str] | None = None,
    only_questions: bool = False,
) -> Agreement:
    """Returns the agreement of a dataset's annotators.

    Only the first two answers of each example count: a third is asked on disputes, so the thirds are a biased sample.
    Everybody's answers count, also those of excluded annotators, which the gate measures with and without.

    Args:
        connection: The workspace.
        dataset: Whose annotators.
        policy: Whose criteria the bounds are followed for; default: the workspace's.
        names: What annotators are called, by id; default: their names.
        only_questions: Whether only the coefficients are wanted, which is several times quicker.
    """
    with snapshot(connection):
        answers = first_two_answers(rows.first_answers_of_dataset(connection, dataset.id, dataset.evidence_from))
        choices = rows.choices_of_answered(connection, dataset.id)
        more = None if only_questions else _read_more(connection, dataset)
    classes = label_classes(list(choices.values()))
    labels = _labels(answers, choices, classes)
    questions = question_agreements(answers, choices, dataset.questions)
    if more is None:
        return Agreement(questions, classes.offered)
    answered = [
        Answered(one.annotator_id, classes.of(choices[one.example_id], one.label), one.seconds) for one in more.given
    ]
    yardstick = Yardstick(classes.offered, labels, gold=_checks(more.gold), repeats=_checks(more.repeats))
    called = names or more.names
    sample = draw_sample(connection, dataset)
    return Agreement(
        questions=questions,
        classes=classes.offered,
        pairs=pairs(labels, called, classes.offered),
        annotators=quality(answered, yardstick, called, more.excluded),
        calibration=_calibration(sample, more.confidences),
        courses=courses(sample, policy or policy_of(connection)),
        imported=imported_agreement(connection, dataset),
    )


def question_agreements(
    answers: Sequence[FirstAnswer], choices: Mapping[int, Sequence[str]], questions: Sequence[Question]
) -> tuple[QuestionAgreement, ...]:
    """Returns the agreement on label, relevance, ambiguous and a dataset's own questions.

    Args:
        answers: The first two answers of each example, from `first_two_answers`.
        choices: The answers that each answered example offers, by its id.
        questions: The dataset's own.
    """
    classes = label_classes(list(choices.values()))
    return (
        question_agreement("label", "nominal", _labels(answers, choices, classes), classes.offered),
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

    given: Sequence[GivenAnswer]
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


def first_two_answers(answers: Sequence[FirstAnswer]) -> list[FirstAnswer]:
    """Returns each example's first two answers that aren't skips."""
    seen: dict[int, int] = defaultdict(int)
    kept = []
    for answer in answers:
        if answer.label is not None and seen[answer.example_id] < FIRST_ASKED:
            seen[answer.example_id] += 1
            kept.append(answer)
    return kept


def _labels(
    answers: Sequence[FirstAnswer], choices: Mapping[int, Sequence[str]], classes: LabelClasses
) -> list[Rating]:
    return [
        Rating(one.example_id, one.annotator_id, label)
        for one in answers
        if (label := classes.of(choices[one.example_id], one.label)) is not None
    ]


def _other_questions(answers: Sequence[FirstAnswer]) -> list[QuestionAgreement]:
    relevances = [
        Rating(one.example_id, one.annotator_id, one.relevance) for one in answers if one.relevance is not None
    ]
    ambiguities = [Rating(one.example_id, one.annotator_id, "yes" if one.ambiguous else "no") for one in answers]
    return [
        question_agreement("relevance", "ordinal", relevances, (1, 2, 3, 4, 5)),
        question_agreement("ambiguous", "nominal", ambiguities, ("no", "yes")),
    ]


def _own_question(question: Question, answers: Sequence[FirstAnswer]) -> QuestionAgreement:
    """Returns the agreement on a question that the author added; annotations from before it have no answer."""
    ratings = [
        Rating(one.example_id, one.annotator_id, value)
        for one in answers
        if (value := one.answers.get(question.name)) is not None
    ]
    return question_agreement(question.name, LEVELS[question.kind], ratings, question.values)


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
