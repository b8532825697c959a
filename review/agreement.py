"""Agreement between annotators, question by question, on the labels that they gave.

"Agrees with the intended label" is the gate's business, not agreement's: at 95 % it is nearly constant, and alpha falls
to 0 though everything is fine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from db import evidence as rows
from db.connection import Connection, snapshot
from db.evidence import FirstAnswer
from db.records import Dataset
from review.label_classes import label_classes
from review.settling import FIRST_ASKED
from review.stats.bootstrap import Coefficient, bootstrap_intervals
from review.stats.coefficients import (
    class_shares,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)
from review.stats.measure import Measure, undefined
from review.stats.patterns import Level, Value

REPLICATES = 1000
SEED = 20221219
"""Seed of the intervals: the same answers always give the same interval."""


@dataclass(frozen=True)
class Rating:
    """One annotator's value for one unit."""

    unit: str | int
    annotator: str | int
    value: Value


@dataclass(frozen=True)
class QuestionAgreement:
    """The coefficients of one question; an undefined one is None, with the reason in `undefined`.

    Attributes:
        level: Level of measurement of alpha.
        n_units: Examples with an answer; `n_ratings` answers of `n_annotators` annotators.
        percent_agreement: Mean pairwise agreement, in [0, 1].
        alpha: Krippendorff's, at `level`.
        alpha_ci: Its 95 % interval, by resampling examples; for a single look, not for a gate.
        class_shares: The share of each class, by class.
    """

    name: str
    level: str
    n_units: int
    n_annotators: int
    n_ratings: int
    percent_agreement: float | None
    alpha: float | None
    alpha_ci: tuple[float, float] | None
    fleiss_kappa: float | None
    gwet_ac1: float | None
    cohen_kappa: float | None
    class_shares: dict[str, float]
    undefined: dict[str, str]


def agreement(connection: Connection, dataset: Dataset) -> list[QuestionAgreement]:
    """Returns the agreement of a dataset's annotators on each question.

    Only the first two answers of each example count: a third is asked on disputes, so the thirds are a biased sample.
    """
    with snapshot(connection):
        answers = _first_two(rows.first_answers_of_dataset(connection, dataset.id, dataset.evidence_from))
        choices = rows.choices_of_answered(connection, dataset.id)
    classes = label_classes(list(choices.values()))
    labels: list[Rating] = []
    relevances: list[Rating] = []
    ambiguities: list[Rating] = []
    for answer in answers:
        label = classes.of(choices[answer.example_id], answer.label)
        assert label is not None
        assert answer.relevance is not None
        labels.append(Rating(answer.example_id, answer.annotator_id, label))
        relevances.append(Rating(answer.example_id, answer.annotator_id, answer.relevance))
        ambiguities.append(Rating(answer.example_id, answer.annotator_id, "yes" if answer.ambiguous else "no"))
    return [
        question_agreement("label", "nominal", labels, classes.offered),
        question_agreement("relevance", "ordinal", relevances, (1, 2, 3, 4, 5)),
        question_agreement("ambiguous", "nominal", ambiguities, ("no", "yes")),
    ]


def question_agreement(
    name: str, level: Level, ratings: Sequence[Rating], offered: Sequence[Value]
) -> QuestionAgreement:
    """Returns the coefficients of one question.

    Args:
        name: The question.
        level: Level of measurement; only `nominal` takes texts.
        ratings: At most one per unit and annotator.
        offered: The values that annotators could choose from.

    Raises:
        ValueError: if a text is given at a level that needs numbers, or a value was not offered.
    """
    units: dict[str | int, dict[str | int, Value]] = defaultdict(dict)
    for rating in ratings:
        units[rating.unit][rating.annotator] = rating.value
    given = [list(unit.values()) for unit in units.values()]
    annotators = list(dict.fromkeys(rating.annotator for rating in ratings))
    measures: dict[str, Measure] = {
        "percent_agreement": percent_agreement(given),
        "alpha": krippendorff_alpha(given, level),
        "fleiss_kappa": fleiss_kappa(given),
        "gwet_ac1": gwet_ac1(given, offered) if ratings else percent_agreement(given),
        "cohen_kappa": _cohen(list(units.values()), annotators),
    }
    coefficient: Coefficient = f"alpha_{level}"  # type: ignore[assignment]
    interval = bootstrap_intervals(given, [coefficient], seed=SEED, replicates=REPLICATES)[coefficient]
    reasons = {key: measure.undefined for key, measure in measures.items() if measure.undefined is not None}
    if interval.undefined is not None:
        reasons["alpha_ci"] = interval.undefined
    return QuestionAgreement(
        name=name,
        level=level,
        n_units=len(units),
        n_annotators=len(annotators),
        n_ratings=len(ratings),
        alpha_ci=None if interval.lower is None or interval.upper is None else (interval.lower, interval.upper),
        class_shares={str(value): share for value, share in class_shares(given, offered).items()},
        undefined=reasons,
        **{key: measure.value for key, measure in measures.items()},
    )


def _first_two(answers: Sequence[FirstAnswer]) -> list[FirstAnswer]:
    """Returns each example's first two answers that aren't skips."""
    seen: dict[int, int] = defaultdict(int)
    kept = []
    for answer in answers:
        if answer.label is not None and seen[answer.example_id] < FIRST_ASKED:
            seen[answer.example_id] += 1
            kept.append(answer)
    return kept


def _cohen(units: Sequence[dict[str | int, Value]], annotators: Sequence[str | int]) -> Measure:
    """Cohen's kappa is between two; with more annotators it is not defined for all of them together."""
    if len(annotators) != FIRST_ASKED:
        return undefined(f"undefined: Cohen's kappa takes two annotators, and there are {len(annotators)}")
    first, second = ([unit.get(annotator) for unit in units] for annotator in annotators)
    return cohen_kappa(first, second).kappa
