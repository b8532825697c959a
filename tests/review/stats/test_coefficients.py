"""Coefficients against published tables, and at every corner where they are undefined."""

import json
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.stats import coefficients, patterns
from review.stats.coefficients import (
    NO_PAIRS,
    SAME_ANSWER,
    SAME_WHERE_COMPARED,
    alpha_band,
    class_shares,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)
from review.stats.measure import Measure
from review.stats.paired import cohen_kappa
from review.stats.patterns import Level, Units, Value

TABLES: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("reference_tables.json").read_text(encoding="utf-8")
)["tables"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")


def units_of(table: dict[str, Any]) -> list[list[int]]:
    if "counts" in table:
        return [[k for k, n in enumerate(row) for _ in range(n)] for row in table["counts"]]
    if "pairs" in table:
        return [[int(pair[0]), int(pair[1])] for pair, times in table["pairs"].items() for _ in range(times)]
    return [[int(digit) for digit in column if digit != "."] for column in zip(*table["raters"], strict=True)]


def statistic(name: str, units: list[list[int]]) -> Measure:
    if name.startswith("alpha_"):
        level: Any = name.removeprefix("alpha_")
        return krippendorff_alpha(units, level)
    if name == "gwet_ac1":
        return gwet_ac1(units, sorted({value for unit in units for value in unit}))
    if name == "cohen_kappa":
        return cohen_kappa([unit[0] for unit in units], [unit[1] for unit in units]).kappa
    simple: dict[str, Callable[[Units], Measure]] = {
        "percent_agreement": percent_agreement,
        "fleiss_kappa": fleiss_kappa,
    }
    return simple[name](units)


@pytest.mark.parametrize(
    ("table", "name", "printed"),
    [(table, name, value) for table, body in TABLES.items() for name, value in body["expect"].items()],
)
def test_published_values_to_the_printed_digits(table: str, name: str, printed: float) -> None:
    value = statistic(name, units_of(TABLES[table])).value
    assert value is not None
    digits = len(str(printed).partition(".")[2])
    assert round(value, digits) == printed


@pytest.mark.parametrize("table", [name for name, body in TABLES.items() if "undefined" in body])
def test_fleiss_on_tables_with_missing_answers_is_that_of_the_units_with_most_usual_number(table: str) -> None:
    units = units_of(TABLES[table])
    numbers = [len(unit) for unit in units if len(unit) > 1]
    number = max(numbers, key=lambda one: (numbers.count(one), one))
    alike = [unit for unit in units if len(unit) == number]
    assert 0 < len(alike) < len(units)
    assert fleiss_kappa(units).value == fleiss_kappa(alike).value is not None


def test_one_half_answered_unit_does_not_undefine_fleiss_and_of_two_numbers_the_greater_counts() -> None:
    two, three = [[1, 1], [2, 2], [1, 2]], [[1, 1, 1], [2, 2, 2], [1, 1, 2]]
    assert fleiss_kappa([*two, [1]]) == fleiss_kappa(two)
    assert fleiss_kappa([*two, *three]) == fleiss_kappa(three)
    assert fleiss_kappa([*two, *three, [1, 2]]) == fleiss_kappa([*two, [1, 2]])
    assert fleiss_kappa([[1, 1], [1, 1], [2]]).undefined == SAME_WHERE_COMPARED


@pytest.mark.parametrize("level", LEVELS)
def test_one_value_only_is_undefined_while_raw_agreement_and_ac1_are_one(level: Level) -> None:
    units = [[1, 1, 1]] * 10
    assert krippendorff_alpha(units, level) == Measure(None, SAME_ANSWER)
    assert fleiss_kappa(units) == Measure(None, SAME_ANSWER)
    assert cohen_kappa([1] * 10, [1] * 10).kappa == Measure(None, SAME_ANSWER)
    assert percent_agreement(units) == Measure(1.0)
    assert gwet_ac1(units, [1, 2]) == Measure(1.0)


@pytest.mark.parametrize("level", LEVELS)
def test_perfect_agreement_over_two_classes_is_one(level: Level) -> None:
    units = [[1, 1], [2, 2, 2], [1, 1]]
    assert krippendorff_alpha(units, level).value == pytest.approx(1)
    assert fleiss_kappa([[1, 1], [2, 2]]).value == pytest.approx(1)
    assert cohen_kappa([1, 2, 1], [1, 2, 1]).kappa.value == pytest.approx(1)


def test_a_second_value_that_nobody_can_compare_does_not_make_alpha_defined() -> None:
    measure = krippendorff_alpha([["Yes", "Yes"], ["Yes", "Yes"], ["No"]], "nominal")
    assert measure.undefined is not None
    assert "wherever two can be compared" in measure.undefined


@pytest.mark.parametrize("units", [[], [[]], [["Yes"]], [["Yes"], ["No"], []]])
def test_without_pairs_everything_is_undefined(units: list[list[str]]) -> None:
    assert krippendorff_alpha(units, "nominal") == Measure(None, NO_PAIRS)
    assert percent_agreement(units) == Measure(None, NO_PAIRS)
    assert gwet_ac1(units, ["Yes", "No"]) == Measure(None, NO_PAIRS)
    assert fleiss_kappa(units).value is None


def test_cohen_counts_shared_units_and_says_when_there_are_none() -> None:
    nothing = cohen_kappa(["a", None, None], [None, "a", None])
    assert (nothing.kappa.undefined, nothing.shared) == ("undefined: no unit was answered by both", 0)
    some = cohen_kappa(["a", "b", None, "a"], ["a", "b", "a", "b"])
    assert some.shared == 3
    assert some.kappa.value == pytest.approx(0.4)
    assert cohen_kappa(["a", "a"], ["b", "b"]).kappa.value == 0
    with pytest.raises(ValueError, match=r"shorter|longer"):
        cohen_kappa(["a"], ["a", "b"])


def test_ac1_depends_on_the_choices_offered() -> None:
    units = [["Yes", "Yes"], ["Yes", "No"], ["Yes", "Yes"]]
    two, three = gwet_ac1(units, ["Yes", "No"]), gwet_ac1(units, ["Yes", "No", "Maybe"])
    assert two.value is not None
    assert three.value is not None
    assert two.value < three.value
    assert gwet_ac1([["Yes", "Yes"]], ["Yes"]).undefined == "undefined: only one choice is offered"
    with pytest.raises(ValueError, match="not offered: 'No'"):
        gwet_ac1(units, ["Yes"])


def test_missing_answers_must_be_left_out_and_levels_need_numbers() -> None:
    with pytest.raises(ValueError, match="leave missing answers out"):
        krippendorff_alpha([["Yes", None], ["No", "No"]], "nominal")  # type: ignore[list-item]
    with pytest.raises(ValueError, match="leave missing answers out"):
        percent_agreement([[1.0, math.nan]])
    with pytest.raises(ValueError, match="ordinal level needs numbers, and 'low' is none"):
        krippendorff_alpha([["low", "low"], [1, 2]], "ordinal")
    with pytest.raises(ValueError, match="nominal, ordinal, interval or ratio"):
        krippendorff_alpha([[1, 2], [1, 1]], "cardinal")  # type: ignore[arg-type]
    assert krippendorff_alpha([[-1, 2], [1, 1]], "ratio").undefined == coefficients.NEGATIVE_RATIO


def test_nominal_takes_text_and_numbers_mixed_and_order_never_matters() -> None:
    units: list[list[Value]] = [["Yes", 1], [1, 1], ["Yes", "Yes", 1]]
    shuffled: list[list[Value]] = [[1, "Yes", "Yes"], [1, "Yes"], [1, 1]]
    assert krippendorff_alpha(units, "nominal").value == pytest.approx(krippendorff_alpha(shuffled, "nominal").value)


def test_numbers_that_overflow_are_undefined_and_not_nan() -> None:
    assert krippendorff_alpha([[1e200, -1e200], [1.0, 1.0]], "interval").undefined == coefficients.OUT_OF_RANGE


def test_a_large_table_is_computed_without_the_library_and_agrees_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    units = units_of(TABLES["krippendorff-4x12"])
    by_library = [krippendorff_alpha(units, level).value for level in LEVELS]
    monkeypatch.setattr(coefficients, "_LIBRARY_CELLS", 0)
    monkeypatch.setattr(coefficients, "_library_alpha", lambda table, level: pytest.fail("used the library"))
    assert [krippendorff_alpha(units, level).value for level in LEVELS] == pytest.approx(by_library, abs=1e-12)


def test_too_many_different_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "LARGEST_TABLE", 10)
    with pytest.raises(ValueError, match="8 different values over 4 different units are too many"):
        krippendorff_alpha([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 0.8]], "interval")


def test_class_shares_list_offered_choices_first() -> None:
    assert class_shares([["Yes", "No"], ["Yes", "Yes"]], ["No", "Yes", "Maybe"]) == {
        "No": 0.25,
        "Yes": 0.75,
        "Maybe": 0.0,
    }
    assert class_shares([[3, 1], [1]]) == {1: pytest.approx(2 / 3), 3: pytest.approx(1 / 3)}
    assert class_shares([[], []], ["Yes"]) == {}


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (1.0, "reliable"),
        (0.8, "reliable"),
        (0.7999, "tentative"),
        (0.667, "tentative"),
        (0.6669, "unreliable"),
    ],
)
def test_bands(value: float, band: str) -> None:
    assert alpha_band(value) == band


matrices = st.integers(1, 4).flatmap(
    lambda raters: st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=raters, max_size=raters), max_size=8
    )
)


@given(matrices)
@settings(max_examples=150, deadline=None)
def test_every_small_matrix_gives_a_value_or_a_reason(matrix: list[list[int | None]]) -> None:
    units = [[value for value in row if value is not None] for row in matrix]
    classes = {value for unit in units if len(unit) > 1 for value in unit}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for level in LEVELS:
            alpha = krippendorff_alpha(units, level)
            assert (alpha.value is not None) == (len(classes) > 1)
            assert alpha.value is None or alpha.value <= 1 + 1e-12
        raw, ac1 = percent_agreement(units), gwet_ac1(units, range(4))
        assert (raw.value is None) == (ac1.value is None) == (not classes)
        fleiss_kappa(units)
        columns = list(zip(*matrix, strict=True)) or [(), ()]
        cohen_kappa(columns[0], columns[-1])


@given(st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=4), min_size=2, max_size=12))
@settings(max_examples=100, deadline=None)
def test_our_own_sums_match_the_library_to_1e_9(units: list[list[int]]) -> None:
    table = patterns.tally(units)
    for level in LEVELS:
        point = krippendorff_alpha(units, level).value
        own = patterns.alpha(table, table.weights[None, :], level).item()
        assert math.isnan(own) if point is None else own == pytest.approx(point, abs=1e-9)
