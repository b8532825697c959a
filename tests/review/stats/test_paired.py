"""Pairs of annotators, computed together, against the libraries one by one."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from review.stats import paired
from review.stats.coefficients import SAME_ANSWER
from review.stats.measure import Measure
from review.stats.paired import Weights, cohen_kappa, pairs_of, spearman

WEIGHTS: tuple[Weights, ...] = ("none", "linear", "quadratic")


def compare(rng: np.random.Generator) -> int:
    """Check every pair of one random table with missing cells; return how many coefficients were defined."""
    units, people, categories = (int(rng.integers(*ends)) for ends in ((1, 30), (2, 6), (2, 7)))
    truth = rng.integers(0, categories, (units, 1))
    table = np.where(rng.random((units, people)) < rng.random(), rng.integers(0, categories, (units, people)), truth)
    there = rng.random((units, people)) < 0.7
    rows, columns = np.nonzero(there)
    found = pairs_of(rows, columns, table[rows, columns], categories)
    kappas = {weights: found.kappa(weights) for weights in WEIGHTS}
    rhos, raw, confusions = found.spearman(), found.agreement(), found.confusions()
    expected = {pair for pair in combinations(range(people), 2) if there[:, pair].all(axis=1).any()}
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    defined = 0
    for place, (one, other) in enumerate(zip(found.first, found.second, strict=True)):
        both = there[:, one] & there[:, other]
        first, second = table[both, one], table[both, other]
        assert (found.shared[place], confusions[place].sum()) == (both.sum(), both.sum())
        assert raw[place] == pytest.approx((first == second).mean())
        assert confusions[place][first[0], second[0]] == ((first == first[0]) & (second == second[0])).sum()
        for weights in WEIGHTS:
            if len({*first.tolist(), *second.tolist()}) < 2:
                assert np.isnan(kappas[weights][place])
                continue
            named = None if weights == "none" else weights
            theirs = cohen_kappa_score(first, second, labels=range(categories), weights=named)
            assert kappas[weights][place] == pytest.approx(theirs, abs=1e-9)
            defined += 1
        if min(len(set(first.tolist())), len(set(second.tolist()))) < 2:
            assert np.isnan(rhos[place])
        else:
            assert rhos[place] == pytest.approx(float(spearmanr(first, second).statistic), abs=1e-9)
    return defined


@pytest.mark.parametrize("dense", [True, False])
def test_60_tables(dense: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paired, "_DENSE_COST" if dense else "_LISTED_COST", 0.0)
    monkeypatch.setattr(paired, "_ROWS_AT_ONCE", 50)
    rng = np.random.default_rng(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sum(compare(rng) for _ in range(60)) > 700


@pytest.mark.slow
def test_2000_tables() -> None:
    rng = np.random.default_rng(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sum(compare(rng) for _ in range(2000)) > 20_000


def test_categories_that_nobody_chose_lie_between() -> None:
    """On a scale of five, 1 and 5 are four points apart though nobody said 3."""
    first, second = [1, 5, 4, 1, 5], [1, 4, 4, 4, 5]
    whole = cohen_kappa(first, second, "quadratic", range(1, 6)).kappa.value
    assert whole == pytest.approx(cohen_kappa_score(first, second, labels=range(1, 6), weights="quadratic"), abs=1e-9)
    assert whole != cohen_kappa(first, second, "quadratic").kappa.value
    with pytest.raises(ValueError, match="not offered: 5"):
        cohen_kappa(first, second, "linear", range(1, 5))


def test_why_there_is_none() -> None:
    assert spearman([1, 1], [1, 2]) == Measure(None, paired.ONE_SAYS_THE_SAME)
    assert spearman([None, 1], [1, None]) == Measure(None, paired.NO_SHARED_UNITS)
    assert cohen_kappa([1, 1], [1, 1], "quadratic", range(3)).kappa.undefined == SAME_ANSWER
    nothing = np.zeros(0, dtype=np.int64)
    assert len(pairs_of(nothing, nothing, nothing, 2).kappa()) == 0
