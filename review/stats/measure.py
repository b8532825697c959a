"""A statistic, or the reason why there is none: a missing number is never a zero, a one or a NaN."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One statistic, or why it is undefined; exactly one of the two is set.

    Attributes:
        value: the statistic; infinite only where that is its true value (an e-value), never NaN.
        undefined: one sentence for people that says why there is no value, printed as it is.
    """

    value: float | None
    undefined: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.undefined is None):
            raise ValueError("a Measure has either a value or the reason why it is undefined")
        if self.value is not None and math.isnan(self.value):
            raise ValueError("a Measure that is undefined says why, it is never NaN")


@dataclass(frozen=True)
class Interval:
    """The two ends of an interval, `lower <= upper`."""

    lower: float
    upper: float

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise ValueError(f"an interval can't run from {self.lower} to {self.upper}")


def undefined(reason: str) -> Measure:
    """Return the Measure that is undefined for this `reason`."""
    return Measure(None, reason)
