"""Bounds for a share: against exact fractions, and their error under a look after every example."""

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.stats.measure import Interval
from review.stats.shares import (
    CountInterval,
    Draws,
    confidence_sequence,
    least_count,
    wilson,
)
from tests.support import exact_looks

TWENTY = math.log(20)

draws = st.tuples(st.integers(1, 40), st.floats(0, 1), st.floats(0, 1), st.sampled_from([(20, 1), (1, 1), (5, 1)]))


def drawn(sizes: tuple[int, float, float, tuple[int, int]]) -> Draws:
    total, seen_part, good_part, prior = sizes
    seen = round(total * seen_part)
    return Draws(round(seen * good_part), seen, total, prior)


def rising(start: int, steps: int) -> int:
    return math.prod(range(start, start + steps))


def exact_ratio(data: Draws, count: int) -> Fraction:
    """Return prior/posterior at M = `count`, from the definition: Bayes' rule over all M."""
    a, b = (int(value) for value in data.prior)

    def prior(m: int) -> Fraction:
        ways = math.comb(data.total, m) * rising(a, m) * rising(b, data.total - m)
        return Fraction(ways, rising(a + b, data.total))

    def likelihood(m: int) -> int:
        return math.comb(m, data.good) * math.comb(data.total - m, data.seen - data.good)

    evidence: Fraction = sum((prior(m) * likelihood(m) for m in range(data.total + 1)), Fraction(0))
    return evidence / likelihood(count)


@given(draws)
def test_the_ratio_is_prior_over_posterior(sizes: tuple[int, float, float, tuple[int, int]]) -> None:
    data = drawn(sizes)
    for count in range(data.total + 1):
        if data.smallest <= count <= data.largest:
            assert data.log_ratio(count) == pytest.approx(math.log(exact_ratio(data, count)), abs=1e-9)
        else:
            assert data.log_ratio(count) == math.inf


@given(draws, st.sampled_from([0.2, 0.05, 0.0125]))
def test_the_interval_is_the_set_of_all_counts_not_ruled_out(
    sizes: tuple[int, float, float, tuple[int, int]], delta: float
) -> None:
    data = drawn(sizes)
    kept = [m for m in range(data.total + 1) if data.log_ratio(m) < -math.log(delta)]
    interval = confidence_sequence(data.good, data.seen, data.total, prior=data.prior, delta=delta)
    assert kept == list(range(interval.lower, interval.upper + 1))


@given(draws)
def test_more_good_examples_never_lower_a_bound(sizes: tuple[int, float, float, tuple[int, int]]) -> None:
    data = drawn(sizes)
    intervals = [confidence_sequence(good, data.seen, data.total, prior=data.prior) for good in range(data.seen + 1)]
    assert [interval.lower for interval in intervals] == sorted(interval.lower for interval in intervals)
    assert [interval.upper for interval in intervals] == sorted(interval.upper for interval in intervals)


def test_exact_when_all_are_seen_and_open_before_the_first() -> None:
    assert confidence_sequence(899, 1000, 1000) == CountInterval(899, 899, 1000)
    assert confidence_sequence(0, 0, 1000) == CountInterval(0, 1000, 1000)
    assert confidence_sequence(1, 1, 1) == CountInterval(1, 1, 1)


def test_shares_of_the_interval() -> None:
    interval = CountInterval(900, 950, 1000)
    assert (interval.lower_share, interval.upper_share) == (0.9, 0.95)


def test_a_million_examples() -> None:
    interval = confidence_sequence(95_000, 100_000, 1_000_000)
    assert 0.947 < interval.lower_share < 0.95 < interval.upper_share < 0.953


def test_thresholds_are_decimal() -> None:
    assert 0.07 * 100 > 7
    assert least_count("0.07", 100) == 7
    assert least_count(Decimal("0.90"), 1000) == 900
    assert least_count("0.9001", 1000) == 901
    assert (least_count("0", 10), least_count("1", 10)) == (0, 10)
    with pytest.raises(TypeError, match=r"text or a Decimal"):
        least_count(0.9, 10)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="between 0 and 1, not 90"):
        least_count("90", 10)


@pytest.mark.parametrize("counts", [(-1, 5, 10), (6, 5, 10), (5, 11, 10), (0, 0, 0)])
def test_counts_out_of_range(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="counts must satisfy"):
        confidence_sequence(*counts)


def test_levels_and_priors_out_of_range() -> None:
    for delta in (0, 1, -0.1, math.nan):
        with pytest.raises(ValueError, match="delta must be between 0 and 1"):
            confidence_sequence(1, 2, 3, delta=delta)
    with pytest.raises(ValueError, match="prior must be positive"):
        confidence_sequence(1, 2, 3, prior=(0, 1))


def first_passes(
    total: int, good: int, threshold: str, prior: tuple[float, float], looks: Sequence[int]
) -> list[float]:
    """Return the exact probability that the gate first passes at each look, with `good` of `total` good."""
    needed = least_count(threshold, total)

    def passes(least: int, seen: int) -> bool:
        return confidence_sequence(least, seen, total, prior=prior).lower >= needed

    return exact_looks.first_passes(total, good, looks, passes)


@pytest.mark.parametrize(("prior", "expected"), [((20, 1), 0.0414), ((1, 1), 0.0046)])
def test_false_ships_just_below_the_threshold_with_a_look_after_every_example(
    prior: tuple[float, float], expected: float
) -> None:
    assert sum(first_passes(1000, 899, "0.90", prior, range(1, 1001))) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("threshold", ["0.85", "0.90"])
@pytest.mark.parametrize("total", [50, 101, 400])
@pytest.mark.parametrize("prior", [(20, 1), (5, 1), (1, 1)])
def test_false_ships_are_at_most_5_percent_at_other_sizes(
    total: int, threshold: str, prior: tuple[float, float]
) -> None:
    just_below = least_count(threshold, total) - 1
    assert sum(first_passes(total, just_below, threshold, prior, range(1, total + 1))) <= 0.05


@pytest.mark.parametrize(
    ("prior", "good", "published"),
    [
        ((20, 1), 930, 425),
        ((20, 1), 955, 125),
        ((20, 1), 970, 80),
        ((20, 1), 990, 40),
        ((1, 1), 930, 520),
        ((1, 1), 955, 228),
        ((1, 1), 970, 130),
    ],
)
def test_median_examples_until_the_bound_passes(prior: tuple[float, float], good: int, published: int) -> None:
    """The exact median over random orders, looking after every fifth example, against the simulated one."""
    looks = range(5, 1001, 5)
    cumulated, median = 0.0, 0
    for look, chance in zip(looks, first_passes(1000, good, "0.90", prior, looks), strict=True):
        cumulated += chance
        if cumulated >= 0.5:
            median = look
            break
    assert median == pytest.approx(published, rel=0.12)


@pytest.mark.parametrize("good", [0, 3, 31, 50, 59, 60])
def test_the_whole_interval_holds_at_all_times_at_once(good: int) -> None:
    """The exact chance that the true M is outside at any of 60 looks is at most delta."""
    total, delta = 60, 0.05
    inside = {0: 1.0}
    for seen in range(1, total + 1):
        following: dict[int, float] = {}
        for count, chance in inside.items():
            share = (good - count) / (total - seen + 1)
            for outcome, weight in ((count + 1, share), (count, 1 - share)):
                if weight <= 0:
                    continue
                interval = confidence_sequence(outcome, seen, total, delta=delta)
                if interval.lower <= good <= interval.upper:
                    following[outcome] = following.get(outcome, 0.0) + chance * weight
        inside = following
    assert 1 - delta <= sum(inside.values()) <= 1 + 1e-9


def test_wilson_against_statsmodels() -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for successes, n in [(0, 7), (7, 7), (3, 10), (95, 100), (955, 1000)]:
        for confidence in (0.9, 0.95):
            ours = wilson(successes, n, confidence)
            low, high = proportion.proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
            assert (ours.lower, ours.upper) == pytest.approx((low, high), abs=1e-12)


def test_wilson_at_the_corners() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0)
    assert wilson(0, 5).lower == 0.0
    assert wilson(5, 5).upper == 1.0
    with pytest.raises(ValueError, match="successes <= n"):
        wilson(6, 5)
    with pytest.raises(ValueError, match="confidence"):
        wilson(1, 5, 1.0)
