"""Bounds for alpha over a box: is the agreement of the first two answers better than chance?

The upper bound is for every number of classes; the lower bound and the e-value are for more than two, where
`review.stats.reliability_bets`, which is sharper, has not been shown to hold.

Over the population of `total` examples, let A be the share whose first two answers are equal and p_k the
share of class k among those answers. The alpha bounded here is 1 - (1 - A) / D with D = 1 - sum of p_k^2, the
disagreement expected by chance. Krippendorff's nominal alpha of the whole population multiplies the second
term by 1 - 1/(2 total), so it is slightly larger, and a lower bound for the one is a lower bound for the
other. A and every p_k get a confidence sequence of their own (review.stats.shares), the error level is split
among them, and alpha is bounded over the box. Unlike a bootstrap interval this may be looked at after every
answer.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from review.stats.measure import Measure, undefined
from review.stats.shares import check_delta, confidence_sequence, exact_share
from review.stats.shipping import Shipping

AGREEMENT_PRIOR = (5, 1)
CLASS_PRIOR = (1, 1)
NO_VARIATION = "no variation: reliability cannot be shown"
NO_PAIRS = "no example has two answers: reliability cannot be shown"
LOWEST_ALPHA = -1.0
"""Two answers an example can't do worse, with whatever shares of classes."""

_TOLERANCE = 1e-3
_LARGEST_LOG = 690.0

Pair = tuple[str | None, str | None]
Shares = tuple[float, float]


@dataclass(frozen=True)
class FirstTwo:
    """What is known of the first two answers of the first `seen` examples in review order, out of `total`.

    Examples that count neither as agreeing nor as disagreeing lack an answer (open, or settled by skips);
    they are counted against the dataset in lower bounds and in its favour in upper ones.

    Attributes:
        total: examples in the population, at least 1.
        seen: examples looked at, t in the order of review.
        agreeing: those whose first two answers are equal.
        disagreeing: those whose first two answers differ.
        first: for each class offered, how many of the known first answers gave it.
        second: the same of the known second answers, in the same order of classes.
    """

    total: int
    seen: int
    agreeing: int
    disagreeing: int
    first: tuple[int, ...]
    second: tuple[int, ...]

    def __post_init__(self) -> None:
        pairs = self.agreeing + self.disagreeing
        if not (0 <= pairs <= self.seen <= self.total and self.total >= 1):
            raise ValueError(f"{pairs} pairs among {self.seen} seen of {self.total} examples don't fit together")
        if min(self.agreeing, self.disagreeing, *self.first, *self.second, 0) < 0:
            raise ValueError("counts can't be negative")
        if len(self.first) != len(self.second) or not self.first:
            raise ValueError("both answers need a count for each class offered")
        if not all(pairs <= sum(counts) <= self.seen for counts in (self.first, self.second)):
            raise ValueError(f"the counts of classes must add up to between {pairs} and {self.seen}")

    @property
    def undefined(self) -> str | None:
        """Why reliability can't be shown, or None if it can."""
        if not self.agreeing + self.disagreeing:
            return NO_PAIRS
        given = sum(1 for counts in zip(self.first, self.second, strict=True) if any(counts))
        return NO_VARIATION if given < 2 else None


def first_two(answers: Iterable[Pair] | Mapping[Pair, int], total: int, classes: Sequence[str]) -> FirstTwo:
    """Count the first two answers of each example.

    Args:
        answers: the first and second answer of the first t examples in review order, or how often there is which; None
            where missing.
        total: examples in the population.
        classes: the choices offered.

    Raises:
        ValueError: an answer is not among `classes`, or the counts don't fit.
    """
    known, counts = set(classes), Counter(answers)
    strange = {answer for pair in counts for answer in pair if answer is not None and answer not in known}
    if strange:
        raise ValueError(f"answers that were not offered: {', '.join(sorted(strange))}")
    pairs = {pair: times for pair, times in counts.items() if None not in pair}
    agreeing = sum(times for (one, other), times in pairs.items() if one == other)
    return FirstTwo(
        total=total,
        seen=counts.total(),
        agreeing=agreeing,
        disagreeing=sum(pairs.values()) - agreeing,
        first=tuple(sum(times for (one, _), times in counts.items() if one == name) for name in classes),
        second=tuple(sum(times for (_, other), times in counts.items() if other == name) for name in classes),
    )


@dataclass(frozen=True)
class AllThatShips:
    """What ships beside the population of which `FirstTwo` speaks; what is kept is counted as that counts."""

    kept: FirstTwo
    shipping: Shipping


def of_the_sample(counts: FirstTwo) -> AllThatShips:
    """Return what ships where that is the population itself."""
    return AllThatShips(counts, Shipping(counts.seen, counts.total - counts.seen, 0))


def alpha_lower_bound(counts: FirstTwo, delta: float = 0.05, ships: AllThatShips | None = None) -> Measure:
    """Return a lower bound for alpha that holds at all times at once with probability 1 - `delta`.

    A is bounded from below at delta / 2 with the prior Beta(5, 1), examples without two answers counting as
    disagreement. The class shares get delta / 2 together: with two classes one interval for each of the two
    answers, with more one for each class and answer.

    Returns:
        The bound, or undefined where every answer is the same: reliability then neither passes nor fails.

    Raises:
        ValueError: delta is not in (0, 1).
    """
    check_delta(delta)
    ships = ships or of_the_sample(counts)
    if ships.kept.undefined:
        return undefined(ships.kept.undefined)
    bound = confidence_sequence(counts.agreeing, counts.seen, counts.total, prior=AGREEMENT_PRIOR, delta=delta / 2)
    agreement = ships.shipping.least(ships.kept.agreeing, counts.agreeing, bound.lower) / ships.shipping.size
    chance = _least_chance_disagreement(_class_shares(counts, delta / 2, ships))
    return Measure(_alpha(agreement, chance))


def alpha_upper_bound(counts: FirstTwo, delta: float = 0.05, ships: AllThatShips | None = None) -> Measure:
    """Return the upper bound for Krippendorff's alpha, at most 1, that mirrors `alpha_lower_bound`.

    Examples without two answers count as agreement. Reliability has confidently failed when this is below the
    threshold.
    """
    check_delta(delta)
    ships = ships or of_the_sample(counts)
    if ships.kept.undefined:
        return undefined(ships.kept.undefined)
    most = counts.seen - counts.disagreeing
    bound = confidence_sequence(most, counts.seen, counts.total, prior=AGREEMENT_PRIOR, delta=delta / 2)
    kept = ships.kept.seen - ships.kept.disagreeing
    agreement = ships.shipping.most(kept, most, bound.upper) / ships.shipping.size
    chance = _largest_chance_disagreement(_class_shares(counts, delta / 2, ships))
    answers = 2 * ships.shipping.size
    return Measure(_alpha(agreement, chance * answers / (answers - 1)))


def alpha_e_value(counts: FirstTwo, threshold: Decimal | str, ships: AllThatShips | None = None) -> Measure:
    """Return the e-value, in [0, inf], against "alpha is below `threshold`", or undefined without variation.

    It is the largest c for which `alpha_lower_bound` at level 1/c reaches the threshold. That is an e-value: below it
    every such point has one ratio beyond its part of the level, so their weighted sum is at least c.

    Raises:
        ValueError: the threshold is not in [0, 1]; TypeError: it is a binary float.
    """
    limit = exact_share(threshold)
    ships = ships or of_the_sample(counts)
    if ships.kept.undefined:
        return undefined(ships.kept.undefined)
    return Measure(_largest_passing_level(counts, float(limit), ships))


def _alpha(agreement: float, chance: float) -> float:
    """Return 1 - (1 - A) / D, no lower than alpha can be."""
    if chance <= 0:
        return LOWEST_ALPHA
    return max(LOWEST_ALPHA, 1 - (1 - agreement) / chance)


def _class_shares(counts: FirstTwo, level: float, ships: AllThatShips) -> list[Shares]:
    """Return for each class the interval of its share among both answers, all of them together at `level`."""
    if len(counts.first) == 2:
        low, high = _pooled_share(counts, 0, level / 2, ships)
        return [(low, high), (1 - high, 1 - low)]
    part = level / (2 * len(counts.first))
    return [_pooled_share(counts, index, part, ships) for index in range(len(counts.first))]


def _pooled_share(counts: FirstTwo, index: int, level: float, ships: AllThatShips) -> Shares:
    """Return the mean of the two answers' intervals for one class, each at `level`."""
    low = high = 0.0
    shipping, answers = ships.shipping, ((counts.first, ships.kept.first), (counts.second, ships.kept.second))
    for answer, kept in answers:
        given, unknown = answer[index], counts.seen - sum(answer)
        least = confidence_sequence(given, counts.seen, counts.total, prior=CLASS_PRIOR, delta=level)
        most = confidence_sequence(given + unknown, counts.seen, counts.total, prior=CLASS_PRIOR, delta=level)
        low += shipping.least(kept[index], given, least.lower) / 2
        high += shipping.most(kept[index] + ships.kept.seen - sum(kept), given + unknown, most.upper) / 2
    return low / shipping.size, high / shipping.size


def _least_chance_disagreement(box: Sequence[Shares]) -> float:
    """Return a lower bound of 1 - sum p^2 over the shares in the box that add up to 1; exact for two classes.

    On [l, u] the square lies below its chord (l + u) p - l u, so the sum of chords bounds the sum of squares.
    It is linear, and largest when what is left above the lower ends goes to the classes with the largest l+u.
    """
    remaining = 1 - sum(low for low, _ in box)
    squares = 0.0
    for low, high in sorted(box, key=sum, reverse=True):
        added = min(max(remaining, 0.0), high - low)
        remaining -= added
        squares += (low + high) * (low + added) - low * high
    return 1 - squares


def _largest_chance_disagreement(box: Sequence[Shares]) -> float:
    """Return the largest 1 - sum p^2 over the shares in the box that add up to 1, the most even ones."""

    def filled(level: float) -> list[float]:
        return [min(max(level, low), high) for low, high in box]

    low, high = 0.0, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if sum(filled(middle)) < 1:
            low = middle
        else:
            high = middle
    return 1 - sum(share * share for share in filled(low))


def _largest_passing_level(counts: FirstTwo, threshold: float, ships: AllThatShips) -> float:
    """Return the largest c whose bound at level 1/c reaches the threshold, 0 where none does."""

    def passes(log_c: float) -> bool:
        bound = alpha_lower_bound(counts, math.exp(-log_c), ships).value
        return bound is not None and bound >= threshold

    low, high = _TOLERANCE, _LARGEST_LOG
    if not passes(low):
        return 0.0
    if passes(high):
        return math.inf if counts.seen == counts.total else math.exp(high)
    while high - low > _TOLERANCE:
        middle = (low + high) / 2
        if passes(middle):
            low = middle
        else:
            high = middle
    return math.exp(low)
