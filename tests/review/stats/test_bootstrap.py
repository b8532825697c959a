"""Bootstrap intervals: against a plain loop over the libraries, their coverage, and undefined replicates."""

import math

import krippendorff
import numpy as np
import pytest
from numpy.typing import NDArray

from review.stats import bootstrap, patterns
from review.stats.bootstrap import Coefficient, bootstrap_intervals
from review.stats.coefficients import fleiss_kappa, gwet_ac1, krippendorff_alpha
from review.stats.shares import wilson

ALPHAS: tuple[Coefficient, ...] = ("alpha_nominal", "alpha_ordinal", "alpha_interval", "alpha_ratio")
RESAMPLED: tuple[Coefficient, ...] = (*ALPHAS, "fleiss_kappa", "gwet_ac1")
EVERY: tuple[Coefficient, ...] = (*RESAMPLED, "percent_agreement")


def ratings(rng: np.random.Generator, examples: int, annotators: int = 3) -> list[list[int]]:
    """Return ratings from 1 to 5 that share their item."""
    noise = rng.normal(0, 0.7, (examples, annotators)) + rng.normal(3.5, 0.8, (examples, 1))
    rows: list[list[int]] = np.clip(np.rint(noise), 1, 5).astype(int).tolist()
    return rows


def ends(units: list[list[int]], name: Coefficient, seed: int = 1, replicates: int = 1000) -> tuple[float, float]:
    found = bootstrap_intervals(units, [name], seed=seed, categories=range(1, 6), replicates=replicates)[name]
    assert found.lower is not None
    assert found.upper is not None
    return found.lower, found.upper


@pytest.mark.parametrize("name", RESAMPLED)
def test_replicates_are_the_coefficient_of_resampled_examples(
    name: Coefficient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same multinomial draws, expanded into examples and given to the point estimators, give the same interval."""
    units = ratings(np.random.default_rng(3), 100)
    drawn: list[NDArray[np.float64]] = []
    computed = bootstrap._computed

    def spy(kind: Coefficient, table, weights, categories):  # type: ignore[no-untyped-def]
        drawn.append(weights)
        return computed(kind, table, weights, categories)

    monkeypatch.setattr(bootstrap, "_computed", spy)
    found = ends(units, name, replicates=60)
    table = patterns.tally(units)
    values = []
    for weights in np.concatenate(drawn):
        resampled = [
            [value for value, count in zip(table.values, counts, strict=True) for _ in range(int(count))]
            for counts, times in zip(table.counts, weights, strict=True)
            for _ in range(int(times))
        ]
        assert len(resampled) == len(units)
        if name in ALPHAS:
            level = bootstrap._level(name)
            measure = krippendorff_alpha(resampled, level)
        elif name == "gwet_ac1":
            measure = gwet_ac1(resampled, range(1, 6))
        else:
            measure = fleiss_kappa(resampled)
        values.append(measure.value)
    assert found == pytest.approx(np.quantile(np.array(values, dtype=float), [0.025, 0.975]), abs=1e-9)


@pytest.mark.parametrize("name", ["alpha_nominal", "alpha_ordinal"])
def test_like_a_loop_over_krippendorff(name: Coefficient) -> None:
    rng = np.random.default_rng(4)
    units = np.array(ratings(rng, 120))
    level = bootstrap._level(name)
    loop = [
        krippendorff.alpha(reliability_data=units[rng.integers(0, 120, 120)].T, level_of_measurement=level)
        for _ in range(1500)
    ]
    assert ends(units.tolist(), name, replicates=4000) == pytest.approx(np.quantile(loop, [0.025, 0.975]), abs=0.025)


def test_the_interval_of_a_mean_is_that_of_resampled_examples() -> None:
    units = ratings(np.random.default_rng(8), 200)
    means = np.array(units).mean(axis=1)
    half = 1.96 * means.std() / math.sqrt(len(means))
    assert ends(units, "mean", replicates=4000) == pytest.approx((means.mean() - half, means.mean() + half), abs=0.01)
    assert bootstrap_intervals([], ["mean"], seed=1)["mean"].undefined == "undefined: no answers"


def test_seeds_and_order() -> None:
    units = ratings(np.random.default_rng(5), 110)
    shuffled = [unit[::-1] for unit in units[::-1]]
    assert ends(units, "alpha_ordinal", seed=9) == ends(shuffled, "alpha_ordinal", seed=9)
    assert ends(units, "alpha_ordinal", seed=9) != ends(units, "alpha_ordinal", seed=10)
    found = bootstrap_intervals(units, ["alpha_ordinal"], seed=9, replicates=77, confidence=0.9)["alpha_ordinal"]
    assert (found.seed, found.replicates, found.undefined_replicates, found.confidence) == (9, 77, 0, 0.9)


def test_replicates_in_parts_are_the_same_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    units = ratings(np.random.default_rng(6), 110)
    whole = bootstrap_intervals(units, EVERY, seed=1, categories=range(1, 6))
    monkeypatch.setattr(bootstrap, "_CELLS_AT_ONCE", 500)
    assert bootstrap_intervals(units, EVERY, seed=1, categories=range(1, 6)) == whole


def test_missing_answers() -> None:
    units = [unit[: 1 + index % 3] for index, unit in enumerate(ratings(np.random.default_rng(7), 60))] + [[], []]
    point = krippendorff_alpha(units, "ordinal").value
    low, high = ends(units, "alpha_ordinal")
    assert point is not None
    assert low < point < high
    found = bootstrap_intervals(units, ["fleiss_kappa", "percent_agreement"], seed=1)
    assert found["fleiss_kappa"].undefined == (
        "undefined: too few examples for an interval: 20 with two answers, and it takes 30"
    )
    assert found["percent_agreement"].undefined is None


def test_undefined_where_the_coefficient_is() -> None:
    found = bootstrap_intervals([["Yes", "Yes"]] * 20, ["alpha_nominal", "percent_agreement"], seed=1)
    assert found["alpha_nominal"].undefined == "undefined: every annotator gave the same answer"
    assert found["alpha_nominal"].lower is None
    raw = found["percent_agreement"]
    assert (raw.upper, raw.method) == (1.0, "wilson")
    assert raw.lower == pytest.approx(wilson(20, 20).lower)
    assert bootstrap_intervals([], ["gwet_ac1"], seed=1, categories=["a", "b"])["gwet_ac1"].undefined is not None


@pytest.mark.parametrize(("odd", "defined"), [(2, False), (4, True)])
def test_undefined_replicates_are_counted_and_above_5_percent_undefine_the_interval(odd: int, defined: bool) -> None:
    """With two odd examples of a hundred, e^-2 = 14 % of replicates hold none of them; with four, 1.7 %."""
    units = [["Yes", "Yes"]] * (100 - odd) + [["Yes", "No"]] * odd
    table = patterns.tally(units)
    draws = bootstrap._resampled(table, 1000, np.random.default_rng(2))
    values = np.concatenate([patterns.alpha(table, weights, "nominal") for weights in draws])
    found = bootstrap._percentiles(values, 2, 0.95)
    assert found.undefined_replicates == pytest.approx(1000 * (1 - odd / 100) ** 100, rel=0.5)
    assert (found.undefined is None) == (found.lower is not None) == defined
    if not defined:
        assert found.undefined == (
            f"undefined: in {found.undefined_replicates} of 1000 replicates the coefficient is undefined"
        )


@pytest.mark.parametrize(
    ("examples", "differing", "method"),
    [(29, 9, None), (30, 9, "studentised"), (99, 40, "studentised"), (100, 19, "studentised"), (100, 20, "percentile")],
)
def test_which_interval_it_is_depends_on_the_examples_and_on_how_many_differ(
    examples: int, differing: int, method: str | None
) -> None:
    agreeing = [["Yes", "Yes"], ["No", "No"]] * examples
    units = [["Yes", "No"]] * differing + agreeing[: examples - differing] + [["Yes"]] * 100
    names: list[Coefficient] = ["alpha_nominal", "fleiss_kappa", "gwet_ac1"]
    for found in bootstrap_intervals(units, names, seed=1, categories=["Yes", "No"]).values():
        if method is None:
            assert "too few examples for an interval: 29 with two answers" in (found.undefined or "")
        else:
            assert (found.method, found.undefined) == (method, None)


def test_arguments_out_of_range() -> None:
    with pytest.raises(ValueError, match="0 replicates"):
        bootstrap_intervals([[1, 1]], ["alpha_nominal"], seed=1, replicates=0)
    with pytest.raises(ValueError, match="confidence of 1"):
        bootstrap_intervals([[1, 1]], ["alpha_nominal"], seed=1, confidence=1)
    with pytest.raises(ValueError, match="needs numbers"):
        bootstrap_intervals([["a", "b"]], ["alpha_ordinal"], seed=1)
    with pytest.raises(ValueError, match="not offered"):
        bootstrap_intervals([["a", "b"]], ["gwet_ac1"], seed=1, categories=["a"])
