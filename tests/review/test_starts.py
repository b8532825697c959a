"""What makes a text another one, a set of texts a copy, and a number a score."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import pytest

from db.populations import Population
from review.gate.starts import SKETCH, ScoreTotals, are_copies, text_hash


@pytest.mark.parametrize(
    "changed",
    [str.upper, lambda text: f"{text}.", lambda text: f"{text}\u200b", lambda text: text.replace(" ", "  ")],
    ids=["case", "a full stop", "a character without a width", "spaces"],
)
def test_marks_make_no_other_text(changed: Callable[[str], str]) -> None:
    assert text_hash(changed("I keep 7 bees")) == text_hash("I keep 7 bees")
    assert text_hash("I keep 7 bees") != text_hash("I keep 8 bees")


@pytest.mark.parametrize("more", [0, 100, 3000, 30_000])
def test_a_set_in_a_larger_one_is_its_copy(more: int) -> None:
    chance = random.Random(more)
    some = [chance.getrandbits(63) for _ in range(400)]
    others = [chance.getrandbits(63) for _ in range(400)]
    large = population_with([*some, *(chance.getrandbits(63) for _ in range(more))])
    assert are_copies(population_with(some), large)
    assert not are_copies(population_with(others), large)


def population_with(hashes: Sequence[int]) -> Population:
    return Population("", len(hashes), tuple(sorted(hashes)[:SKETCH]), (), 0, 0, 0.0, 0.0, 0.0)


def test_scores_that_differ_by_rounding_alone_are_no_scores() -> None:
    assert not ScoreTotals(3, 2.7, 0.9, math.nextafter(0.9, 1)).vary
    assert ScoreTotals(3, 2.7, 0.8, 0.9).vary
