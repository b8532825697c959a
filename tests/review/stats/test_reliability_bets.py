"""The gate's evidence on alpha of two classes: against its definition, exact in the end, and seldom wrong."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.stats.reliability_bets import (
    CELLS,
    DIFFER,
    FIRST,
    MISSING,
    MOST_BETS,
    SECOND,
    STAKES,
    Beside,
    alpha_e_value,
    alpha_lower_bound,
    running_log_wealth,
)

kinds = st.lists(st.sampled_from([FIRST, SECOND, DIFFER, MISSING]), min_size=1, max_size=30)
known = st.lists(st.sampled_from([FIRST, SECOND, DIFFER]), min_size=1, max_size=30)


def alpha(pairs: list[int]) -> float:
    """1 - (1 - A) / D of pairs that are all known; 1 where nothing varies."""
    count = Counter(pairs)
    n = len(pairs)
    p = (count[FIRST] + count[DIFFER] / 2) / n
    chance = 2 * p * (1 - p)
    return 1 - count[DIFFER] / n / chance if chance else 1.0


def z(kind: int, r: float, gap: float) -> float:
    share = {FIRST: 1.0, SECOND: 0.0, DIFFER: 0.5}[kind]
    return (kind == DIFFER) - gap * (2 * r * r + 2 * share * (1 - 2 * r))


def by_hand(pairs: list[int], total: int, threshold: float) -> float:
    """The smallest over the cells of the average over the stakes, one pair after the other; z at 40 points a cell."""
    best = math.inf
    for cell in range(CELLS):
        points = np.linspace(cell / CELLS, (cell + 1) / CELLS, 41)
        largest = {kind: max(z(kind, r, 1 - threshold) for r in points) for kind in (FIRST, SECOND, DIFFER)}
        most, least = max(largest.values()), min(largest.values())
        x = {kind: (most - value) / (most - least) for kind, value in largest.items()} | {MISSING: 0.0}
        mean, so_far, wealth = most / (most - least), 0.0, [1.0] * len(STAKES)
        for place, kind in enumerate(pairs):
            expected = max(total * mean - so_far, 1e-9) / (total - place)
            wealth = [old * (1 - f + f * x[kind] / expected) for old, f in zip(wealth, STAKES, strict=True)]
            so_far += x[kind]
        average = math.fsum(wealth) / len(wealth)
        best = min(best, math.inf if total * mean - so_far <= 1e-9 * total else average)
    return best


@given(kinds, st.integers(0, 30), st.sampled_from([0.2, 0.667, 0.9]))
@settings(max_examples=25, deadline=None)
def test_it_is_what_it_is_defined_as(pairs: list[int], unseen: int, threshold: float) -> None:
    total = len(pairs) + unseen
    assert alpha_e_value(pairs, total, threshold) == pytest.approx(by_hand(pairs, total, threshold), rel=1e-4)


@given(known, st.sampled_from([0.2, 0.667, 0.9]))
def test_with_all_of_them_drawn_it_is_certain_only_of_what_is_true(pairs: list[int], threshold: float) -> None:
    certain = alpha_e_value(pairs, len(pairs), threshold) == math.inf
    assert not certain or alpha(pairs) >= threshold - 1e-9
    assert certain or alpha(pairs) < threshold + 0.02  # cells are 1/120 wide


@given(kinds, st.integers(0, 200))
def test_what_is_missing_counts_as_the_worst_it_may_be(pairs: list[int], unseen: int) -> None:
    total = len(pairs) + unseen
    before = alpha_e_value(pairs, total, 0.667)
    for place, kind in enumerate(pairs):
        if kind == MISSING:
            for instead in (FIRST, SECOND, DIFFER):
                better = [*pairs[:place], instead, *pairs[place + 1 :]]
                assert alpha_e_value(better, total, 0.667) >= before * (1 - 1e-9)


@given(kinds, st.integers(0, 200), st.sampled_from([0.2, 0.045, 0.0025]), st.sampled_from([0.5, 0.667, 0.8]))
@settings(deadline=None)
def test_the_bound_is_on_the_side_of_the_threshold_where_the_evidence_is(
    pairs: list[int], unseen: int, delta: float, threshold: float
) -> None:
    total = len(pairs) + unseen
    bound = alpha_lower_bound(pairs, total, delta, threshold)
    assert (alpha_e_value(pairs, total, threshold) >= 1 / delta) == (bound >= threshold)
    assert -1 <= bound <= 1


@given(known, known, st.integers(0, 2), st.sampled_from([0.2, 0.667]))
def test_what_is_known_beside_the_population_is_added_exactly(
    drawn: list[int], before: list[int], lost: int, threshold: float
) -> None:
    """All of the population is drawn, some of it doesn't ship: then all that ships is known."""
    gone, kept = drawn[:lost], [*drawn[lost:], *before]
    beside = Beside(
        kept=tuple(before.count(kind) for kind in range(4)), lost=tuple(gone.count(kind) for kind in range(4))
    )
    certain = alpha_e_value(drawn, len(drawn), threshold, beside) == math.inf
    assert not certain or alpha(kept) >= threshold - 1e-9
    assert certain or alpha(kept) < threshold + 0.02


@given(known, known, st.integers(0, 2))
def test_what_was_removed_unseen_may_have_been_the_best(drawn: list[int], rest: list[int], removed: int) -> None:
    """It never says more than it would of the population without those that were removed, whichever they were."""
    removed = min(removed, len(rest))
    total = len(drawn) + len(rest)
    found = alpha_e_value(drawn, total, 0.667, Beside(removed=removed))
    assert found <= alpha_e_value(drawn, total, 0.667) * (1 + 1e-9)


def test_the_running_wealth_ends_where_the_e_value_is_and_nobody_bets_for_ever() -> None:
    rng = np.random.default_rng(1)
    pairs = rng.choice(3, 300, p=[0.45, 0.45, 0.1]).tolist()
    wealth = running_log_wealth(pairs, 1000, 0.667)
    for size in (1, 50, 300):
        assert math.exp(wealth[size - 1]) == pytest.approx(alpha_e_value(pairs[:size], 1000, 0.667), rel=1e-9)
    many = rng.choice(3, MOST_BETS + 1000, p=[0.45, 0.45, 0.1]).tolist()
    assert len(set(running_log_wealth(many, 20_000, 0.8)[MOST_BETS - 1 : -1])) == 1
    assert alpha_e_value(many, len(many), 0.667) == math.inf
    assert running_log_wealth([], 10, 0.667).shape == (0,)


def test_arguments_out_of_range() -> None:
    with pytest.raises(ValueError, match="can't come from"):
        alpha_e_value([FIRST, FIRST], 1, 0.5)
    with pytest.raises(ValueError, match="between -1 and 1"):
        alpha_e_value([FIRST], 1, 62.0)
    with pytest.raises(ValueError, match="delta"):
        alpha_lower_bound([FIRST], 1, 0.0, 0.5)


def population(rng: np.random.Generator, alpha_near: float, total: int, share: float = 0.5) -> list[int]:
    """Pairs whose alpha is the closest to a value from below that so many pairs can have."""
    best: tuple[float, list[int]] = (-2.0, [])
    for differ in range(1, total // 2):
        first = round((total - differ) * share)
        pairs = [FIRST] * first + [SECOND] * (total - differ - first) + [DIFFER] * differ
        if best[0] < alpha(pairs) < alpha_near:
            best = alpha(pairs), pairs
    shuffled: list[int] = rng.permutation(best[1]).tolist()
    return shuffled


def first_pass(pairs: list[int], threshold: float, limit: float) -> int:
    wealth = running_log_wealth(pairs, len(pairs), threshold)
    passed = np.nonzero(wealth >= math.log(limit))[0]
    return int(passed[0]) + 1 if len(passed) else len(pairs) + 1


@pytest.mark.slow
@pytest.mark.parametrize(("near", "most"), [(0.875, 75), (0.82, 150)])
def test_median_examples_until_it_passes(near: float, most: int) -> None:
    needed = [first_pass(population(np.random.default_rng(seed), near, 1000), 0.667, 22.2) for seed in range(60)]
    assert np.median(needed) <= most, np.median(needed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("total", "share", "runs"), [(50, 0.5, 400), (200, 0.5, 300), (200, 0.85, 300), (1000, 0.5, 150)]
)
def test_false_passes_at_a_true_alpha_just_below(total: int, share: float, runs: int) -> None:
    """A look after every example; beyond 5 % by what chance makes of so few runs."""
    wrong = sum(
        first_pass(population(np.random.default_rng(seed), 0.667, total, share), 0.667, 20) <= total
        for seed in range(runs)
    )
    assert wrong <= 0.05 * runs + 3 * math.sqrt(0.05 * 0.95 * runs), wrong
