"""Bounds for a mean by betting: against the definition, by enumeration of all orders, and by simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.stats import means
from review.stats.means import (
    STAKES_AND_SHARES,
    lower_confidence_bound,
    mean_e_value,
    running_log_wealth,
    upper_confidence_bound,
)
from review.stats.shares import from_log

ratings = st.lists(st.sampled_from([step / 8 for step in range(9)]), max_size=20)
targets = st.floats(0.05, 0.95)


def by_definition(xs: list[float], total: int, m0: float) -> float:
    """Return the product of 1 + lambda_i (x_i - m_i), checking that lambda_i is predictable and in range."""
    players = [share for _, share in STAKES_AND_SHARES]
    wealth, earlier = 1.0, 0.0
    for index, x in enumerate(xs):
        expected = (total * m0 - earlier) / (total - index)
        if expected <= 0:
            return math.inf
        stakes = [stake / expected for stake, _ in STAKES_AND_SHARES]
        bet = sum(part * stake for part, stake in zip(players, stakes, strict=True)) / sum(players)
        assert 0 <= bet <= 0.5 / expected + 1e-12
        wealth *= 1 + bet * (x - expected)
        players = [part * (1 + stake * (x - expected)) for part, stake in zip(players, stakes, strict=True)]
        earlier += x
    return math.inf if total * m0 <= earlier else wealth


@given(ratings, st.integers(0, 30), targets)
def test_the_e_value_is_the_product_of_predictable_bets(xs: list[float], more: int, m0: float) -> None:
    total = len(xs) + more + 1
    assert mean_e_value(xs, total, m0) == pytest.approx(by_definition(xs, total, m0), rel=1e-9)


@given(ratings, st.integers(0, 30), targets)
def test_the_running_wealth_is_the_wealth_at_each_time(xs: list[float], more: int, m0: float) -> None:
    total = len(xs) + more + 1
    with np.errstate(over="ignore"):
        running = np.exp(running_log_wealth(xs, total, m0))
    assert list(running) == pytest.approx([mean_e_value(xs[: t + 1], total, m0) for t in range(len(xs))])


@given(ratings.filter(bool), st.integers(0, 30), targets)
def test_the_wealth_at_the_end_is_the_last_of_the_running_wealth(xs: list[float], more: int, m0: float) -> None:
    total = len(xs) + more
    for most in (means.MOST_BETS, 5):  # also where nobody bets any more
        with pytest.MonkeyPatch.context() as patch, np.errstate(over="ignore"):
            patch.setattr(means, "MOST_BETS", most)
            assert mean_e_value(xs, total, m0) == from_log(running_log_wealth(xs, total, m0)[-1])


@given(ratings.filter(bool), st.integers(0, 30), targets, st.data())
def test_a_larger_value_never_lowers_wealth_and_a_larger_target_never_raises_it(
    xs: list[float], more: int, m0: float, data: st.DataObject
) -> None:
    total = len(xs) + more
    index = data.draw(st.integers(0, len(xs) - 1))
    higher = [*xs[:index], data.draw(st.floats(xs[index], 1)), *xs[index + 1 :]]
    slack = 1 + 1e-9
    assert mean_e_value(higher, total, m0) * slack >= mean_e_value(xs, total, m0)
    assert mean_e_value(xs, total, m0) * slack >= mean_e_value(xs, total, data.draw(st.floats(m0, 1)))


@given(ratings, st.integers(0, 30), st.sampled_from([0.05, 0.01]))
@settings(deadline=None)
def test_bounds_are_where_the_wealth_crosses(xs: list[float], more: int, delta: float) -> None:
    total = len(xs) + more + 1
    lower, upper = lower_confidence_bound(xs, total, delta), upper_confidence_bound(xs, total, delta)
    assert 0 <= lower <= 1
    assert 0 <= upper <= 1
    assert lower >= sum(xs) / total - 1e-12
    if lower < (sum(xs) + more + 1) / total - 1e-6:
        assert mean_e_value(xs, total, lower + 1e-6) < 1 / delta
    if lower - 1e-6 > 0:
        assert mean_e_value(xs, total, lower - 1e-6) >= 1 / delta
    assert upper == pytest.approx(1 - lower_confidence_bound([1 - x for x in xs], total, delta))


@pytest.mark.parametrize("above", [1e-6, 0.01, 0.1])
def test_every_order_of_a_small_population_keeps_the_error_level(above: float) -> None:
    """Exact: over all orders of a population whose mean is below the target, reaching c has chance <= 1/c."""
    population = (0.0, 0.25, 0.5, 0.5, 1.0, 1.0, 1.0)
    target = sum(population) / len(population) + above
    orders = set(itertools.permutations(population))
    wealth = np.exp([running_log_wealth(order[:-1], len(order), target) for order in orders])
    assert (wealth.mean(axis=0) <= 1 + 1e-9).all()
    if above < 1e-3:
        assert wealth.mean(axis=0) == pytest.approx(1, abs=1e-4)
    for reached in (1.25, 1.5, 2, 3, 4):
        assert (wealth.max(axis=1) >= reached).mean() <= 1 / reached


def test_exact_when_all_are_in_and_open_before_the_first() -> None:
    xs = [0.625, 0.5, 0.75]
    assert lower_confidence_bound(xs, 3) == pytest.approx(0.625)
    assert upper_confidence_bound(xs, 3) == pytest.approx(0.625)
    assert mean_e_value(xs, 3, 0.625) == math.inf
    assert mean_e_value(xs, 3, 0.626) < 2
    assert (lower_confidence_bound([], 5), upper_confidence_bound([], 5)) == (0.0, 1.0)
    assert mean_e_value([], 5, 0.5) == 1.0
    assert mean_e_value([], 5, 0.0) == math.inf


def test_values_that_reach_the_target_whatever_follows_rule_the_hypothesis_out() -> None:
    assert mean_e_value([1.0, 1.0], 4, 0.5) == math.inf
    assert mean_e_value([1.0, 0.9], 4, 0.5) < math.inf
    assert lower_confidence_bound([1.0] * 9, 10) >= 0.9


def test_long_sequences_neither_overflow_nor_vanish() -> None:
    assert mean_e_value([1.0] * 5000, 100_000, 0.5) == math.inf
    assert mean_e_value([0.0] * 5000, 100_000, 0.5) < 1e-50
    assert running_log_wealth([1.0] * 5000, 100_000, 0.5)[-1] > 1000


def test_arguments_out_of_range() -> None:
    with pytest.raises(ValueError, match="can't come from"):
        lower_confidence_bound([0.5, 0.5], 1)
    with pytest.raises(ValueError, match="can't come from"):
        mean_e_value([], 0, 0.5)
    with pytest.raises(ValueError, match="every value"):
        mean_e_value([1.5], 3, 0.5)
    with pytest.raises(ValueError, match="every value"):
        upper_confidence_bound([math.nan], 3)
    with pytest.raises(ValueError, match="a mean to reach"):
        mean_e_value([0.5], 3, math.nan)
    with pytest.raises(ValueError, match="delta"):
        lower_confidence_bound([0.5], 3, delta=1)


def relevance_population(rng: np.random.Generator, mean: float, size: int = 1000) -> list[float]:
    """Return (mean of two ratings - 1) / 4 for examples whose ratings have a given mean and share their item."""
    item, noise = rng.normal(0, 0.6, size), rng.normal(0, 0.8, (2, size))
    low, high = 0.0, 8.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        if np.clip(np.rint(middle + item + noise), 1, 5).mean() < mean:
            low = middle
        else:
            high = middle
    values = (np.clip(np.rint(high + item + noise), 1, 5).mean(axis=0) - 1) / 4
    return [float(value) for value in rng.permutation(values)]


@pytest.mark.parametrize(("mean", "median", "ninetieth"), [(4.4, 20, 25), (4.13, 30, 40)])
def test_examples_until_relevance_passes(mean: float, median: int, ninetieth: int) -> None:
    """Median and 90th percentile of examples until the lower bound of relevance reaches 3.5, N = 1,000."""
    rng = np.random.default_rng(5)
    needed = []
    for _ in range(150):
        wealth = running_log_wealth(relevance_population(rng, mean)[:300], 1000, (3.5 - 1) / 4)
        needed.append(int(np.argmax(wealth >= math.log(20))) + 1)
    assert np.median(needed) == pytest.approx(median, rel=0.15)
    assert np.quantile(needed, 0.9) == pytest.approx(ninetieth, rel=0.2)


def test_false_ships_of_a_mean_at_the_target_with_a_look_after_every_example() -> None:
    rng = np.random.default_rng(6)
    passed = 0
    for _ in range(400):
        xs = relevance_population(rng, 3.5)
        target = min(1.0, sum(xs) / len(xs) + 1e-6)
        passed += bool((running_log_wealth(xs, 1000, target)[:-1] >= math.log(20)).any())
    assert passed / 400 <= 0.05
