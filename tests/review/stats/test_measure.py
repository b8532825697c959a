import pytest

from review.stats.measure import Interval, Measure, undefined


def test_exactly_one_of_value_and_reason_is_set() -> None:
    assert Measure(0.5).undefined is None
    assert undefined("undefined: no answers") == Measure(None, "undefined: no answers")
    with pytest.raises(ValueError, match="either a value or the reason"):
        Measure(None)
    with pytest.raises(ValueError, match="either a value or the reason"):
        Measure(0.5, "undefined")


def test_a_measure_is_never_nan_and_may_be_infinite() -> None:
    with pytest.raises(ValueError, match="never NaN"):
        Measure(float("nan"))
    assert Measure(float("inf")).value == float("inf")


def test_an_interval_is_in_order() -> None:
    assert Interval(0.2, 0.2).lower == 0.2
    with pytest.raises(ValueError, match="can't run from"):
        Interval(0.3, 0.2)
