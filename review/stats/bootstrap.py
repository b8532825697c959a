"""Percentile intervals for coefficients of agreement, by resampling examples.

For reports, at a single look: whoever looks after every answer needs the bounds of review.stats.shares, means and
reliability. Whole examples are resampled, never single ratings, since the ratings of an example depend on each
other. As a coefficient depends on an example only through its pattern of answers, a replicate is one multinomial
draw over the few distinct patterns, and all replicates are computed at once (review.stats.patterns).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from review.stats import coefficients, patterns
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
"""What can be resampled; "mean" is that of the answers, which are then numbers."""

LARGEST_UNDEFINED_SHARE = 0.05
"""Share of undefined replicates above which the interval itself is undefined."""

_CELLS_AT_ONCE = 5_000_000


@dataclass(frozen=True)
class BootstrapInterval:
    """A percentile interval, or why it is undefined; with what is needed to compute it again.

    Attributes:
        lower: lower end, None where undefined.
        upper: upper end, None where undefined.
        undefined: one sentence for people that says why there is no interval, else None.
        replicates: how many were drawn.
        undefined_replicates: in how many of them the coefficient was undefined; these are left out.
        seed: of numpy's default generator.
        confidence: nominal coverage.
    """

    lower: float | None
    upper: float | None
    undefined: str | None
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
    """Return a percentile interval for each of the coefficients, all from the same replicates.

    Args:
        units: examples, each the list of the values that annotators gave it, missing ones absent; examples without
            an answer are no part of the sample; or their patterns.
        names: the coefficients.
        seed: the same seed and the same answers, in any order, give the same intervals.
        categories: the choices offered, which only AC1 needs.
        replicates: how many to draw, at least 1.
        confidence: nominal coverage in (0, 1).

    Raises:
        ValueError: an argument is out of range, or the values don't fit a coefficient.

    Source: percentile bootstrap, Efron & Tibshirani 1993, chapter 13; examples as the resampled units.
    """
    if replicates < 1 or not 0 < confidence < 1:
        raise ValueError(f"can't draw {replicates} replicates for a confidence of {confidence}")
    import numpy as np

    table = patterns.tally(units)
    reasons = {name: _undefined(name, table, categories) for name in names}
    wanted = [name for name, reason in reasons.items() if reason is None]
    values: dict[Coefficient, list[Array]] = {name: [] for name in wanted}
    if wanted:
        for weights in _resampled(table, replicates, np.random.default_rng(seed)):
            for name in wanted:
                values[name].append(_computed(name, table, weights, len(set(categories))))

    def interval(name: Coefficient, reason: str | None) -> BootstrapInterval:
        if reason is not None:
            return BootstrapInterval(None, None, reason, replicates, 0, seed, confidence)
        return _percentiles(np.concatenate(values[name]), seed, confidence)

    return {name: interval(name, reason) for name, reason in reasons.items()}


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
        return coefficients.fleiss_undefined(table)
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
    if missing > LARGEST_UNDEFINED_SHARE * len(values):
        reason = f"undefined: in {missing} of {len(values)} replicates the coefficient is undefined"
        return BootstrapInterval(None, None, reason, len(values), missing, seed, confidence)
    lower, upper = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return BootstrapInterval(lower, upper, None, len(values), missing, seed, confidence)


def _level(name: Coefficient) -> Level:
    return cast(Level, name.removeprefix("alpha_"))
