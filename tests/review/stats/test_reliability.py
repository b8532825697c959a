"""The gate's bound and e-value for alpha."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.stats.coefficients import krippendorff_alpha
from review.stats.measure import Measure
from review.stats.reliability import (
    NO_PAIRS,
    NO_VARIATION,
    FirstTwo,
    _largest_chance_disagreement,
    _least_chance_disagreement,
    alpha_e_value,
    alpha_lower_bound,
    alpha_upper_bound,
    first_two,
)
from review.stats.shares import confidence_sequence

YES_NO = ("Yes", "No")


def value(measure: Measure) -> float:
    assert measure.value is not None
    return measure.value


def test_counting_the_first_two_answers() -> None:
    answers = [("Yes", "Yes"), ("No", "Yes"), ("No", None), (None, None), ("No", "No")]
    counts = first_two(answers, 10, YES_NO)
    assert counts == FirstTwo(10, 5, agreeing=2, disagreeing=1, first=(1, 3), second=(2, 1))
    with pytest.raises(ValueError, match="not offered: Maybe"):
        first_two([("Maybe", "No")], 10, YES_NO)


def test_two_classes_by_hand() -> None:
    counts = FirstTwo(1000, 200, 188, 12, first=(100, 100), second=(96, 104))
    agreement = confidence_sequence(188, 200, 1000, prior=(5, 1), delta=0.025).lower_share
    one = confidence_sequence(100, 200, 1000, prior=(1, 1), delta=0.0125)
    other = confidence_sequence(96, 200, 1000, prior=(1, 1), delta=0.0125)
    chance = min(
        2 * share * (1 - share)
        for share in (
            (one.lower_share + other.lower_share) / 2,
            (one.upper_share + other.upper_share) / 2,
        )
    )
    assert value(alpha_lower_bound(counts)) == pytest.approx(1 - (1 - agreement) / chance, abs=1e-12)


def interval_of(given: int, unknown: int, seen: int, total: int, delta: float) -> tuple[float, float]:
    """Return the ends of a class share by hand, the unknown answers counted both ways."""
    low = confidence_sequence(given, seen, total, prior=(1, 1), delta=delta).lower_share
    return low, confidence_sequence(given + unknown, seen, total, prior=(1, 1), delta=delta).upper_share


def test_missing_answers_widen_the_class_shares_by_hand() -> None:
    counts = FirstTwo(1000, 200, 185, 9, first=(140, 58), second=(135, 60))
    agreement = confidence_sequence(185, 200, 1000, prior=(5, 1), delta=0.025).lower_share
    one, other = interval_of(140, 2, 200, 1000, 0.0125), interval_of(135, 5, 200, 1000, 0.0125)
    share = (one[1] + other[1]) / 2
    expected = 1 - (1 - agreement) / (2 * share * (1 - share))
    assert value(alpha_lower_bound(counts)) == pytest.approx(expected, abs=1e-12)


def test_three_classes_split_the_level_among_classes_and_answers() -> None:
    """The first class is the only one whose share can grow much, so the least chance disagreement is known."""
    counts = FirstTwo(400, 400, 380, 20, first=(200, 100, 100), second=(200, 100, 100))
    exact = 1 - (0.5**2 + 2 * 0.25**2)
    assert value(alpha_lower_bound(counts)) == pytest.approx(1 - 0.05 / exact)
    part = FirstTwo(400, 100, 95, 5, first=(60, 20, 20), second=(60, 20, 20))
    agreement = confidence_sequence(95, 100, 400, prior=(5, 1), delta=0.025).lower_share
    (_, high1), (low2, high2), (low3, _) = (interval_of(given, 0, 100, 400, 0.025 / 6) for given in (60, 20, 20))
    assert low2 + low3 < 1 - high1 < high2 + low3
    rest = 1 - high1 - low3
    chance = 1 - (high1**2 + (low2 + high2) * rest - low2 * high2 + low3**2)
    assert value(alpha_lower_bound(part)) == pytest.approx(1 - (1 - agreement) / chance, abs=1e-12)


def test_missing_answers_count_against_in_the_lower_bound_and_in_favour_in_the_upper() -> None:
    full = FirstTwo(500, 100, 95, 5, (50, 50), (50, 50))
    part = FirstTwo(500, 100, 93, 5, (49, 49), (49, 49))
    as_agreeing = FirstTwo(500, 100, 95, 5, (50, 50), (49, 51))
    as_disagreeing = FirstTwo(500, 100, 93, 7, (50, 50), (49, 51))
    assert value(alpha_lower_bound(part)) < value(alpha_lower_bound(full))
    assert value(alpha_lower_bound(part)) <= value(alpha_lower_bound(as_disagreeing))
    assert value(alpha_upper_bound(part)) >= value(alpha_upper_bound(as_agreeing))
    assert value(alpha_e_value(part, "0.667")) < value(alpha_e_value(full, "0.667"))


@pytest.mark.parametrize("function", [alpha_lower_bound, alpha_upper_bound, lambda c: alpha_e_value(c, "0.667")])
def test_no_variation_neither_passes_nor_fails(function) -> None:  # type: ignore[no-untyped-def]
    assert function(FirstTwo(100, 50, 50, 0, (50, 0), (50, 0))) == Measure(None, NO_VARIATION)
    assert function(FirstTwo(100, 100, 100, 0, (100, 0), (100, 0))) == Measure(None, NO_VARIATION)
    assert function(FirstTwo(100, 50, 0, 0, (30, 10), (0, 0))) == Measure(None, NO_PAIRS)
    assert function(FirstTwo(100, 0, 0, 0, (0, 0), (0, 0))) == Measure(None, NO_PAIRS)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=30))
def test_exact_when_all_are_seen(answers: list[tuple[str, str]]) -> None:
    for classes in ("abc", "abcd"):
        counts = first_two(answers, len(answers), classes)
        alpha = krippendorff_alpha(answers, "nominal").value
        if alpha is None:
            assert alpha_lower_bound(counts).value is None
            continue
        gap = (1 - alpha) / (2 * len(answers) - 1)
        assert value(alpha_upper_bound(counts)) == pytest.approx(alpha, abs=1e-9)
        assert value(alpha_lower_bound(counts)) == pytest.approx(max(-1.0, alpha - gap), abs=1e-9)


@given(st.integers(20, 300), st.floats(0.7, 1), st.floats(0.2, 0.8))
@settings(max_examples=80, deadline=None)
def test_where_the_bound_passes_the_e_value_is_at_least_20(seen: int, agreement: float, share: float) -> None:
    agreeing, ones = round(seen * agreement), round(seen * share)
    for classes in ((ones, seen - ones), (ones, (seen - ones) // 2, seen - ones - (seen - ones) // 2)):
        counts = FirstTwo(600, seen, agreeing, seen - agreeing, classes, classes)
        passes = value(alpha_lower_bound(counts)) >= 0.667
        e_value = value(alpha_e_value(counts, "0.667"))
        assert not passes or e_value >= 20 * (1 - 2e-3)
        if len(classes) > 2:
            assert passes or e_value < 20


def test_evidence_grows_to_certainty() -> None:
    e_values = [
        value(alpha_e_value(FirstTwo(400, t, t - t // 20, t // 20, (t // 2, t // 2), (t // 2, t // 2)), "0.667"))
        for t in (20, 100, 200, 400)
    ]
    assert e_values == sorted(e_values)
    assert e_values[0] < 20 < e_values[1]
    assert e_values[-1] == math.inf
    three = FirstTwo(300, 300, 280, 20, (100, 100, 100), (100, 100, 100))
    assert value(alpha_e_value(three, "0.667")) == math.inf
    assert value(alpha_e_value(three, "0.95")) == 0.0


boxes = st.lists(st.tuples(st.floats(0.01, 1), st.floats(0, 0.3), st.floats(0, 0.3)), min_size=2, max_size=5)


@given(boxes, st.data())
def test_chance_disagreement_is_bounded_over_the_box(
    parts: list[tuple[float, float, float]], data: st.DataObject
) -> None:
    whole = sum(size for size, _, _ in parts)
    inside = [size / whole for size, _, _ in parts]
    box = [(max(0, p - down), min(1, p + up)) for p, (_, down, up) in zip(inside, parts, strict=True)]
    # Move along the simplex between two classes, as far as the box allows.
    one, other = data.draw(st.permutations(range(len(box))))[:2]
    step = data.draw(st.floats(0, 1)) * min(box[one][1] - inside[one], inside[other] - box[other][0])
    inside[one] += step
    inside[other] -= step
    chance = 1 - sum(share * share for share in inside)
    assert _least_chance_disagreement(box) <= chance + 1e-9
    assert _largest_chance_disagreement(box) >= chance - 1e-9


@given(st.floats(0, 1), st.floats(0, 1))
def test_chance_disagreement_of_two_classes_is_exact(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    box = [(low, high), (1 - high, 1 - low)]
    ends = [2 * share * (1 - share) for share in (low, high)]
    most = 0.5 if low <= 0.5 <= high else max(ends)
    assert _least_chance_disagreement(box) == pytest.approx(min(ends), abs=1e-9)
    assert _largest_chance_disagreement(box) == pytest.approx(most, abs=1e-9)


def test_counts_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="don't fit"):
        FirstTwo(10, 5, 4, 2, (3, 3), (3, 3))
    with pytest.raises(ValueError, match="add up"):
        FirstTwo(10, 5, 4, 1, (3, 3), (3, 2))
    with pytest.raises(ValueError, match="each class offered"):
        FirstTwo(10, 5, 4, 1, (3, 2), (5,))
    with pytest.raises(ValueError, match="negative"):
        FirstTwo(10, 5, 6, -1, (3, 2), (3, 2))
    with pytest.raises(ValueError, match="delta"):
        alpha_lower_bound(FirstTwo(10, 5, 4, 1, (3, 2), (3, 2)), delta=1.5)
    with pytest.raises(TypeError, match="text or a Decimal"):
        alpha_e_value(FirstTwo(10, 5, 4, 1, (3, 2), (3, 2)), 0.667)  # type: ignore[arg-type]
