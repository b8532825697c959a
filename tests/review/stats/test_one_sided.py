"""The one-sided evidence on a share: against its definition in fractions, and exactly how often it is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.stats.one_sided import PRIOR, fewest_good, reaches, share_e_value
from review.stats.sequences import weight
from review.stats.shares import Draws, confidence_sequence, least_count
from tests.support import exact_looks


def by_definition(good: int, seen: int, total: int, needed: int) -> float:
    """The sum over all M from `needed` on, in fractions."""
    a, b = PRIOR

    def prior(m: int) -> Fraction:
        return Fraction(comb(m + a - 1, m) * comb(total - m + b - 1, total - m))

    def likelihood(m: int) -> Fraction:
        return (
            Fraction(comb(m, good) * comb(total - m, seen - good)) if good <= m <= total - seen + good else Fraction(0)
        )

    alternatives = range(max(needed, 0), total + 1)
    if needed > total - seen + good:
        return 0.0
    if needed <= good:
        return math.inf
    mixed = sum((prior(m) * likelihood(m) for m in alternatives), Fraction(0)) / sum(map(prior, alternatives))
    return float(mixed / likelihood(needed - 1))


@given(st.integers(1, 60), st.floats(0, 1), st.floats(0, 1), st.integers(-3, 63))
def test_it_is_what_it_is_defined_as(total: int, part: float, share: float, needed: int) -> None:
    seen = round(part * total)
    good = round(share * seen)
    assert share_e_value(good, seen, total, needed) == pytest.approx(by_definition(good, seen, total, needed), rel=1e-9)


@given(st.integers(1, 200), st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.2, 0.045, 0.0025]))
def test_the_bound_is_the_fewest_that_is_not_ruled_out(total: int, part: float, share: float, delta: float) -> None:
    seen = round(part * total)
    good = round(share * seen)
    fewest = fewest_good(good, seen, total, delta)
    assert good <= fewest <= total - seen + good
    for needed in range(total + 1):
        assert (share_e_value(good, seen, total, needed) >= 1 / delta) == (needed <= fewest or needed <= good)


@given(
    st.sampled_from([1, 7, 100, 5000]),
    st.floats(0, 1),
    st.one_of(st.floats(0.85, 1), st.floats(0, 1)),
    st.floats(-0.1, 1.1),
    st.sampled_from([-1.0, 0.0, 1e-9, 0.5, 1.0, 22.3, 1e6, 1e300]),
)
def test_whether_it_reaches_a_limit_is_told_the_same_without_it(
    total: int, part: float, share: float, threshold: float, limit: float
) -> None:
    seen = round(part * total)
    good, needed = round(share * seen), round(threshold * total)
    found = reaches(Draws(good, seen, total, PRIOR), needed, limit)
    assert found == (share_e_value(good, seen, total, needed) >= limit)


def test_near_the_limit_it_is_told_the_same_too() -> None:
    for seen in range(20, 400):
        good = round(0.95 * seen)
        value = share_e_value(good, seen, 5000, 4500)
        draws = Draws(good, seen, 5000, PRIOR)
        for nearly in (1 - 1e-9, 1.0, 1 + 1e-9, 0.999, 1.001):
            assert reaches(draws, 4500, value * nearly) == (value >= value * nearly)


@given(st.integers(2, 150), st.floats(0, 1), st.floats(0, 1))
def test_another_good_example_never_lowers_it(total: int, part: float, share: float) -> None:
    seen = max(1, round(part * total))
    good = min(seen - 1, round(share * seen))
    for needed in range(1, total + 1):
        value = share_e_value(good, seen, total, needed)
        assert value <= share_e_value(good + 1, seen, total, needed) * (1 + 1e-9)


@given(st.integers(2, 400), st.floats(0, 1), st.floats(0, 1), st.sampled_from([2, 20, 22.2, 400]))
def test_what_is_ruled_out_is_one_half_line(total: int, part: float, share: float, limit: float) -> None:
    """So who needs fewer good ones, as what ships beside the population may say later, passes too."""
    seen = round(part * total)
    good = round(share * seen)
    passes = [share_e_value(good, seen, total, needed) >= limit for needed in range(total + 1)]
    assert passes == sorted(passes, reverse=True)


def test_what_is_certain() -> None:
    assert share_e_value(900, 1000, 1000, 900) == math.inf
    assert share_e_value(899, 1000, 1000, 900) == 0.0
    assert share_e_value(0, 0, 1000, 900) == pytest.approx(1)
    assert share_e_value(3, 5, 10, -2) == math.inf
    assert share_e_value(3, 5, 10, 9) == 0.0
    assert fewest_good(899, 1000, 1000, 0.05) == 899
    assert fewest_good(0, 0, 1000, 0.05) == 0


def test_a_million_examples() -> None:
    assert share_e_value(95_000, 100_000, 1_000_000, 900_000) == math.inf
    assert 1 < share_e_value(950, 1_000, 1_000_000, 930_000) < math.inf
    assert fewest_good(950, 1_000, 1_000_000, 0.05) > confidence_sequence(950, 1_000, 1_000_000).lower


def test_counts_out_of_range() -> None:
    with pytest.raises(ValueError, match="counts must satisfy"):
        share_e_value(6, 5, 10, 5)
    with pytest.raises(ValueError, match="delta must be"):
        fewest_good(3, 5, 10, 1.5)


def first_passes(total: int, good: int, needed: int, limit: float, looks: Sequence[int]) -> list[float]:
    """Return the exact probability that it first reaches the limit at each look, with `good` of `total` good."""
    return exact_looks.first_passes(
        total, good, looks, lambda least, seen: share_e_value(least, seen, total, needed) >= limit
    )


def test_false_ships_just_below_the_threshold_with_a_look_after_every_example() -> None:
    """Exactly .0472 at an e-value of 20, and .0427 in the first sequence, which needs 22.2."""
    assert sum(first_passes(1000, 899, 900, 20, range(1, 1001))) == pytest.approx(0.0472, abs=1e-4)
    assert sum(first_passes(1000, 899, 900, 20 / weight(1), range(1, 1001))) == pytest.approx(0.0427, abs=1e-4)


@pytest.mark.parametrize("threshold", ["0.85", "0.90"])
@pytest.mark.parametrize("total", [20, 50, 101, 200])
def test_false_ships_are_at_most_5_percent_at_other_sizes(total: int, threshold: str) -> None:
    needed = least_count(threshold, total)
    assert sum(first_passes(total, needed - 1, needed, 20, range(1, total + 1))) <= 0.05


@pytest.mark.parametrize(("good", "median"), [(930, 359), (955, 110)])
def test_median_examples_until_it_passes(good: int, median: int) -> None:
    """The exact median over random orders at an e-value of 20, looking after every example."""
    cumulated = np.cumsum(first_passes(1000, good, 900, 20, range(1, 1001)))
    assert 1 + int((cumulated >= 0.5).argmax()) == median
