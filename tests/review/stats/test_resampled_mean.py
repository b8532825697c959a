"""A mean by resampling units: its values, where it is undefined, and how often its interval holds the truth."""

import random

import pytest

from review.stats.resampled_mean import resampled_mean


def test_the_mean_is_of_all_answers_and_the_interval_of_units() -> None:
    found = resampled_mean([[1.0, 1.0], [5.0], []], seed=7, scale=(1.0, 5.0))
    assert found.value == pytest.approx(7 / 3)
    assert (found.units, found.seed) == (2, 7)
    assert (found.lower, found.upper) == (1.0, 5.0)
    assert resampled_mean([[5.0], [1.0, 1.0]], seed=7, scale=(1.0, 5.0)) == found
    unbounded = resampled_mean([[1.0, 1.0], [5.0], []], seed=7)
    assert unbounded.lower is not None
    assert unbounded.lower < 1.0


@pytest.mark.parametrize(
    ("units", "value", "why"),
    [
        ([], None, "nothing to measure"),
        ([[]], None, "nothing to measure"),
        ([[4.0, 2.0]], 3.0, "one alone"),
        ([[1.0]] * 9, 1.0, "every answer is the same"),
    ],
)
def test_where_there_is_no_interval(units: list[list[float]], value: float | None, why: str) -> None:
    found = resampled_mean(units, seed=1)
    assert (found.value, found.lower, found.upper) == (value, None, None)
    assert found.undefined is not None
    assert why in found.undefined


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Two raters who share an opinion of a handful: resampling single ratings instead would cover too little."""
    chance = random.Random(5)
    held = 0
    for seed in range(200):
        means = [chance.gauss(3.0, 0.8) for _ in range(30)]
        found = resampled_mean([[mean + chance.gauss(0, 0.2) for _ in range(2)] for mean in means], seed=seed)
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower <= 3.0 <= found.upper
    assert held / 200 >= 0.9
