"""Ratings as numbers are the same ratings."""

from __future__ import annotations

import random

import pytest

from review.stats import coded as module
from review.stats import patterns
from review.stats.coded import coded, tally_coded, with_values
from review.stats.patterns import tally


@pytest.mark.parametrize(("fits", "cells"), [(2**62, 20_000_000), (1, 20_000_000), (2**62, 0)])
def test_tallied_as_units_are(fits: int, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FITS", fits)
    monkeypatch.setattr(module, "_CELLS", cells)
    rng = random.Random(1)
    for _ in range(100):
        units, people, values = rng.randint(1, 20), rng.randint(1, 5), rng.randint(1, 6)
        rows = [(u, a, rng.randrange(values)) for u in range(units) for a in range(people) if rng.random() < 0.6]
        rng.shuffle(rows)
        by_unit: dict[int, list[int]] = {}
        for unit, _, value in rows:
            by_unit.setdefault(unit, []).append(value)
        ours = tally_coded(coded(*([row[place] for row in rows] for place in range(3))))
        theirs = tally(list(by_unit.values()))
        assert ours.values == theirs.values
        assert ours.counts.tolist() == theirs.counts.tolist()
        assert ours.weights.tolist() == theirs.weights.tolist()


def test_units_of_many_answers_are_told_apart() -> None:
    """Thirty answers of nine values are more digits than a number has."""
    rng = random.Random(2)
    values = [[rng.randrange(9) for _ in range(30)] for _ in range(40)]
    rows = [(unit, person, value) for unit, given in enumerate(values) for person, value in enumerate(given)]
    ours, theirs = tally_coded(coded(*([row[place] for row in rows] for place in range(3)))), tally(values)
    assert ours.counts.tolist() == theirs.counts.tolist()
    assert len(ours.weights) == 40


def test_values_that_are_equal_numbers_become_one() -> None:
    texts = coded(["u", "u", "v"], ["a", "b", "a"], ["1", "1.0", "2"])
    numbers = with_values(texts, [float(name) for name in map(str, texts.names)])
    assert (numbers.names, numbers.values.tolist()) == ((1.0, 2.0), [0, 0, 1])


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "LARGEST_TABLE", 10)
    with pytest.raises(ValueError, match="8 different values over 4 different units are too many"):
        tally_coded(coded([place // 2 for place in range(8)], [place % 2 for place in range(8)], list(range(8))))
