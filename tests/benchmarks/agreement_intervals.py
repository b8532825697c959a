"""Agreement with intervals over a portfolio, beside a loop over `krippendorff.alpha`.

Run it as `python -m tests.benchmarks.agreement_intervals [--datasets N]`. Each dataset has 1,000 examples with a label
and a relevance from each of three annotators. Ours is everything that `evalwright agreement` prints of a question, with
1,000 replicates; the loop resamples examples and calls the library once for each replicate, on 20 of them, and is
extrapolated to 1,000.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import cast

import krippendorff
import numpy as np
from numpy.typing import NDArray

from review.agreement import REPLICATES, Rating, question_agreement
from review.stats.patterns import Level
from tests.benchmarks.rows import Row, run

EXAMPLES, ANNOTATORS, LOOPED = 1_000, 3, 20
GOAL = 100

Table = NDArray[np.int64]
"""One row an example, one column an annotator."""


def labels(rng: np.random.Generator) -> Table:
    """Labels 0 and 1; one example in ten is hard for everybody."""
    truth, hard = rng.random((EXAMPLES, 1)) < 0.5, rng.random((EXAMPLES, 1)) < 0.1
    wrong = rng.random((EXAMPLES, ANNOTATORS)) < np.where(hard, 0.5, 0.03)
    return (truth ^ wrong).astype(np.int64)


def relevances(rng: np.random.Generator) -> Table:
    """Ratings from 1 to 5, most of them high."""
    noise = rng.normal(0, 0.6, (EXAMPLES, ANNOTATORS)) + rng.normal(4.3, 0.7, (EXAMPLES, 1))
    return cast("Table", np.clip(np.rint(noise), 1, 5).astype(np.int64))


def ratings(table: Table) -> list[Rating]:
    """The same as the product has it."""
    return [
        Rating(unit, annotator, int(value)) for unit, row in enumerate(table) for annotator, value in enumerate(row)
    ]


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time, which other programs on the machine don't lengthen."""
    began = time.process_time()
    work()
    return time.process_time() - began


def loop(table: Table, level: Level, rng: np.random.Generator) -> tuple[float, float]:
    """A bootstrap as one would write it with the library."""
    values = [
        krippendorff.alpha(
            reliability_data=table[rng.integers(0, EXAMPLES, EXAMPLES)].T.astype(float), level_of_measurement=level
        )
        for _ in range(LOOPED)
    ]
    lower, upper = np.quantile(values, [0.025, 0.975]).tolist()
    return lower, upper


def measure(given: argparse.Namespace) -> list[Row]:
    """Measures both scales."""
    rng = np.random.default_rng(20221219)
    question_agreement("warm", "nominal", ratings(labels(rng)), (0, 1))
    loop(labels(rng), "nominal", rng)
    scales: list[tuple[str, Level, Callable[[np.random.Generator], Table], tuple[int, ...]]] = [
        ("label", "nominal", labels, (0, 1)),
        ("relevance", "ordinal", relevances, (1, 2, 3, 4, 5)),
    ]
    taken = [_both(given.datasets, *scale, rng) for scale in scales]
    ours, theirs = sum(one for one, _ in taken), sum(other for _, other in taken)
    nominal, ordinal = (other / one for one, other in taken)
    return [
        Row(
            f"agreement with {REPLICATES:,}-replicate intervals, {given.datasets} datasets x {EXAMPLES:,} examples x"
            f" {ANNOTATORS} annotators: everything that is printed of a nominal and an ordinal question",
            f"{ours:.2f} s; {theirs / ours:.0f} times quicker (nominal {nominal:.0f}, ordinal {ordinal:.0f})",
            f"{GOAL} times quicker",
            theirs / ours >= GOAL,
            f"a loop over `krippendorff.alpha`, extrapolated from {LOOPED} replicates: {theirs:.0f} s",
        )
    ]


def _both(
    datasets: int,
    name: str,
    level: Level,
    make: Callable[[np.random.Generator], Table],
    offered: tuple[int, ...],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Seconds of ours, and of the loop."""
    tables = [make(rng) for _ in range(datasets)]
    given = [ratings(table) for table in tables]
    ours = timed(lambda: [question_agreement(name, level, one, offered) for one in given])
    looped = timed(lambda: [loop(table, level, rng) for table in tables[:10]])
    return ours, looped / min(10, datasets) * datasets * REPLICATES / LOOPED


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=154)
    run(measure, parser)


if __name__ == "__main__":
    main()
