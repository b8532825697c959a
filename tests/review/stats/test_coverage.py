"""How often every reported interval holds the truth; annotators' errors lie in items, as in published validations."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from review.stats import bootstrap, patterns
from review.stats.bootstrap import Coefficient, bootstrap_intervals
from review.stats.coded import Coded, tally_coded
from review.stats.shares import wilson

Table = NDArray[np.int64]
"""One row an example, one column an annotator."""

Make = Callable[[np.random.Generator, int], Table]


def labels(
    rng: np.random.Generator, examples: int, *, people: int, share: float, hard: float, wrong: float, slip: float
) -> Table:
    """Labels 0 and 1; a share of the items is hard for everybody, and some slips on the rest."""
    truth, is_hard = rng.random((examples, 1)) < share, rng.random((examples, 1)) < hard
    errs = rng.random((examples, people)) < np.where(is_hard, wrong, slip)
    return (truth ^ errs).astype(np.int64)


def ratings(rng: np.random.Generator, examples: int, *, people: int, mean: float, items: float, noise: float) -> Table:
    """Ratings from 1 to 5 that share their item."""
    given = rng.normal(0, noise, (examples, people)) + rng.normal(mean, items, (examples, 1))
    return np.asarray(np.clip(np.rint(given), 1, 5), dtype=np.int64)


def mostly_best(rng: np.random.Generator, examples: int, *, people: int) -> Table:
    """Ratings of which nine in ten are the best there is, and one in ten a point off."""
    base = np.where(rng.random((examples, 1)) < 0.9, 5, rng.integers(1, 5, (examples, 1)))
    off = np.where(rng.random((examples, people)) < 0.1, rng.choice([-1, 1], (examples, people)), 0)
    return np.asarray(np.clip(base + off, 1, 5), dtype=np.int64)


@dataclass(frozen=True)
class Scene:
    """What annotators are like, the coefficients of their answers, and the coverage that is promised."""

    make: Callable[..., Table]
    names: tuple[Coefficient, ...]
    least: float


OF_LABELS: tuple[Coefficient, ...] = ("percent_agreement", "alpha_nominal", "fleiss_kappa", "gwet_ac1")
OF_RATINGS: tuple[Coefficient, ...] = ("percent_agreement", "alpha_ordinal", "alpha_interval", "mean")
LIKE = {"usual": (0.1, 0.5, 0.05), "persona": (0.055, 0.7, 0.01), "poor": (0.3, 0.5, 0.1)}
SCENES: dict[str, Scene] = {
    **{
        f"{name}, {said}": Scene(partial(labels, share=share, hard=hard, wrong=wrong, slip=slip), OF_LABELS, least)
        for name, (hard, wrong, slip) in LIKE.items()
        for said, share, least in (("balanced", 0.5, 0.92), ("share .9", 0.9, 0.88))
    },
    "ratings, balanced": Scene(partial(ratings, mean=3, items=1.2, noise=0.7), OF_RATINGS, 0.92),
    "ratings, most high": Scene(partial(ratings, mean=4.3, items=0.7, noise=0.6), OF_RATINGS, 0.92),
    "ratings, share .9": Scene(partial(mostly_best), OF_RATINGS, 0.88),
}


def tallied(table: Table) -> patterns.Patterns:
    examples, people = table.shape
    units, annotators = np.divmod(np.arange(table.size), people)
    names, values = np.unique(table, return_inverse=True)
    return tally_coded(Coded(units, annotators, values.ravel(), tuple(names.tolist()), examples, people))


def covered(scene: Scene, people: int, examples: int, simulations: int) -> dict[Coefficient, tuple[float, float]]:
    """Returns for each coefficient how often its interval holds the truth, and how often there is one."""
    rng = np.random.default_rng(11)
    make: Make = partial(scene.make, people=people)
    choices = (0, 1) if "gwet_ac1" in scene.names else (1, 2, 3, 4, 5)
    whole = tallied(make(rng, 200_000))
    weights = whole.weights[None, :]
    truth = {name: bootstrap._computed(name, whole, weights, len(choices)).item() for name in scene.names}
    held, given = dict.fromkeys(scene.names, 0), dict.fromkeys(scene.names, 0)
    for seed in range(simulations):
        found = bootstrap_intervals(
            tallied(make(rng, examples)), scene.names, seed=seed, categories=choices, replicates=400
        )
        for name, one in found.items():
            if one.lower is not None and one.upper is not None:
                given[name] += 1
                held[name] += one.lower <= truth[name] <= one.upper
    return {name: (held[name] / max(1, given[name]), given[name] / simulations) for name in scene.names}


def check(scene: Scene, people: int, examples: int, simulations: int, slack: float = 0.0) -> None:
    for name, (coverage, given) in covered(scene, people, examples, simulations).items():
        assert coverage >= scene.least - slack, f"{name}: {coverage:.3f}"
        assert given > 0.6, f"{name}: {given:.2f}"


@pytest.mark.slow
@pytest.mark.parametrize("examples", [30, 100])
@pytest.mark.parametrize("scene", ["usual, balanced", "persona, balanced", "persona, share .9", "ratings, share .9"])
def test_coverage_of_every_interval(scene: str, examples: int) -> None:
    """Of 300 simulations; chance alone moves a coverage of .95 by .025."""
    check(SCENES[scene], 2, examples, 300, slack=0.02)


@pytest.mark.long
@pytest.mark.parametrize("people", [2, 3])
@pytest.mark.parametrize("examples", [30, 50, 100, 1000])
@pytest.mark.parametrize("scene", SCENES)
def test_coverage_of_every_interval_at_length(scene: str, examples: int, people: int) -> None:
    check(SCENES[scene], people, examples, 2000)


@pytest.mark.slow
@pytest.mark.parametrize("examples", [30, 50, 100, 1000])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_coverage_of_wilsons_interval(share: float, examples: int) -> None:
    """Shares at a single look: over all possible counts, exactly."""
    counts = np.arange(examples + 1)
    logs = np.array([math.lgamma(k + 1) + math.lgamma(examples - k + 1) for k in counts])
    chances = np.exp(math.lgamma(examples + 1) - logs + counts * np.log(share) + counts[::-1] * np.log(1 - share))
    inside = [wilson(k, examples).lower <= share <= wilson(k, examples).upper for k in range(examples + 1)]
    assert chances.sum() == pytest.approx(1)
    assert float(chances[inside].sum()) >= 0.93
