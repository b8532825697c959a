"""Thousands of random matrices with missing cells, against krippendorff, scikit-learn and statsmodels."""

import math
import random

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from review.stats import patterns
from review.stats.coefficients import cohen_kappa, fleiss_kappa, krippendorff_alpha
from review.stats.patterns import Level

LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
Matrix = list[list[int | None]]


def random_matrix(rng: random.Random, missing: float | None = None) -> Matrix:
    """Return ratings[rater][unit] with some agreement, missing cells and skewed classes."""
    raters, units, classes = rng.randint(2, 5), rng.randint(1, 25), rng.randint(2, 6)
    absent = rng.choice([0.0, 0.1, 0.5]) if missing is None else missing
    weights = [rng.random() ** 2 + 0.01 for _ in range(classes)]
    truth = rng.choices(range(classes), weights, k=units)
    accuracy = rng.random()
    return [
        [
            None
            if rng.random() < absent
            else value
            if rng.random() < accuracy
            else rng.choices(range(classes), weights)[0]
            for value in truth
        ]
        for _ in range(raters)
    ]


def as_units(matrix: Matrix) -> list[list[int]]:
    return [[value for value in column if value is not None] for column in zip(*matrix, strict=True)]


def compare(matrix: Matrix) -> int:
    """Check every coefficient of one matrix; return how many were defined."""
    units = as_units(matrix)
    pairable = {value for unit in units if len(unit) > 1 for value in unit}
    defined = 0
    data = np.array([[np.nan if value is None else value for value in row] for row in matrix], dtype=float)
    table = patterns.tally(units)
    for level in LEVELS:
        ours = krippendorff_alpha(units, level).value
        assert (ours is not None) == (len(pairable) > 1)
        if ours is not None:
            theirs = float(krippendorff.alpha(reliability_data=data, level_of_measurement=level))
            assert ours == pytest.approx(theirs, abs=1e-9)
            assert patterns.alpha(table, table.weights[None, :], level).item() == pytest.approx(theirs, abs=1e-9)
            defined += 1
    shared = [(one, other) for one, other in zip(matrix[0], matrix[1], strict=True) if None not in (one, other)]
    kappa = cohen_kappa(matrix[0], matrix[1])
    assert kappa.shared == len(shared)
    assert (kappa.kappa.value is not None) == (len({value for pair in shared for value in pair}) > 1)
    if kappa.kappa.value is not None:
        theirs = float(cohen_kappa_score([one for one, _ in shared], [other for _, other in shared]))
        assert kappa.kappa.value == pytest.approx(theirs, abs=1e-9)
        defined += 1
    return defined


@pytest.mark.slow
def test_alpha_and_cohen_on_2000_matrices_with_missing_cells() -> None:
    rng = random.Random(1)
    assert sum(compare(random_matrix(rng)) for _ in range(2000)) > 7000


def test_alpha_and_cohen_on_60_matrices_with_missing_cells() -> None:
    rng = random.Random(2)
    assert sum(compare(random_matrix(rng)) for _ in range(60)) > 200


def test_fleiss_on_300_full_matrices() -> None:
    inter_rater = pytest.importorskip("statsmodels.stats.inter_rater")
    rng = random.Random(3)
    defined = 0
    for _ in range(300):
        units = as_units(random_matrix(rng, missing=0))
        kappa = fleiss_kappa(units).value
        counts, _ = inter_rater.aggregate_raters(np.array(units))
        if kappa is None:
            assert len({value for unit in units for value in unit}) == 1
        else:
            theirs = inter_rater.fleiss_kappa(counts)
            assert math.isfinite(theirs)
            assert kappa == pytest.approx(theirs, abs=1e-9)
            defined += 1
    assert defined > 250
