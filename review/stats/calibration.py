"""Calibration of the discriminator: does a label confidence of .9 mean that nine in ten validators agree?"""

from collections.abc import Sequence
from dataclasses import dataclass

from review.stats.measure import Interval, Measure, undefined
from review.stats.shares import wilson

BINS = 10
NO_EXAMPLES = "undefined: no example has both a label confidence and a consensus"


@dataclass(frozen=True)
class CalibrationBin:
    """One tenth of the range of label confidence, `lower` <= confidence < `upper` (the last one includes 1).

    Attributes:
        lower: lower edge.
        upper: upper edge.
        count: examples in the bin.
        confidence: mean label confidence, undefined in an empty bin.
        agreement: share whose consensus is the intended label, undefined in an empty bin.
        interval: Wilson's 95 % interval of the agreement, 0 to 1 in an empty bin.
    """

    lower: float
    upper: float
    count: int
    confidence: Measure
    agreement: Measure
    interval: Interval


@dataclass(frozen=True)
class Calibration:
    """Ten bins and two summaries.

    Attributes:
        bins: from 0 to 1.
        expected_error: expected calibration error, the mean distance of confidence and agreement over the bins,
            weighted by their counts, in [0, 1].
        brier: mean squared distance of confidence and outcome, in [0, 1]; always answering 1/2 gives .25.
        count: examples in all.
    """

    bins: tuple[CalibrationBin, ...]
    expected_error: Measure
    brier: Measure
    count: int


def calibration(confidences: Sequence[float], agreed: Sequence[bool]) -> Calibration:
    """Compare label confidence with label agreement.

    Args:
        confidences: the discriminator's probability of the intended label, in [0, 1], one an example.
        agreed: whether the annotators' consensus is the intended label, in the same order.

    Raises:
        ValueError: the lengths differ, or a confidence is not in [0, 1].

    Source: bins and expected calibration error as in Guo et al. 2017, "On calibration of modern neural networks",
    section 2; score of Brier 1950.
    """
    pairs = list(zip(confidences, agreed, strict=True))
    if not all(0 <= confidence <= 1 for confidence, _ in pairs):
        raise ValueError("every label confidence must be between 0 and 1")
    members: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in pairs:
        members[_bin_of(confidence)].append((confidence, right))
    bins = tuple(_summary(index, inside) for index, inside in enumerate(members))
    if not pairs:
        return Calibration(bins, undefined(NO_EXAMPLES), undefined(NO_EXAMPLES), 0)
    error = sum(abs(sum(confidence - right for confidence, right in inside)) for inside in members)
    brier = sum((confidence - right) ** 2 for confidence, right in pairs)
    return Calibration(bins, Measure(error / len(pairs)), Measure(brier / len(pairs)), len(pairs))


def _bin_of(confidence: float) -> int:
    """Return the bin by its printed edges: comparing with index / 10 puts .3 into the bin that begins with .3."""
    return sum(1 for index in range(1, BINS) if confidence >= index / BINS)


def _summary(index: int, inside: Sequence[tuple[float, bool]]) -> CalibrationBin:
    count = len(inside)
    right = sum(1 for _, agreed in inside if agreed)
    empty = undefined("undefined: no example in this bin")
    return CalibrationBin(
        lower=index / BINS,
        upper=(index + 1) / BINS,
        count=count,
        confidence=Measure(sum(confidence for confidence, _ in inside) / count) if count else empty,
        agreement=Measure(right / count) if count else empty,
        interval=wilson(right, count),
    )
