"""Thousands of random matrices with missing cells, against krippendorff, scikit-learn, statsmodels and irrCAC."""

import json
import random
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

from review.stats import patterns
from review.stats.coefficients import fleiss_kappa, gwet_ac1, krippendorff_alpha, percent_agreement
from review.stats.paired import Weights, cohen_kappa, spearman
from review.stats.patterns import Level

LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
Matrix = list[list[int | None]]
IRRCAC: list[dict[str, Any]] = json.loads(Path(__file__).with_name("irrcac.json").read_text(encoding="utf-8"))["cases"]


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
    return defined + compare_in_order(matrix) + compare_fleiss(matrix, units)


def compare_in_order(matrix: Matrix) -> int:
    """Check weighted kappa over all categories, and Spearman; return how many were defined."""
    shared = [(one, other) for one, other in zip(matrix[0], matrix[1], strict=True) if None not in (one, other)]
    first, second = [one for one, _ in shared], [other for _, other in shared]
    defined = 0
    weights: tuple[Weights, ...] = ("linear", "quadratic")
    for weight in weights:
        ours = cohen_kappa(first, second, weight, range(6)).kappa.value
        assert (ours is not None) == (len({*first, *second}) > 1)
        if ours is not None:
            theirs = float(cohen_kappa_score(first, second, labels=range(6), weights=weight))
            assert ours == pytest.approx(theirs, abs=1e-9)
            defined += 1
    rho = spearman(first, second).value
    assert (rho is not None) == (len(set(first)) > 1 and len(set(second)) > 1)
    if rho is None:
        return defined
    assert rho == pytest.approx(float(spearmanr(first, second).statistic), abs=1e-9)
    return defined + 1


def compare_fleiss(matrix: Matrix, units: list[list[int]]) -> int:
    """Check Fleiss' kappa where every annotator answered; return whether it was defined there."""
    full = [unit for unit in units if len(unit) == len(matrix)]
    kappa = fleiss_kappa(full).value
    assert (kappa is not None) == (len({value for unit in full for value in unit}) > 1)
    if kappa is None:
        return 0
    counts, _ = inter_rater.aggregate_raters(np.array(full))
    assert kappa == pytest.approx(float(inter_rater.fleiss_kappa(counts)), abs=1e-9)
    return 1


@pytest.mark.long
def test_2000_matrices_with_missing_cells() -> None:
    rng = random.Random(1)
    assert sum(compare(random_matrix(rng)) for _ in range(2000)) > 8000


def test_60_matrices_with_missing_cells() -> None:
    rng = random.Random(2)
    assert sum(compare(random_matrix(rng)) for _ in range(60)) > 200


@pytest.mark.parametrize("case", IRRCAC, ids=range(len(IRRCAC)))
def test_what_irrcac_says(case: dict[str, Any]) -> None:
    """Its results are stored, since it can't be installed beside this project; irrcac_fixture.py made them."""
    units = [[int(value) for value in column if value != "."] for column in zip(*case["annotators"], strict=True)]
    ours = {
        "percent_agreement": percent_agreement(units),
        "gwet_ac1": gwet_ac1(units, sorted({value for unit in units for value in unit})),
        "alpha_nominal": krippendorff_alpha(units, "nominal"),
        "alpha_interval": krippendorff_alpha(units, "interval"),
        "fleiss_kappa": fleiss_kappa(units),
    }
    for name, theirs in case["expect"].items():
        assert ours[name].value == pytest.approx(theirs, abs=1e-9), name
    assert ours["fleiss_kappa"].value is not None or "fleiss_kappa" not in case["expect"]
