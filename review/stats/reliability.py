"""The gate's bound and e-value for alpha: is the agreement of the first two answers better than chance?

Over the population of `total` examples, let A be the share whose first two answers are equal and p_k the
share of class k among those answers. The alpha bounded here is 1 - (1 - A) / D with D = 1 - sum of p_k^2, the
disagreement expected by chance. Krippendorff's nominal alpha of the whole population multiplies the second
term by 1 - 1/(2 total), so it is slightly larger, and a lower bound for the one is a lower bound for the
other. A and every p_k get a confidence sequence of their own (review.stats.shares), the error level is split
among them, and alpha is bounded over the box. Unlike a bootstrap interval this may be looked at after every
answer.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from review.stats.measure import Measure, undefined
from review.stats.shares import Draws, check_delta, confidence_sequence, exact_share, from_log

AGREEMENT_PRIOR = (5, 1)
CLASS_PRIOR = (1, 1)
NO_VARIATION = "no variation: reliability cannot be shown"
NO_PAIRS = "no example has two answers: reliability cannot be shown"
LOWEST_ALPHA = -1.0
"""Two answers an example can't do worse, with whatever shares of classes."""

_TOLERANCE = 1e-3
_LARGEST_LOG = 690.0

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


def first_two(answers: Sequence[tuple[str | None, str | None]], total: int, classes: Sequence[str]) -> FirstTwo:
    """Count the first two answers of each example.

    Args:
        answers: the first and second answer of the first t examples in review order; None where missing.
        total: examples in the population.
        classes: the choices offered.

    Raises:
        ValueError: an answer is not among `classes`, or the counts don't fit.
    """
    known = set(classes)
    strange = {answer for pair in answers for answer in pair if answer is not None and answer not in known}
    if strange:
        raise ValueError(f"answers that were not offered: {', '.join(sorted(strange))}")
    pairs = [pair for pair in answers if None not in pair]
    agreeing = sum(1 for one, other in pairs if one == other)
    return FirstTwo(
        total=total,
        seen=len(answers),
        agreeing=agreeing,
        disagreeing=len(pairs) - agreeing,
        first=tuple(sum(1 for one, _ in answers if one == name) for name in classes),
        second=tuple(sum(1 for _, other in answers if other == name) for name in classes),
    )


def alpha_lower_bound(counts: FirstTwo, delta: float = 0.05) -> Measure:
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
    if counts.undefined:
        return undefined(counts.undefined)
    agreement = confidence_sequence(counts.agreeing, counts.seen, counts.total, prior=AGREEMENT_PRIOR, delta=delta / 2)
    chance = _least_chance_disagreement(_class_shares(counts, delta / 2))
    return Measure(_alpha(agreement.lower_share, chance))


def alpha_upper_bound(counts: FirstTwo, delta: float = 0.05) -> Measure:
    """Return the upper bound for Krippendorff's alpha, at most 1, that mirrors `alpha_lower_bound`.

    Examples without two answers count as agreement. Reliability has confidently failed when this is below the
    threshold.
    """
    check_delta(delta)
    if counts.undefined:
        return undefined(counts.undefined)
    agreement = confidence_sequence(
        counts.seen - counts.disagreeing, counts.seen, counts.total, prior=AGREEMENT_PRIOR, delta=delta / 2
    )
    chance = _largest_chance_disagreement(_class_shares(counts, delta / 2))
    answers = 2 * counts.total
    return Measure(_alpha(agreement.upper_share, chance * answers / (answers - 1)))


def alpha_e_value(counts: FirstTwo, threshold: Decimal | str) -> Measure:
    """Return the e-value, in [0, inf], against "alpha is below `threshold`", or undefined without variation.

    Two classes: the minimum over the (A, p1, p2) with alpha below the threshold of E_A/2 + E_p1/4 + E_p2/4,
    each E a prior/posterior ratio as in review.stats.shares, with p = (p1 + p2)/2 and D = 2p(1 - p); found to
    0.1 % and rounded down. More classes: the largest c for which `alpha_lower_bound` at level 1/c reaches the
    threshold. That is an e-value too: below it every such point has one ratio beyond its part of the level,
    so their weighted sum is at least c.

    Raises:
        ValueError: the threshold is not in [0, 1]; TypeError: it is a binary float.
    """
    limit = exact_share(threshold)
    if counts.undefined:
        return undefined(counts.undefined)
    if len(counts.first) == 2:
        return Measure(_TwoClassSearch(counts, limit).smallest())
    return Measure(_largest_passing_level(counts, float(limit)))


def _alpha(agreement: float, chance: float) -> float:
    """Return 1 - (1 - A) / D, no lower than alpha can be."""
    if chance <= 0:
        return LOWEST_ALPHA
    return max(LOWEST_ALPHA, 1 - (1 - agreement) / chance)


def _class_shares(counts: FirstTwo, level: float) -> list[Shares]:
    """Return for each class the interval of its share among both answers, all of them together at `level`."""
    if len(counts.first) == 2:
        low, high = _pooled_share(counts, 0, level / 2)
        return [(low, high), (1 - high, 1 - low)]
    part = level / (2 * len(counts.first))
    return [_pooled_share(counts, index, part) for index in range(len(counts.first))]


def _pooled_share(counts: FirstTwo, index: int, level: float) -> Shares:
    """Return the mean of the two answers' intervals for one class, each at `level`."""
    low = high = 0.0
    for answer in (counts.first, counts.second):
        given, unknown = answer[index], counts.seen - sum(answer)
        least = confidence_sequence(given, counts.seen, counts.total, prior=CLASS_PRIOR, delta=level)
        most = confidence_sequence(given + unknown, counts.seen, counts.total, prior=CLASS_PRIOR, delta=level)
        low += least.lower_share / 2
        high += most.upper_share / 2
    return low, high


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


def _largest_passing_level(counts: FirstTwo, threshold: float) -> float:
    """Return the largest c whose bound at level 1/c reaches the threshold, 0 where none does."""

    def passes(log_c: float) -> bool:
        bound = alpha_lower_bound(counts, math.exp(-log_c)).value
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


@dataclass(frozen=True)
class _ClassDraws:
    """One class among one of the two answers, the unknown answers counted as `fewest` or as `most` of it.

    For a population with fewer of the class than `fewest` suggests, the kindest completion of the unknown
    answers is `fewest`; with more than `most` suggests, it is `most`; in between some completion fits well.
    """

    fewest: Draws
    most: Draws

    @classmethod
    def of(cls, counts: FirstTwo, answer: tuple[int, ...]) -> "_ClassDraws":
        unknown = counts.seen - sum(answer)
        return cls(
            Draws(answer[0], counts.seen, counts.total, CLASS_PRIOR),
            Draws(answer[0] + unknown, counts.seen, counts.total, CLASS_PRIOR),
        )

    def smallest_log_ratio(self, low: int, high: int) -> float:
        """Return the smallest log prior/posterior over `low`..`high`, all of which the data allow."""
        if high < self.fewest.likeliest:
            return self.fewest.log_ratio(high)
        if low > self.most.likeliest:
            return self.most.log_ratio(low)
        return min(draws.log_ratio(draws.likeliest) for draws in (self.fewest, self.most))


class _TwoClassSearch:
    """The smallest E_A/2 + E_p1/4 + E_p2/4 over all populations whose alpha is below the threshold.

    A population is (agreeing, c1, c2): examples that agree, and those whose first and second answer is the
    first class. Given S = c1 + c2, alpha is below the threshold for all `agreeing` up to a largest one, which
    is smallest at S = total and grows to both sides; E_p1 and E_p2 are unimodal. So a rectangle of (c1, c2)
    has a simple lower bound, and best-first branch and bound finds the minimum.
    """

    def __init__(self, counts: FirstTwo, threshold: Fraction) -> None:
        self.total = counts.total
        self.threshold = threshold
        self.agreement = Draws(counts.agreeing, counts.seen, counts.total, AGREEMENT_PRIOR)
        self.answers = [_ClassDraws.of(counts, answer) for answer in (counts.first, counts.second)]

    def smallest(self) -> float:
        """Return the minimum, rounded down by at most 0.1 %."""
        first, second = self.answers
        rectangle = (first.fewest.smallest, first.most.largest, second.fewest.smallest, second.most.largest)
        heap = [(self._bound(rectangle), rectangle)]
        best = math.inf
        while heap:
            bound, rectangle = heapq.heappop(heap)
            if bound >= best * (1 - _TOLERANCE):
                return bound
            left1, right1, left2, right2 = rectangle
            middle1, middle2 = (left1 + right1) // 2, (left2 + right2) // 2
            best = min(best, self._bound((middle1, middle1, middle2, middle2)))
            if right1 - left1 >= right2 - left2:
                halves = [(left1, middle1, left2, right2), (middle1 + 1, right1, left2, right2)]
            else:
                halves = [(left1, right1, left2, middle2), (left1, right1, middle2 + 1, right2)]
            for half in halves:
                if half[0] <= half[1] and half[2] <= half[3]:
                    heapq.heappush(heap, (self._bound(half), half))
        return best

    def _bound(self, rectangle: tuple[int, int, int, int]) -> float:
        """Return a lower bound over the rectangle, exact where it is a single point."""
        left1, right1, left2, right2 = rectangle
        first, second = self.answers
        most_agreeing = max(self._most_agreeing(left1 + left2), self._most_agreeing(right1 + right2))
        return (
            from_log(self.agreement.smallest_log_ratio(0, most_agreeing)) / 2
            + from_log(first.smallest_log_ratio(left1, right1)) / 4
            + from_log(second.smallest_log_ratio(left2, right2)) / 4
        )

    def _most_agreeing(self, both: int) -> int:
        """Return the most agreeing examples with alpha below the threshold, given S = `both`; exact."""
        gap = self.threshold.denominator - self.threshold.numerator
        expected = gap * both * (2 * self.total - both)
        return self.total - expected // (2 * self.total * self.threshold.denominator) - 1
