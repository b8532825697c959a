"""Intervals for few examples: what they are made of, and where there is none."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from scipy.stats import t

from review.stats import patterns, studentised
from review.stats.bootstrap import bootstrap_intervals
from review.stats.coefficients import krippendorff_alpha
from review.stats.shares import wilson
from review.stats.studentised import agreement_interval, coefficient_interval, mean_interval, student_quantile

UNITS = [["Yes", "Yes"]] * 20 + [["No", "No"]] * 11 + [["Yes", "No"]] * 3


@pytest.mark.parametrize("degrees", [1, 2, 3, 10, 29, 99, 1000])
def test_quantiles_are_students(degrees: int) -> None:
    for probability in (0.5, 0.6, 0.9, 0.975, 0.999):
        assert student_quantile(probability, degrees) == pytest.approx(t.ppf(probability, degrees), rel=1e-9, abs=1e-9)
    with pytest.raises(ValueError, match="degrees of freedom"):
        student_quantile(0.3, degrees)


def test_the_standard_error_leaves_out_one_example_at_a_time() -> None:
    value = krippendorff_alpha(UNITS, "nominal").value
    assert value is not None
    without = [krippendorff_alpha(UNITS[:place] + UNITS[place + 1 :], "nominal").value for place in range(len(UNITS))]
    spread = np.array(without, dtype=float)
    error = math.sqrt(((spread - spread.mean()) ** 2).sum() * (len(UNITS) - 1) / len(UNITS))
    reach = t.ppf(0.975, len(UNITS) - 1) * error / (1 - value**2)
    found = bootstrap_intervals(UNITS, ["alpha_nominal"], seed=1)["alpha_nominal"]
    assert (found.method, found.replicates) == ("studentised", 0)
    assert (found.lower, found.upper) == pytest.approx(
        (math.tanh(math.atanh(value) - reach), math.tanh(math.atanh(value) + reach)), abs=1e-9
    )


def test_in_parts_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    table, compute = patterns.tally(UNITS), partial(patterns.alpha, level="nominal")
    whole = coefficient_interval(table, compute, 0.95)
    monkeypatch.setattr(studentised, "_CELLS_AT_ONCE", 3)
    assert coefficient_interval(table, compute, 0.95) == whole


@pytest.mark.parametrize(
    ("units", "why"),
    [
        ([["Yes", "Yes"]] * 20 + [["No", "No"]] * 20, studentised.NEVER_DIFFER),
        ([["Yes", "Yes"]] * 40 + [["Yes", "No"]], studentised.ONE_DECIDES),
        ([["Yes", "No"]] * 40, studentised.ALL_ALIKE),
    ],
)
def test_where_there_is_none_it_says_why(units: list[list[str]], why: str) -> None:
    found = bootstrap_intervals(units, ["alpha_nominal"], seed=1)["alpha_nominal"]
    assert (found.lower, found.upper, found.undefined) == (None, None, why)


def test_raw_agreement_of_two_has_wilsons_interval() -> None:
    for agreeing in (0, 17, 40):
        table = patterns.tally([["Yes", "Yes"]] * agreeing + [["Yes", "No"]] * (40 - agreeing))
        found, other = agreement_interval(table, patterns.pair_agreement(table), 0.95), wilson(agreeing, 40)
        assert (found.lower, found.upper) == pytest.approx((other.lower, other.upper))


def test_three_answers_on_an_example_are_fewer_than_three_examples() -> None:
    """All three pairs of an example agree or one does; the interval lies between those of 40 and of 120 pairs."""
    table = patterns.tally([["Yes"] * 3] * 30 + [["Yes", "Yes", "No"]] * 10)
    found = agreement_interval(table, patterns.pair_agreement(table), 0.95)
    few, many = wilson(33, 40), wilson(100, 120)
    assert many.upper - many.lower < found.upper - found.lower < few.upper - few.lower


def test_the_mean_of_skewed_ratings_reaches_further_to_the_tail() -> None:
    units = [[5.0, 5.0]] * 35 + [[4.0, 3.0]] * 4 + [[1.0]]
    found = mean_interval(patterns.tally(units), 0.95, (1.0, 5.0))
    assert not isinstance(found, str)
    mean = sum(map(sum, units)) / sum(map(len, units))
    assert found.lower < mean < found.upper <= 5.0
    assert mean - found.lower > 1.5 * (found.upper - mean)


def test_the_mean_of_even_ratings_has_students_interval() -> None:
    units = [[1.0], [2.0], [3.0], [4.0], [5.0]] * 6
    found = mean_interval(patterns.tally(units), 0.95)
    half = t.ppf(0.975, 29) * np.std([unit[0] for unit in units], ddof=1) / math.sqrt(30)
    assert not isinstance(found, str)
    assert (found.lower, found.upper) == pytest.approx((3 - half, 3 + half))


@pytest.mark.parametrize(
    ("units", "why"), [([[4.0, 2.0]], studentised.ONE_UNIT), ([[4.0], [4.0]], studentised.ONE_VALUE)]
)
def test_one_unit_or_one_value_has_no_interval_of_its_mean(units: list[list[float]], why: str) -> None:
    assert bootstrap_intervals(units, ["mean"], seed=1)["mean"].undefined == why
