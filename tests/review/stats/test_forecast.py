"""Forecasts: the present rate continued, checked by continuing it step by step."""

from review.stats.forecast import examples_for_alpha, smallest
from review.stats.reliability import FirstTwo, alpha_lower_bound


def test_where_it_turns() -> None:
    assert smallest(lambda size: size >= 7, 3, 20) == 7
    assert smallest(lambda size: True, 3, 20) == 3
    assert smallest(lambda size: False, 3, 20) is None


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
