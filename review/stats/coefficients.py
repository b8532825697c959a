"""Coefficients of agreement between annotators, each with the reason where it is undefined.

Units are examples, each the list of the values that annotators gave it, missing ones absent, or the patterns of
these (`review.stats.patterns.tally`); one without an answer is no part of the sample. Krippendorff's
alpha and Cohen's kappa come from the `krippendorff` and `scikit-learn` packages; these fail, or say 1.0 or
NaN, where a coefficient is undefined, so those cases are told apart here first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from review.stats import patterns
from review.stats.measure import Measure, undefined
from review.stats.patterns import Given, Level, Patterns, Value

SAME_ANSWER = "undefined: every annotator gave the same answer"
SAME_WHERE_COMPARED = "undefined: every annotator gave the same answer wherever two can be compared"
NO_PAIRS = "undefined: no unit has two answers"
NO_ANSWERS = "undefined: no answers"
NO_SHARED_UNITS = "undefined: no unit was answered by both"
ONE_CHOICE = "undefined: only one choice is offered"
NEGATIVE_RATIO = "undefined: the ratio level needs values of zero or more"
OUT_OF_RANGE = "undefined: the values are too large, or too close together, to compute with"

RELIABLE = 0.8
TENTATIVE = 0.667

_LIBRARY_CELLS = 20_000_000
"""`krippendorff` builds an array of units x values x values; beyond this many cells our own sums are used."""


@dataclass(frozen=True)
class CohenKappa:
    """Cohen's kappa of two annotators and the number of units that both answered."""

    kappa: Measure
    shared: int


def percent_agreement(units: Given) -> Measure:
    """Return raw agreement: the share of a unit's pairs that agree, averaged over units with two answers."""
    table = patterns.tally(units)
    if not len(table.comparable().weights):
        return undefined(NO_PAIRS)
    return _measured(patterns.percent_agreement(table, table.weights[None, :]).item())


def krippendorff_alpha(units: Given, level: Level) -> Measure:
    """Return Krippendorff's alpha; units with fewer than two answers play no part.

    Raises:
        ValueError: a value is missing or not finite, or is no number at a level other than nominal, or the
            level is unknown.
    """
    table = patterns.tally(units)
    check_level(table.values, level)
    reason = alpha_undefined(table, level)
    if reason:
        return undefined(reason)
    usable = table.comparable()
    if usable.weights.sum() * len(usable.values) ** 2 > _LIBRARY_CELLS:
        return _measured(patterns.alpha(usable, usable.weights[None, :], level).item())
    return _measured(_library_alpha(usable, level))


def fleiss_kappa(units: Given) -> Measure:
    """Return Fleiss' kappa, undefined where answered units differ in their number of answers; none is dropped.

    Source: Fleiss 1971, "Measuring nominal scale agreement among many raters".
    """
    table = patterns.tally(units)
    reason = fleiss_undefined(table)
    if reason:
        return undefined(reason)
    return _measured(patterns.fleiss_kappa(table, table.weights[None, :]).item())


def gwet_ac1(units: Given, categories: Sequence[Value]) -> Measure:
    """Return Gwet's AC1, whose chance agreement counts the choices that were *offered*, given or not.

    Raises:
        ValueError: a value is missing, or not among `categories`.

    Source: Gwet 2008; with missing answers Gwet 2014, "Handbook of Inter-Rater Reliability", chapter 5.
    """
    table = patterns.tally(units)
    check_offered(table.values, categories)
    if len(set(categories)) < 2:
        return undefined(ONE_CHOICE)
    if not len(table.comparable().weights):
        return undefined(NO_PAIRS)
    return _measured(patterns.gwet_ac1(table, table.weights[None, :], len(set(categories))).item())


def cohen_kappa(first: Sequence[Value | None], second: Sequence[Value | None]) -> CohenKappa:
    """Return Cohen's kappa of two annotators over the units that both answered.

    Args:
        first: one annotator's value for each unit, None where missing.
        second: the other's, for the same units in the same order.

    Raises:
        ValueError: the sequences differ in length.

    Source: Cohen 1960, "A coefficient of agreement for nominal scales".
    """
    pairs = [(one, other) for one, other in zip(first, second, strict=True) if one is not None and other is not None]
    if not pairs:
        return CohenKappa(undefined(NO_SHARED_UNITS), 0)
    code = {value: index for index, value in enumerate(patterns.ordered_values(chain.from_iterable(pairs)))}
    if len(code) < 2:
        return CohenKappa(undefined(SAME_ANSWER), len(pairs))
    from sklearn.metrics import cohen_kappa_score

    kappa = cohen_kappa_score([code[one] for one, _ in pairs], [code[other] for _, other in pairs])
    return CohenKappa(_measured(float(kappa)), len(pairs))


def class_shares(units: Given, categories: Sequence[Value] = ()) -> dict[Value, float]:
    """Return the share of each value among all answers, 0.0 for those `categories` that nobody gave.

    The offered categories come first, in their order, then other values; empty if there is no answer at all.
    """
    table = patterns.tally(units)
    if not len(table.weights):
        return {}
    times = table.weights @ table.counts
    given = dict(zip(table.values, (times / times.sum()).tolist(), strict=True))
    return {value: given.get(value, 0.0) for value in dict.fromkeys([*categories, *table.values])}


def alpha_band(value: float) -> Literal["reliable", "tentative", "unreliable"]:
    """Return Krippendorff's reading of alpha: reliable from .80, tentative from .667 (2018, chapter 12)."""
    if value >= RELIABLE:
        return "reliable"
    return "tentative" if value >= TENTATIVE else "unreliable"


def alpha_undefined(table: Patterns, level: Level) -> str | None:
    """Return why alpha is undefined for these patterns, or None."""
    usable = table.comparable()
    if not len(usable.weights):
        return NO_PAIRS
    if (usable.counts.sum(axis=0) > 0).sum() < 2:
        return SAME_ANSWER if len(table.values) == 1 else SAME_WHERE_COMPARED
    if level == "ratio" and float(table.values[0]) < 0:
        return NEGATIVE_RATIO
    return None


def fleiss_undefined(table: Patterns) -> str | None:
    """Return why Fleiss' kappa is undefined for these patterns, or None."""
    numbers = sorted({int(answers) for answers in table.answers})
    if len(numbers) > 1:
        return (
            f"undefined: Fleiss' kappa needs the same number of answers on every unit, "
            f"here they have {numbers[0]} to {numbers[-1]}"
        )
    if not numbers or numbers[0] < 2:
        return NO_PAIRS
    return SAME_ANSWER if len(table.values) == 1 else None


def check_level(values: Sequence[Value], level: Level) -> None:
    """Raise ValueError unless alpha exists at this level for such values."""
    if level not in {"nominal", "ordinal", "interval", "ratio"}:
        raise ValueError(f"the level is nominal, ordinal, interval or ratio, not {level!r}")
    if level != "nominal" and not all(patterns.is_number(value) for value in values):
        strange = next(value for value in values if not patterns.is_number(value))
        raise ValueError(f"the {level} level needs numbers, and {strange!r} is none")


def check_offered(values: Sequence[Value], categories: Sequence[Value]) -> None:
    """Raise ValueError if a value is not among the categories offered."""
    strange = [value for value in values if value not in set(categories)]
    if strange:
        raise ValueError(f"answers that were not offered: {', '.join(map(repr, strange))}")


def _library_alpha(table: Patterns, level: Level) -> float:
    import krippendorff
    import numpy as np

    given = table.counts.sum(axis=0) > 0
    domain = [value for value, used in zip(table.values, given, strict=True) if used]
    with np.errstate(all="ignore"):
        return float(
            krippendorff.alpha(
                value_counts=np.repeat(table.counts[:, given], table.weights.astype(int), axis=0),
                value_domain=domain if level != "nominal" else None,
                level_of_measurement=level,
            )
        )


def _measured(value: float) -> Measure:
    return Measure(value) if math.isfinite(value) else undefined(OUT_OF_RANGE)
