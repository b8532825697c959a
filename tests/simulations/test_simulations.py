"""The simulations of the gate with few runs; `python -m tests.simulations` has more of each."""

from __future__ import annotations

import math

import numpy as np
import pytest

from review.gate.evidence import measure
from tests.simulations.__main__ import CRITERIA, SCORES, ships_falsely, ships_in_its_life, takes
from tests.simulations.datasets import FLAWS, just_bad, like
from tests.simulations.reviews import Review

pytestmark = pytest.mark.slow


def most_by_chance(runs: int) -> float:
    """More than so many false ships are no chance any more, at a rate of 5 %."""
    return 0.05 * runs + 3 * math.sqrt(0.05 * 0.95 * runs)


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_review_ends_with_everything_known_and_too_bad(flaw: str) -> None:
    *_, last = Review(just_bad(flaw, 60, np.random.default_rng(1))).samples()
    assert (last.size, last.open) == (60, 0)
    piece = measure(CRITERIA[flaw], last, delta=0.05, criteria=4)
    assert piece.passes is False


@pytest.mark.parametrize(
    ("total", "runs"), [(20, 100), (50, 100), pytest.param(200, 200, marks=pytest.mark.long)]
)  # fmt: skip
@pytest.mark.parametrize("flaw", FLAWS)
def test_what_is_just_too_bad_passes_seldom(flaw: str, total: int, runs: int) -> None:
    """A look after every answer; skips go with difficulty, and some people are slow where it is hard."""
    wrong = sum(ships_falsely(flaw, total, seed) for seed in range(runs))
    assert wrong <= most_by_chance(runs), wrong


@pytest.mark.parametrize("scores", SCORES)
def test_so_it_does_whatever_scores_say(scores: str) -> None:
    wrong = sum(ships_falsely("label agreement", 50, seed, scores) for seed in range(100))
    assert wrong <= most_by_chance(100), wrong


@pytest.mark.parametrize(("restart", "runs"), [(60, 20), pytest.param(100, 200, marks=pytest.mark.long)])
def test_so_it_does_in_a_whole_life_of_new_starts(restart: int, runs: int) -> None:
    wrong = sum(ships_in_its_life("label agreement", 1000, seed, restart) for seed in range(runs))
    assert wrong <= most_by_chance(runs), wrong


@pytest.mark.parametrize(
    ("kind", "explains", "examples", "answers"),
    [
        ("persona", None, 160, 335),
        ("persona", 0.2, 155, 325),
        ("persona", 0.45, 125, 260),
        ("AI-risk", None, 460, 960),
        ("AI-risk", 0.2, 400, 840),
        ("AI-risk", 0.45, 320, 670),
    ],
)
def test_what_it_takes(kind: str, explains: float | None, examples: int, answers: int) -> None:
    """The median of the whole gate at N = 1,000; few runs, so a tenth more may be chance."""
    found = np.array([takes(kind, seed, explains) for seed in range(40)])
    assert np.median(found[:, 0]) <= 1.1 * examples, np.median(found, axis=0)
    assert np.median(found[:, 1]) <= 1.1 * answers, np.median(found, axis=0)


def test_datasets_are_like_the_published_ones() -> None:
    for kind, share, alpha in (("persona", 0.955, 0.875), ("AI-risk", 0.93, 0.81)):
        *_, last = Review(like(kind, 4000, np.random.default_rng(1))).samples(every=10**6)
        assert measure(CRITERIA["label agreement"], last, delta=0.05, criteria=4).value == pytest.approx(
            share, abs=0.01
        )
        assert measure(CRITERIA["label alpha"], last, delta=0.05, criteria=4).value == pytest.approx(alpha, abs=0.025)
