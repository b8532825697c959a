"""Agreement on one question: its coefficients with intervals, or why they are undefined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import cast

from review.stats.bootstrap import BootstrapInterval, Coefficient, bootstrap_intervals
from review.stats.coefficients import (
    class_shares,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)
from review.stats.measure import Measure, undefined
from review.stats.patterns import Level, Patterns, Value, tally

REPLICATES = 1000
SEED = 20221219
"""Seed of the intervals: the same answers always give the same interval."""

RESAMPLED = ("alpha", "percent_agreement", "fleiss_kappa", "gwet_ac1")
"""The coefficients with an interval, all from the same replicates."""

TWO = 2
"""How many annotators Cohen's kappa is between."""


@dataclass(frozen=True)
class Rating:
    """One annotator's value for one unit."""

    unit: Hashable
    annotator: Hashable
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
        cohen_kappa: Where there are two annotators.
        class_shares: The share of each class, by class.
        intervals: The 95 % intervals of raw agreement, Fleiss' kappa and AC1, from the same replicates as alpha's.
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
    intervals: dict[str, tuple[float, float]]


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
    units: dict[Hashable, list[Value]] = defaultdict(list)
    for rating in ratings:
        units[rating.unit].append(rating.value)
    annotators = list(dict.fromkeys(rating.annotator for rating in ratings))
    table = tally(list(units.values()))
    measures: dict[str, Measure] = {
        "percent_agreement": percent_agreement(table),
        "alpha": krippendorff_alpha(table, level),
        "fleiss_kappa": fleiss_kappa(table),
        "gwet_ac1": gwet_ac1(table, offered) if ratings else percent_agreement(table),
        "cohen_kappa": _cohen(ratings, annotators),
    }
    intervals = _intervals(table, level, offered, [key for key in RESAMPLED if measures[key].value is not None])
    reasons = {key: measure.undefined for key, measure in measures.items() if measure.undefined is not None}
    found = intervals.get("alpha")
    if (why := found.undefined if found else reasons["alpha"]) is not None:
        reasons["alpha_ci"] = why
    ends = {
        key: (one.lower, one.upper) for key, one in intervals.items() if one.lower is not None and one.upper is not None
    }
    return QuestionAgreement(
        name=name,
        level=level,
        n_units=len(units),
        n_annotators=len(annotators),
        n_ratings=len(ratings),
        alpha_ci=ends.pop("alpha", None),
        class_shares={str(value): share for value, share in class_shares(table, offered).items()},
        undefined=reasons,
        intervals=ends,
        **{key: measure.value for key, measure in measures.items()},
    )


def _intervals(
    table: Patterns, level: Level, offered: Sequence[Value], keys: Sequence[str]
) -> dict[str, BootstrapInterval]:
    names: dict[str, Coefficient] = {
        key: cast("Coefficient", f"alpha_{level}" if key == "alpha" else key) for key in keys
    }
    found = bootstrap_intervals(table, names.values(), seed=SEED, categories=offered, replicates=REPLICATES)
    return {key: found[name] for key, name in names.items()}


def _cohen(ratings: Sequence[Rating], annotators: Sequence[Hashable]) -> Measure:
    """Cohen's kappa is between two; with more annotators it is not defined for all of them together."""
    if len(annotators) != TWO:
        return undefined(f"undefined: Cohen's kappa takes two annotators, and there are {len(annotators)}")
    first, second = ({one.unit: one.value for one in ratings if one.annotator == name} for name in annotators)
    return cohen_kappa(list(first.values()), [second.get(unit) for unit in first]).kappa
