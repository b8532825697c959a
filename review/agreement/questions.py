"""Agreement on one question: its coefficients with intervals, or why they are undefined, and what each rests on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from review.stats.bootstrap import BootstrapInterval, Coefficient, bootstrap_intervals
from review.stats.coded import Coded, coded, tally_coded
from review.stats.coefficients import (
    SAME_ANSWER,
    check_level,
    check_offered,
    class_shares,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)
from review.stats.measure import Measure, undefined
from review.stats.paired import NO_SHARED_UNITS, ONE_SAYS_THE_SAME, Pairs, as_measure, pairs_of
from review.stats.patterns import Level, Patterns, Value
from review.text.json import fields_of

if TYPE_CHECKING:
    from review.stats.patterns import Array

REPLICATES = 1000
SEED = 20221219
"""Seed of the intervals that draw replicates: the same answers always give the same interval."""

RESAMPLED = ("alpha", "percent_agreement", "fleiss_kappa", "gwet_ac1")
"""The coefficients with an interval."""

COEFFICIENTS = {
    "percent_agreement": "raw agreement",
    "alpha": "Krippendorff's alpha",
    "fleiss_kappa": "Fleiss' kappa",
    "gwet_ac1": "Gwet's AC1",
    "cohen_kappa": "Cohen's kappa",
    "weighted_kappa_linear": "linear kappa",
    "weighted_kappa_quadratic": "quadratic kappa",
    "spearman": "Spearman's rho",
}
"""The coefficients of a question, and what people call them."""

IN_ORDER = ("weighted_kappa_linear", "weighted_kappa_quadratic", "spearman")
"""The coefficients of ordinal questions alone."""

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
        alpha_ci: Its 95 % interval, by examples; for a single look, not for a gate.
        fleiss_kappa: On the examples with exactly as many answers as most have.
        cohen_kappa: Where there are two annotators, on the examples that both answered.
        class_shares: The share of each class, by class.
        intervals: The 95 % intervals of raw agreement, Fleiss' kappa and AC1.
        weighted_kappa_linear: Of ordinal questions, Cohen's kappa that counts how many points apart two answers are;
            with more than two annotators the mean over their pairs, each by the examples that it has in common.
        weighted_kappa_quadratic: The same by the square of the distance.
        spearman: Of ordinal questions, Spearman's rank correlation, in the same way.
        n_comparable: Examples with two answers or more, on which agreement stands.
        used: How many examples a coefficient is computed on.
        basis: What a coefficient is computed on, in words, where that is not every example with two answers.
        no_interval: Why a coefficient has no interval.
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
    weighted_kappa_linear: float | None = None
    weighted_kappa_quadratic: float | None = None
    spearman: float | None = None
    n_comparable: int = 0
    used: dict[str, int] = field(default_factory=dict)
    basis: dict[str, str] = field(default_factory=dict)
    no_interval: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Returns its fields, and each coefficient as an interval."""
        return {**fields_of(self), "coefficients": {name: self._interval(name) for name in COEFFICIENTS}}

    def _interval(self, name: str) -> dict[str, Any]:
        value, missing = getattr(self, name), self.no_interval.get(name)
        lower, upper = (self.alpha_ci if name == "alpha" else self.intervals.get(name)) or (None, None)
        why = missing if value is not None else self.undefined.get(name, "it is for ordinal questions")
        return {"value": value, "lower": lower, "upper": upper, "undefined": why}


def question_agreement(
    name: str, level: Level, ratings: Sequence[Rating], offered: Sequence[Value]
) -> QuestionAgreement:
    """Returns the coefficients of one question.

    Args:
        name: The question.
        level: Level of measurement; only `nominal` takes texts.
        ratings: At most one per unit and annotator.
        offered: The values that annotators could choose from, those of a scale in order.

    Raises:
        ValueError: if a text is given at a level that needs numbers, or a value was not offered.
    """
    given = coded([one.unit for one in ratings], [one.annotator for one in ratings], [one.value for one in ratings])
    return coded_agreement(name, level, given, offered)


def coded_agreement(name: str, level: Level, ratings: Coded, offered: Sequence[Value]) -> QuestionAgreement:
    """Returns the coefficients of one question from ratings as numbers; see `question_agreement`."""
    check_level(ratings.names, level)
    check_offered(ratings.names, offered)
    table = tally_coded(ratings)
    measures: dict[str, Measure] = {
        "percent_agreement": percent_agreement(table),
        "alpha": krippendorff_alpha(table, level),
        "fleiss_kappa": fleiss_kappa(table),
        "gwet_ac1": gwet_ac1(table, offered) if len(ratings.units) else percent_agreement(table),
    }
    paired = _paired(level, ratings, offered)
    measures |= paired.measures
    intervals = _intervals(table, level, offered, [key for key in RESAMPLED if measures[key].value is not None])
    reasons = {key: measure.undefined for key, measure in measures.items() if measure.undefined is not None}
    none = {key: one.undefined for key, one in intervals.items() if one.undefined is not None}
    if measures["alpha"].value is None:
        reasons["alpha_ci"] = reasons["alpha"]
    elif "alpha" in none:
        reasons["alpha_ci"] = none["alpha"]
    ends = {
        key: (one.lower, one.upper) for key, one in intervals.items() if one.lower is not None and one.upper is not None
    }
    used, basis = _basis(table)
    return QuestionAgreement(
        name=name,
        level=level,
        n_units=ratings.n_units,
        n_annotators=ratings.n_annotators,
        n_ratings=len(ratings.units),
        alpha_ci=ends.pop("alpha", None),
        class_shares={str(value): share for value, share in class_shares(table, offered).items()},
        undefined=reasons,
        intervals=ends,
        n_comparable=used["alpha"],
        used={key: count for key, count in (used | paired.used).items() if measures[key].value is not None},
        basis={key: words for key, words in (basis | paired.basis).items() if measures[key].value is not None},
        no_interval=none,
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


def _basis(table: Patterns) -> tuple[dict[str, int], dict[str, str]]:
    """Returns on how many examples each coefficient of all annotators stands, and where that has to be said."""
    comparable, alike = int(table.comparable().weights.sum()), table.alike()
    used = dict.fromkeys(("percent_agreement", "alpha", "gwet_ac1"), comparable)
    used["fleiss_kappa"] = same = int(alike.weights.sum())
    answered = int(table.weights.sum())
    if same == answered:
        return used, {}
    number = int(alike.answers[0]) if same else 0
    return used, {"fleiss_kappa": f"on {same:,} of {answered:,} examples, those with {number} answers"}


@dataclass(frozen=True)
class _Paired:
    """What is computed between two annotators, and on what."""

    measures: dict[str, Measure]
    used: dict[str, int]
    basis: dict[str, str]


def _paired(level: Level, ratings: Coded, offered: Sequence[Value]) -> _Paired:
    """Cohen's kappa is between two; with more annotators it is not defined for all of them together."""
    people = ratings.n_annotators
    measures = {"cohen_kappa": undefined(f"undefined: Cohen's kappa takes two annotators, and there are {people}")}
    if people != TWO and (level != "ordinal" or people < TWO):
        if level == "ordinal":
            why = undefined(f"undefined: it takes two annotators, and there {'is' if people else 'are'} {people}")
            measures |= dict.fromkeys(IN_ORDER, why)
        return _Paired(measures, {}, {})
    given = in_order_offered(ratings, offered)
    found = pairs_of(given.units, given.annotators, given.values, len(given.names))
    shared = int(found.shared.sum()) if people == TWO else 0
    used: dict[str, int] = {}
    if people == TWO:
        measures["cohen_kappa"] = _mean(found, found.kappa(), SAME_ANSWER)
        used["cohen_kappa"] = shared
    if level == "ordinal":
        measures["weighted_kappa_linear"] = _mean(found, found.kappa("linear"), SAME_ANSWER)
        measures["weighted_kappa_quadratic"] = _mean(found, found.kappa("quadratic"), SAME_ANSWER)
        measures["spearman"] = _mean(found, found.spearman(), ONE_SAYS_THE_SAME)
        if people == TWO:
            used |= dict.fromkeys(IN_ORDER, shared)
    if people > TWO:
        words = f"the mean over {len(found.shared):,} pairs of annotators, each by the examples that it has in common"
        return _Paired(measures, used, dict.fromkeys(IN_ORDER, words))
    left_out = shared < ratings.n_units
    words = f"on {shared:,} of {ratings.n_units:,} examples, those that both answered"
    return _Paired(measures, used, dict.fromkeys(used, words) if left_out else {})


def in_order_offered(ratings: Coded, offered: Sequence[Value]) -> Coded:
    """Returns ratings whose values are places among those offered: also what nobody chose lies between two points."""
    import numpy as np

    place = {value: number for number, value in enumerate(offered)}
    places = np.array([place[value] for value in ratings.names], dtype=np.int64)
    values = places[ratings.values] if len(places) else ratings.values
    return Coded(ratings.units, ratings.annotators, values, tuple(offered), ratings.n_units, ratings.n_annotators)


def _mean(found: Pairs, values: Array, reason: str) -> Measure:
    """Returns the mean over the pairs for which a coefficient is defined, by what each has in common."""
    import numpy as np

    if not len(values):
        return undefined(NO_SHARED_UNITS)
    defined = ~np.isnan(values)
    if not defined.any():
        return undefined(reason)
    return as_measure(float(np.average(values[defined], weights=found.shared[defined])), reason)
