"""Each criterion as a case: what it needs if what comes is like what has been seen, checked by continuing it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.gate.alpha_case import AlphaCase, Pair
from review.gate.figures import Case
from review.gate.mean_case import MeanCase
from review.gate.share_case import ShareCase
from review.stats.control_variate import Scores
from review.stats.repeated import Repeated
from review.stats.sequences import ErrorLevel
from review.stats.shipping import Shipping

FIRST = ErrorLevel(0.05, 1, 4)
T = TypeVar("T")


def in_order(things: Sequence[T]) -> Repeated[T]:
    return Repeated.of(things, lambda thing: thing)


def share(good: int, bad: int, total: int, threshold: str = "0.90", scores: Scores | None = None) -> ShareCase:
    step = max(1, (good + bad) // (bad + 1))
    drawn: list[bool | None] = [number % step != step - 1 or number // step >= bad for number in range(good + bad)]
    known = in_order(drawn)
    return ShareCase(known, known, total, Shipping(good + bad, total - good - bad, 0), Decimal(threshold), scores)


def mean(values: list[float], total: int, threshold: float = 0.625) -> MeanCase:
    return MeanCase(in_order(values), in_order(values), total, Shipping(len(values), total - len(values), 0), threshold)


def alpha(pairs: Sequence[Pair], total: int) -> AlphaCase:
    shipping = Shipping(len(pairs), total - len(pairs), 0)
    drawn = in_order(pairs)
    return AlphaCase(("no", "yes"), drawn, drawn, in_order([]), total, shipping, Decimal("0.667"))


def passes(case: Case) -> bool:
    return case.figures(FIRST).passes is True


@given(st.integers(10, 80), st.floats(0.85, 1), st.sampled_from(["0.80", "0.85", "0.90"]))
@settings(max_examples=30, deadline=None)
def test_a_share_passes_at_the_forecast_and_not_long_before(seen: int, rate: float, threshold: str) -> None:
    good = round(seen * rate)
    needed = share(good, seen - good, 1000, threshold).examples_needed(FIRST)

    def at(size: int) -> bool:
        return passes(share(good * size // seen, size - good * size // seen, 1000, threshold))

    if needed is None:
        assert good / seen < float(threshold) + 0.001
    else:
        assert seen <= needed <= 1000
        assert needed == seen or at(min(1000, round(needed * 1.3) + 5))
        assert needed == seen or not at(round(needed * 0.7) - 5)


def test_a_share_that_passes_now_later_or_never() -> None:
    assert share(80, 0, 1000).examples_needed(FIRST) == 80
    assert share(890, 110, 1000).examples_needed(FIRST) is None
    assert share(40, 10, 1000).examples_needed(FIRST) is None
    assert share(0, 0, 1000).examples_needed(FIRST) is None
    far = share(47, 3, 1_000_000).examples_needed(FIRST)
    assert far is not None
    assert 200 < far < 700


def test_a_later_start_needs_more() -> None:
    case = share(96, 4, 1000)
    first, second = (case.examples_needed(ErrorLevel(0.05, number, 4)) for number in (1, 2))
    assert first is not None
    assert second is not None
    assert first < second


def test_scores_that_tell_the_bad_ones_save_examples_and_it_says_how_many() -> None:
    known: list[bool | None] = [number % 15 != 14 for number in range(60)]
    good, seen = in_order(known), tuple(1.0 if one else 0.0 for one in known)
    helped = ShareCase(good, good, 1000, Shipping(60, 940, 0), Decimal("0.90"), Scores(seen, 940 * sum(seen) / 60, 1.0))
    figures = helped.figures(FIRST)
    assert figures.explained == pytest.approx(1)
    assert figures.saved is not None
    assert figures.saved > 50
    plain = ShareCase(good, good, 1000, Shipping(60, 940, 0), Decimal("0.90"))
    assert (plain.figures(FIRST).explained, plain.figures(FIRST).saved) == (None, None)


def test_a_mean_continues_the_values_so_far() -> None:
    values = [0.75, 0.5, 1.0, 0.75, 0.625]
    needed = mean(values, 500).examples_needed(FIRST)
    assert needed is not None
    continued = (values * 100)[:needed]
    assert passes(mean(continued, 500))
    assert not any(passes(mean(continued[:size], 500)) for size in range(5, needed))
    assert mean([1.0] * 40, 500).examples_needed(FIRST) == 40
    assert mean([0.5] * 40, 500).examples_needed(FIRST) is None
    assert mean([], 500).examples_needed(FIRST) is None


def test_alpha_continues_the_pairs_so_far() -> None:
    pairs = ([("yes", "yes"), ("no", "no")] * 9 + [("yes", "no")]) * 2
    needed = alpha(pairs, 1000).examples_needed(FIRST)
    assert needed is not None
    assert len(pairs) < needed < 200
    continued = (pairs * 30)[:needed]
    assert passes(alpha(continued, 1000))
    assert not passes(alpha(continued[: needed - 20], 1000))
    assert alpha([("yes", "no"), ("no", "no"), ("yes", "yes")] * 20, 1000).examples_needed(FIRST) is None
    assert alpha([("yes", "yes")] * 50, 1000).examples_needed(FIRST) is None


def test_what_is_certain_of_a_million_is_told_though_nobody_bets_so_long() -> None:
    pairs = [("yes", "yes"), ("no", "no")] * 10 + [("yes", "no")] * 3
    found = alpha(pairs, 30_000).examples_needed(FIRST)
    assert found is not None
    assert found <= 30_000


@given(st.lists(st.one_of(st.none(), st.booleans()), max_size=20), st.integers(0, 20))
def test_figures_are_consistent(drawn: list[bool | None], rest: int) -> None:
    total = len(drawn) + rest
    case = ShareCase(in_order(drawn), in_order(drawn), total, Shipping(len(drawn), rest, 0), Decimal("0.90"))
    found = case.figures(FIRST)
    if not total:
        assert found.value is None
        return
    assert found.lower is not None
    assert found.upper is not None
    assert 0 <= found.lower <= found.upper + 1e-12
    assert not (found.passes and found.failed)
    assert found.passes == ((found.e_value or 0) >= 20) == (found.lower >= math.ceil(0.9 * total - 1e-9) / total)
