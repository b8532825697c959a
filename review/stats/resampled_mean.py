"""The mean of what was said of independent units, with an interval by resampling the units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from review.stats.bootstrap import bootstrap_intervals

NOTHING = "undefined: there is nothing to measure yet"
ONE_VALUE = "undefined: every answer is the same, so resampling can't tell how far it would vary"
ONE_UNIT = "undefined: one alone can't tell how far others would differ"

REPLICATES = 1000


@dataclass(frozen=True)
class ResampledMean:
    """A mean with its 95 % interval, or why there is none.

    Attributes:
        value: The mean of all answers; None where there are none.
        lower: Lower end, None where undefined, as is `upper`.
        undefined: Why the interval, or all of it, is undefined.
        units: How many were resampled, such as handfuls or pairs.
        seed: Of numpy's default generator.
    """

    value: float | None
    lower: float | None
    upper: float | None
    undefined: str | None
    units: int
    seed: int


def resampled_mean(
    units: Sequence[Sequence[float]], *, seed: int, scale: tuple[float, float] | None = None
) -> ResampledMean:
    """Returns the mean of all answers, with an interval by whole units, as `bootstrap_intervals` makes it.

    Args:
        units: The answers on each unit; units without an answer are no part of the sample.
        seed: The same seed and the same answers, in any order, give the same interval.
        scale: The least and the greatest answer that there is; the interval lies between them.
    """
    known = [list(unit) for unit in units if unit]
    answers = [answer for unit in known for answer in unit]
    if not answers:
        return ResampledMean(None, None, None, NOTHING, 0, seed)
    mean = sum(answers) / len(answers)
    if len(known) == 1 or len(set(answers)) == 1:
        return ResampledMean(mean, None, None, ONE_UNIT if len(known) == 1 else ONE_VALUE, len(known), seed)
    found = bootstrap_intervals(known, ["mean"], seed=seed, replicates=REPLICATES, categories=scale or ())["mean"]
    return ResampledMean(mean, found.lower, found.upper, found.undefined, len(known), seed)
