"""Coefficients of agreement between annotators, each with the reason where it is undefined.

Units are examples, each the list of the values that annotators gave it, missing ones absent, or the patterns of
these (`review.stats.patterns.tally`); one without an answer is no part of the sample. Krippendorff's alpha comes from
the `krippendorff` package, except on large tables; it fails, or says 1.0 or NaN, where a coefficient is undefined, so
those cases are told apart here first. What is between two annotators is in `review.stats.paired`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from review.stats import patterns
from review.stats.measure import Measure, undefined
from review.stats.patterns import Given, Level, Patterns, Value

SAME_ANSWER = "undefined: every annotator gave the same answer"
SAME_WHERE_COMPARED = "undefined: every annotator gave the same answer wherever two can be compared"
NO_PAIRS = "undefined: no unit has two answers"
NO_ANSWERS = "undefined: no answers"
ONE_CHOICE = "undefined: only one choice is offered"
NEGATIVE_RATIO = "undefined: the ratio level needs values of zero or more"
OUT_OF_RANGE = "undefined: the values are too large, or too close together, to compute with"

RELIABLE = 0.8
TENTATIVE = 0.667

_LIBRARY_CELLS = 1_000_000
"""`krippendorff` takes a row a unit, and builds units x values x values; beyond so many cells our own sums are used."""


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
    """Return Fleiss' kappa on the units with exactly as many answers as most have (`Patterns.alike`).

    How many these are has to be said beside it.

    Source: Fleiss 1971, "Measuring nominal scale agreement among many raters".
    """
    table = patterns.tally(units).alike()
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
    """Return why Fleiss' kappa is undefined for patterns with equally many answers (`Patterns.alike`), or None."""
    if not len(table.weights):
        return NO_PAIRS
    given = (table.counts.sum(axis=0) > 0).sum()
    if given > 1:
        return None
    return SAME_ANSWER if len(table.values) == 1 else SAME_WHERE_COMPARED


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
