"""How often the gate is wrong, and what it takes to be right: `python -m tests.simulations`, a table of each.

False ships: a dataset is just too bad in one respect and is looked at after every answer. What it takes: datasets like
the published ones, looked at after every tenth answer. Fixed seeds; more runs with --runs.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from review.gate.evidence import case_of, error_level
from review.gate.policy import load_policy
from review.gate.sample import Sample
from review.gate.starts import Start
from review.gate.what_ships import the_sample, with_those_before
from tests.simulations.datasets import FLAWS, just_bad, like
from tests.simulations.reviews import Review, example, totals

POLICY = load_policy()
CRITERIA = {criterion.name: criterion for criterion in POLICY.criteria}
SCORES = ("none", "useful", "useless", "reversed")


def passes(sample: Sample, name: str) -> bool:
    """Whether a criterion lets the sample pass, and all that ships."""
    level = error_level(sample, delta=POLICY.delta, criteria=len(POLICY.criteria))
    ships = with_those_before(sample)
    cases = [case_of(CRITERIA[name], sample, the_sample(sample))] if sample.total else []
    cases += [] if ships is None else [case_of(CRITERIA[name], sample, ships)]
    return all(case is not None and (case.e_value(level) or 0.0) >= level.needed for case in cases)


def ships_falsely(flaw: str, total: int, seed: int, scores: str = "none") -> bool:
    """Whether a just bad dataset passes the criterion that it fails at any look, after every answer."""
    review = Review(just_bad(flaw, total, np.random.default_rng(seed), scores=scores))
    return any(passes(sample, flaw) for sample in review.samples())


def ships_in_its_life(flaw: str, total: int, seed: int, restart: int) -> bool:
    """Whether it does in all its life, where a lead starts again on the rest after every so many examples."""
    items = just_bad(flaw, total, np.random.default_rng(seed))
    before: tuple[int, int] = (0, 1)
    while before[0] < total:
        known = tuple(example(10**6 + number, item, 3) for number, item in enumerate(items[: before[0]]))
        review = Review(items[before[0] :], Start(before[1]), known)
        for sample in review.samples(every=5):
            if passes(sample, flaw):
                return True
            if sample.size >= restart:
                break
        before = (before[0] + restart, before[1] + 1)
    return False


def takes(kind: str, seed: int, explains: float | None, *, at_once: bool = True) -> tuple[int, int]:
    """The examples and answers after which the whole gate lets a dataset like the published ones pass.

    Where not all is answered at once, four people of different speeds have examples open.
    """
    items = like(kind, 1000, np.random.default_rng(seed), explains=explains)
    if at_once:
        shown = tuple(example(number, item, 3) for number, item in enumerate(items))
        for size in range(POLICY.least_examples, len(items) + 1, 5):
            if all(passes(Sample(len(items), shown[:size], scores=totals(items)), name) for name in CRITERIA):
                return size, sum(len(item.said) for item in items[:size])
        return len(items), sum(len(item.said) for item in items)
    review = Review(items)
    for sample in review.samples(every=10):
        if sample.size >= POLICY.least_examples and all(passes(sample, name) for name in CRITERIA):
            return sample.size, review.answers
    return len(items), review.answers


def takes_of_four(kind: str, seed: int) -> tuple[int, int]:
    """The same with four people of different speeds, slow where it is hard; without scores."""
    return takes(kind, seed, None, at_once=False)


def _rows(given: argparse.Namespace) -> Iterator[str]:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for total, runs in ((20, given.runs), (50, given.runs), (200, given.runs // 2), (1000, given.runs // 20)):
            for flaw in FLAWS:
                for scores in SCORES if flaw == "label agreement" else SCORES[:1]:
                    tasks = [pool.submit(ships_falsely, flaw, total, seed, scores) for seed in range(runs)]
                    wrong = sum(task.result() for task in tasks)
                    yield f"| {flaw}, scores {scores} | {total:,} | {wrong} of {runs} | {wrong / runs:.3f} |"
        for restart in (60, 100):
            for flaw in ("label agreement", "ambiguous share"):
                runs = given.runs // 10
                tasks = [pool.submit(ships_in_its_life, flaw, 1000, seed, restart) for seed in range(runs)]
                wrong = sum(task.result() for task in tasks)
                yield f"| {flaw}, started again every {restart} | 1,000 | {wrong} of {runs} | {wrong / runs:.3f} |"
        for kind in ("persona", "AI-risk"):
            for explains in (None, 0.02, 0.2, 0.45):
                runs = given.runs // 4
                found = [task.result() for task in [pool.submit(takes, kind, seed, explains) for seed in range(runs)]]
                examples, answers = np.median(np.array(found), axis=0)
                scores = "without scores" if explains is None else f"R² {explains}"
                most = np.percentile(np.array(found)[:, 0], 90)
                yield f"| like {kind}, {scores} | 1,000 | median {examples:.0f} / {answers:.0f} | p90 {most:.0f} |"
            found = [
                task.result() for task in [pool.submit(takes_of_four, kind, seed) for seed in range(given.runs // 8)]
            ]
            examples, answers = np.median(np.array(found), axis=0)
            yield f"| like {kind}, four people of different speeds | 1,000 | median {examples:.0f} / {answers:.0f} | |"


def main() -> None:
    """Prints the table, a row at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400, help="of each row of small datasets; fewer of larger ones")
    for row in _rows(parser.parse_args()):
        print(row, flush=True)


if __name__ == "__main__":
    main()
