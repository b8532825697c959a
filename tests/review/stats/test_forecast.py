"""Forecasts: the present rate continued, checked by continuing it step by step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.stats.forecast import examples_for_alpha, examples_for_mean, examples_for_share
from review.stats.means import lower_confidence_bound
from review.stats.reliability import FirstTwo, alpha_lower_bound
from review.stats.shares import confidence_sequence, least_count


@given(st.integers(10, 80), st.floats(0.85, 1), st.sampled_from(["0.80", "0.85", "0.90"]))
def test_share_passes_at_the_forecast_and_not_just_before(seen: int, rate: float, threshold: str) -> None:
    good = round(seen * rate)

    def passes(t: int) -> bool:
        return confidence_sequence(good * t // seen, t, 1000).lower >= least_count(threshold, 1000)

    forecast = examples_for_share(good, seen, 1000, threshold)
    if forecast is None:
        assert not any(passes(t) for t in range(seen, 1001, 50))
    else:
        assert seen <= forecast <= 1000
        assert passes(forecast)
        assert forecast == seen or not passes(forecast - 1)


def test_share_does_not_pass_long_before_the_forecast() -> None:
    forecast = examples_for_share(47, 50, 1000, "0.90")
    assert forecast is not None
    for t in range(50, int(forecast * 0.75)):
        assert confidence_sequence(47 * t // 50, t, 1000).lower < 900


def test_share_that_passes_now_later_or_never() -> None:
    assert examples_for_share(80, 80, 1000, "0.90") == 80
    assert examples_for_share(890, 1000, 1000, "0.90") is None
    assert examples_for_share(40, 50, 1000, "0.90") is None
    assert examples_for_share(45, 50, 1000, "0.90") == 1000
    assert examples_for_share(0, 0, 1000, "0.90") is None
    far = examples_for_share(47, 50, 1_000_000, "0.90")
    assert far is not None
    assert 200 < far < 600
    with pytest.raises(TypeError, match="text or a Decimal"):
        examples_for_share(45, 50, 1000, 0.9)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="delta"):
        examples_for_share(45, 50, 1000, "0.90", delta=0)


def test_a_smaller_error_level_needs_more() -> None:
    usual, strict = (examples_for_share(96, 100, 1000, "0.90", delta=delta) for delta in (0.05, 0.0125))
    assert usual is not None
    assert strict is not None
    assert usual < strict


def test_mean_continues_the_values_so_far() -> None:
    xs = [0.75, 0.5, 1.0, 0.75, 0.625]
    forecast = examples_for_mean(xs, 500, 0.625)
    assert forecast is not None
    continued = (xs * 100)[:forecast]
    assert lower_confidence_bound(continued, 500) >= 0.625 - 1e-6
    assert all(lower_confidence_bound(continued[:t], 500) < 0.625 for t in range(5, forecast))
    assert examples_for_mean([1.0] * 40, 500, 0.625) == 40
    assert examples_for_mean([0.5] * 40, 500, 0.625) is None
    assert examples_for_mean([], 500, 0.625) is None


def test_alpha_passes_at_the_forecast() -> None:
    counts = FirstTwo(1000, 50, 46, 3, (26, 24), (25, 24))
    forecast = examples_for_alpha(counts, "0.667")
    assert forecast is not None
    assert 100 < forecast < 300

    def bound(t: int) -> float:
        agreeing = 46 * t // 49
        ones, others = 26 * t // 50, 25 * t // 49
        return (
            alpha_lower_bound(FirstTwo(1000, t, agreeing, t - agreeing, (ones, t - ones), (others, t - others))).value
            or 0
        )

    assert bound(forecast) >= 0.667
    assert bound(forecast - 1) < 0.667


def test_alpha_that_passes_now_never_or_is_undefined() -> None:
    assert examples_for_alpha(FirstTwo(400, 300, 295, 5, (150, 150), (150, 150)), "0.667") == 300
    assert examples_for_alpha(FirstTwo(400, 100, 60, 40, (50, 50), (50, 50)), "0.667") is None
    assert examples_for_alpha(FirstTwo(400, 100, 100, 0, (100, 0), (100, 0)), "0.667") is None
    three = examples_for_alpha(FirstTwo(900, 60, 57, 3, (20, 20, 20), (21, 20, 19)), "0.667")
    assert three is not None
    assert 60 < three < 300


def test_the_median_dataset_needs_about_what_is_forecast_from_its_true_rate() -> None:
    """A forecast after 45 examples near the true rate, against the examples that random orders need."""
    rng = np.random.default_rng(12)
    needed = []
    for _ in range(60):
        good = np.cumsum(rng.permutation(1000) < 955)
        passing = (t for t in range(5, 1001, 5) if confidence_sequence(int(good[t - 1]), t, 1000).lower >= 900)
        needed.append(next(passing, 1000))
    forecast = examples_for_share(43, 45, 1000, "0.90")
    assert forecast is not None
    assert 0.6 < forecast / float(np.median(needed)) < 1.7
