from __future__ import annotations

import pytest

from review.stats.sequences import ErrorLevel, weight


def test_all_sequences_together_have_the_whole_level_and_no_more() -> None:
    assert [weight(number) for number in (1, 2, 3, 4)] == pytest.approx([0.9, 0.05, 0.1 / 6, 0.1 / 12])
    assert sum(weight(number) for number in range(1, 100_000)) == pytest.approx(1, abs=2e-6)
    assert sum(weight(number) for number in range(1, 100_000)) < 1


def test_the_level_of_a_criterion() -> None:
    first, second = ErrorLevel(0.05, 1, 4), ErrorLevel(0.05, 2, 4)
    assert first.needed == second.needed == 20
    assert first.needed / first.weight == pytest.approx(22.2, abs=0.03)
    assert (first.bound, second.bound) == pytest.approx((0.045, 0.0025))
    assert first.reject == first.bound / 4


def test_they_are_counted_from_one() -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        weight(0)
