"""Intervals for coefficients of agreement at a single look, by examples.

For reports: whoever looks after every answer needs the bounds of review.stats.shares, means and reliability. Whole
examples are resampled or left out, never single ratings, since the ratings of an example depend on each other. As a
coefficient depends on an example only through its pattern of answers, a replicate is one multinomial draw over the
few distinct patterns, and all replicates are computed at once (review.stats.patterns).

Which interval it is depends on how much decides it. Raw agreement is a share, and has Wilson's interval. The others
have the percentile interval, from 100 examples of which 20 hold a difference; with less, the studentised one; below
30 examples there is none, since it would cover too little where one class is rare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

from review.stats import coefficients, patterns, studentised
from review.stats.measure import Interval
from review.stats.patterns import Given, Level, Patterns, Value

if TYPE_CHECKING:
    import numpy as np

    from review.stats.patterns import Array

Coefficient = Literal[
    "percent_agreement",
    "alpha_nominal",
    "alpha_ordinal",
    "alpha_interval",
    "alpha_ratio",
    "fleiss_kappa",
    "gwet_ac1",
    "mean",
]
"""What can have an interval; "mean" is that of the answers, which are then numbers."""

Method = Literal["percentile", "studentised", "wilson"]

LEAST = 30
"""Examples with two answers below which there is no interval of a coefficient but raw agreement."""

MANY, DIFFERING = 100, 20
"""Examples, and examples that hold a difference, from which the percentile interval covers what it says."""

LARGEST_UNDEFINED_SHARE = 0.05
"""Share of undefined replicates above which the percentile interval is undefined."""

_CELLS_AT_ONCE = 5_000_000


@dataclass(frozen=True)
class BootstrapInterval:
    """An interval, or why it is undefined; with what is needed to compute it again.

    Attributes:
        lower: lower end, None where undefined.
        upper: upper end, None where undefined.
        undefined: one sentence for people that says why there is no interval, else None.
        method: how it was made; only the percentile interval draws replicates.
        replicates: how many were drawn.
        undefined_replicates: in how many of them the coefficient was undefined; these are left out.
        seed: of numpy's default generator.
        confidence: nominal coverage.
    """

    lower: float | None
    upper: float | None
    undefined: str | None
    method: Method
    replicates: int
    undefined_replicates: int
    seed: int
    confidence: float


def bootstrap_intervals(
    units: Given,
    names: Iterable[Coefficient],
    *,
    seed: int,
    categories: Sequence[Value] = (),
    replicates: int = 1000,
    confidence: float = 0.95,
) -> dict[Coefficient, BootstrapInterval]:
    """Return an interval for each of the coefficients; those that draw replicates draw the same.

    Args:
        units: examples, each the list of the values that annotators gave it, missing ones absent; examples without
            an answer are no part of the sample; or their patterns.
        names: the coefficients.
        seed: the same seed and the same answers, in any order, give the same intervals.
        categories: the choices offered, which AC1 needs; the ends of the scale bound the interval of a mean.
        replicates: how many to draw, at least 1.
        confidence: nominal coverage in (0, 1).

    Raises:
        ValueError: an argument is out of range, or the values don't fit a coefficient.

    Source: percentile bootstrap, Efron & Tibshirani 1993, chapter 13; examples as the resampled units. The others:
    `review.stats.studentised`.
    """
    if replicates < 1 or not 0 < confidence < 1:
        raise ValueError(f"can't draw {replicates} replicates for a confidence of {confidence}")
    import numpy as np

    table = patterns.tally(units)
    found: dict[Coefficient, BootstrapInterval] = {}
    resampled: dict[int, tuple[Patterns, dict[Coefficient, list[Array]]]] = {}
    for name in names:
        reason = _undefined(name, table, categories)
        part = _part(name, table)
        if reason is None and name != "percent_agreement" and _is_enough(name, part):
            resampled.setdefault(id(part), (part, {}))[1][name] = []
            continue
        made = reason if reason is not None else _studentised(name, part, categories, confidence)
        method: Method = "wilson" if name == "percent_agreement" else "studentised"
        found[name] = _interval(made, method, (0, 0, seed, confidence))
    for part, values in resampled.values():
        for weights in _resampled(part, replicates, np.random.default_rng(seed)):
            for name, computed in values.items():
                computed.append(_computed(name, part, weights, len(set(categories))))
        found.update({name: _percentiles(np.concatenate(one), seed, confidence) for name, one in values.items()})
    return found


def _part(name: Coefficient, table: Patterns) -> Patterns:
    """Return the patterns that a coefficient is made from."""
    if name == "fleiss_kappa":
        return table.alike()
    return table if name in {"mean", "gwet_ac1"} else table.comparable()


def _is_enough(name: Coefficient, table: Patterns) -> bool:
    """Whether the percentile interval covers what it says."""
    if name == "mean":
        return bool(table.weights.sum() >= MANY) and len(table.values) > 1
    return bool(table.comparable().weights.sum() >= MANY) and table.differing >= DIFFERING


def _studentised(name: Coefficient, table: Patterns, categories: Sequence[Value], confidence: float) -> Interval | str:
    """Return the interval for little data, or why there is none."""
    if name == "mean":
        ends = (min(map(float, categories)), max(map(float, categories))) if categories else None
        return studentised.mean_interval(table, confidence, ends)
    if name == "percent_agreement":
        return studentised.agreement_interval(table, patterns.pair_agreement(table), confidence)
    comparable = int(table.comparable().weights.sum())
    if comparable < LEAST:
        return f"undefined: too few examples for an interval: {comparable} with two answers, and it takes {LEAST}"
    compute = partial(_computed, name, categories=len(set(categories)))
    return studentised.coefficient_interval(table, compute, confidence)


def _undefined(name: Coefficient, table: Patterns, categories: Sequence[Value]) -> str | None:
    """Return why the coefficient is undefined on the data themselves, or None."""
    if name.startswith("alpha_"):
        level = _level(name)
        coefficients.check_level(table.values, level)
        return coefficients.alpha_undefined(table, level)
    if name == "mean":
        coefficients.check_level(table.values, "interval")
        return None if len(table.weights) else coefficients.NO_ANSWERS
    if name == "gwet_ac1":
        return coefficients.gwet_ac1(table, categories).undefined
    if name == "fleiss_kappa":
        return coefficients.fleiss_undefined(table.alike())
    return coefficients.percent_agreement(table).undefined


def _computed(name: Coefficient, table: Patterns, weights: Array, categories: int) -> Array:
    """Return the coefficient for each row of weights, shape (R,); NaN where it is undefined."""
    if name.startswith("alpha_"):
        return patterns.alpha(table, weights, _level(name))
    if name == "mean":
        return patterns.mean(table, weights)
    if name == "gwet_ac1":
        return patterns.gwet_ac1(table, weights, categories)
    if name == "fleiss_kappa":
        return patterns.fleiss_kappa(table, weights)
    return patterns.percent_agreement(table, weights)


def _resampled(table: Patterns, replicates: int, generator: np.random.Generator) -> Iterator[Array]:
    """Yield how often each pattern occurs in replicates, shapes (r, P) with the r adding up to `replicates`."""
    examples = int(table.weights.sum())
    at_once = max(1, _CELLS_AT_ONCE // len(table.weights))
    for start in range(0, replicates, at_once):
        size = min(at_once, replicates - start)
        yield generator.multinomial(examples, table.weights / examples, size=size).astype(float)


def _percentiles(values: Array, seed: int, confidence: float) -> BootstrapInterval:
    import numpy as np

    defined = values[~np.isnan(values)]
    missing = len(values) - len(defined)
    drawn = (len(values), missing, seed, confidence)
    if missing > LARGEST_UNDEFINED_SHARE * len(values):
        return _interval(
            f"undefined: in {missing} of {len(values)} replicates the coefficient is undefined", "percentile", drawn
        )
    lower, upper = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return _interval(Interval(lower, upper), "percentile", drawn)


def _interval(made: Interval | str, method: Method, drawn: tuple[int, int, int, float]) -> BootstrapInterval:
    if isinstance(made, str):
        return BootstrapInterval(None, None, made, method, *drawn)
    return BootstrapInterval(made.lower, made.upper, None, method, *drawn)


def _level(name: Coefficient) -> Level:
    return cast(Level, name.removeprefix("alpha_"))
