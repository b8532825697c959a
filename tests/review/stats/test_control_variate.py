"""Scores as a control variate: they never bias the evidence, and help as far as they say something."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.stats import control_variate, one_sided
from review.stats.control_variate import (
    COEFFICIENTS,
    MOST_BETS,
    STAKES,
    Scores,
    explained,
    fewest_good,
    running_log_wealth,
    score_e_value,
    share_e_value,
)
from review.stats.shares import from_log

goods = st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=25)


def of(population: list[tuple[bool, float]], seen: int) -> tuple[list[bool], Scores]:
    """What is known after so many examples of a population."""
    rest = [score for _, score in population[seen:]]
    scores = Scores(tuple(score for _, score in population[:seen]), math.fsum(rest), max(rest, default=-math.inf))
    return [good for good, _ in population[:seen]], scores


def by_hand(population: list[tuple[bool, float]], seen: int, needed: int) -> float:
    """The average over all constants of the product of the factors, one example after the other."""
    total = len(population)
    wealth = []
    for c in COEFFICIENTS:
        for stake in STAKES:
            value, good_so_far = 1.0, 0
            for place in range(seen):
                left = [score for _, score in population[place:]]
                mean, most = math.fsum(left) / len(left), max(left)
                good, score = population[place]
                m = (needed - 1 - good_so_far) / (total - place)
                z, least = good - c * (score - mean), -c * (most - mean)
                if m - least > 1e-12:
                    value *= 1 + stake * (z - m) / (m - least)
                good_so_far += good
                if good_so_far > needed - 1:
                    return math.inf
            wealth.append(value)
    return math.fsum(wealth) / len(wealth)


@given(goods, st.floats(0, 1), st.integers(1, 25))
def test_it_is_what_it_is_defined_as(population: list[tuple[bool, float]], part: float, needed: int) -> None:
    seen = max(1, round(part * len(population)))
    good, scores = of(population, seen)
    found = score_e_value(good, scores, len(population), needed)
    assert found == pytest.approx(by_hand(population, seen, needed), rel=1e-6)


@given(goods, st.floats(0, 1), st.integers(1, 25))
def test_one_more_good_example_never_lowers_it(population: list[tuple[bool, float]], part: float, needed: int) -> None:
    """So what is open counts as bad in a true worst case."""
    seen = max(1, round(part * len(population)))
    good, scores = of(population, seen)
    before = score_e_value(good, scores, len(population), needed)
    for place in range(seen):
        if not good[place]:
            better = [*good[:place], True, *good[place + 1 :]]
            assert score_e_value(better, scores, len(population), needed) >= before * (1 - 1e-9)


@given(goods, st.floats(0, 1), st.sampled_from([0.2, 0.045]))
def test_the_bound_is_the_fewest_that_is_not_ruled_out(
    population: list[tuple[bool, float]], part: float, delta: float
) -> None:
    seen = round(part * len(population))
    good, scores = of(population, seen)
    fewest = fewest_good(good, scores, len(population), delta)
    for needed in range(len(population) + 1):
        ruled_out = share_e_value(good, scores, len(population), needed) >= 1 / delta
        assert ruled_out == (needed <= fewest or needed <= sum(good))


def test_without_scores_it_is_the_one_sided_evidence_and_with_them_the_mean_of_both() -> None:
    good = [True] * 40 + [False]
    scores = Scores(tuple([0.9] * 40 + [0.2]), 0.8 * 59, 1.0)
    plain = one_sided.share_e_value(40, 41, 100, 85)
    assert share_e_value(good, None, 100, 85) == plain
    assert share_e_value(good, scores, 100, 85) == pytest.approx((plain + score_e_value(good, scores, 100, 85)) / 2)


@given(goods, st.floats(0, 1), st.integers(1, 25))
def test_the_wealth_at_the_end_is_the_last_of_the_running_wealth(
    population: list[tuple[bool, float]], part: float, needed: int
) -> None:
    good, scores = of(population, max(1, round(part * len(population))))
    for most in (MOST_BETS, 5):  # also where nobody bets any more
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(control_variate, "MOST_BETS", most)
            running = running_log_wealth(good, scores, len(population), needed)
            assert needed <= sum(good) or score_e_value(good, scores, len(population), needed) == from_log(running[-1])


def test_nobody_bets_for_ever() -> None:
    total = MOST_BETS + 500
    good, scores = [True, False] * (total // 2), Scores((0.5,) * total, 0.0, -math.inf)
    wealth = running_log_wealth(good, scores, total, total)
    assert wealth.shape == (total,)
    assert set(wealth[MOST_BETS - 1 :]) == {wealth[MOST_BETS - 1]}


def test_the_share_explained() -> None:
    good = [True, True, False, False]
    assert explained(good, [0.9, 0.9, 0.1, 0.1]) == pytest.approx(1)
    assert explained(good, [0.9, 0.1, 0.9, 0.1]) == pytest.approx(0)
    assert explained(good, [0.5] * 4) is None
    assert explained([True] * 4, [0.1, 0.2, 0.3, 0.4]) is None
    assert explained([True], [0.1]) is None


def test_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="don't fit"):
        running_log_wealth([True], Scores((), 1.0, 1.0), 5, 3)


KINDS = ("useful", "noise", "reversed", "constant but one")


def scored(kind: str, good: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if kind == "constant but one":
        scores = np.zeros(len(good))
        scores[0] = 1.0
        return scores
    signal = {"useful": 1.0, "noise": 0.0, "reversed": -1.0}[kind]
    raw = signal * good + rng.normal(0, 0.4, len(good))
    return np.asarray((raw - raw.min()) / (raw.max() - raw.min()))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("total", "runs"), [(50, 400), (200, 300)])
def test_false_ships_at_most_5_percent_whatever_the_scores_say(kind: str, total: int, runs: int) -> None:
    """Just bad, a look after every example; beyond 5 % by what chance makes of so few runs."""
    needed = math.ceil(0.9 * total)
    wrong = 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        good = rng.permutation(np.arange(total) < needed - 1)
        scores = scored(kind, good, rng)
        betting = running_log_wealth(good.tolist(), Scores(tuple(scores), 0.0, -math.inf), total, needed)
        counts = np.cumsum(good)
        plain = [one_sided.share_e_value(int(counts[t]), t + 1, total, needed) for t in range(total)]
        wrong += bool(((np.array(plain) + np.exp(betting)) / 2 >= 20).any())
    assert wrong <= 0.05 * runs + 3 * math.sqrt(0.05 * 0.95 * runs), wrong
