"""What the gate measures of a sample: of a thousand examples, and of a million of which nine in ten are reviewed.

Run it as `python -m tests.benchmarks.evidence [--examples N] [--rounds N]`. Everything is processor time. Samples are
made in memory, so nothing is read from a workspace; beside them stands one `krippendorff.alpha` of their first two
labels, a table that is there as an array already.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import krippendorff
import numpy as np

from db.records import BlindAnswer
from review.assignment.settling import settle
from review.gate.decision import evidence_of
from review.gate.policy import load_policy
from review.gate.sample import Sample, SampledExample
from review.gate.starts import ScoreTotals
from tests.benchmarks.rows import ProcessorRound, Row, middle_of, milliseconds, run

FEW, REVIEWED = 1_000, 0.9
GOAL_OF_FEW, GOAL = 0.05, 1.0
YES, NO = " Yes", " No"


def seconds(work: Callable[[], object]) -> float:
    """Returns the processor time of a call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def sample_of(total: int, reviewed: int) -> Sample:
    """Makes a sample: every twentieth label is another, mostly both of an example, and every example has a score."""
    chance = random.Random(20221219)
    examples = []
    for number in range(reviewed):
        intended, other = (YES, NO) if number % 2 else (NO, YES)
        hard = chance.random() < 0.05
        labels = [other if hard else intended, other if hard and chance.random() < 0.8 else intended]
        answers = [
            BlindAnswer(number, who, label, chance.randint(3, 5), chance.random() < 0.02)
            for who, label in enumerate([*labels, *([intended] if labels[0] != labels[1] else [])])
        ]
        settling = settle([answer.label for answer in answers])
        score = chance.uniform(0.5, 1)
        examples.append(SampledExample(number, intended, (YES, NO), tuple(answers), settling, score))
    return Sample(total, tuple(examples), scores=ScoreTotals(total, 0.6875 * total, 0.5, 0.75))


def measure(given: argparse.Namespace) -> Sequence[Row]:
    """Measures both samples."""
    return [
        _row(sample_of(FEW, FEW), GOAL_OF_FEW, given.rounds),
        _row(sample_of(given.examples, int(given.examples * REVIEWED)), GOAL, given.rounds),
    ]


def _row(sample: Sample, goal: float, rounds: int) -> Row:
    policy = load_policy()
    table = np.array([[answer.label == YES for answer in example.answers[:2]] for example in sample.examples], float).T
    # First of a few, so that the libraries are loaded in neither time.
    evidence_of([replace(sample, examples=sample.examples[:FEW])], [], policy)
    krippendorff.alpha(reliability_data=table[:, :FEW], level_of_measurement="nominal")

    def once() -> ProcessorRound:
        # A sample that nothing has been asked of yet.
        new = replace(sample)
        return ProcessorRound(
            seconds(lambda: evidence_of([new], [], policy)),
            seconds(lambda: krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")),
        )

    middle, figure = middle_of(once, rounds)
    return Row(
        f"the gate's evidence on {sample.total:,} examples, {sample.size:,} of them reviewed",
        f"{milliseconds(middle.ours)} of processor; {figure}",
        milliseconds(goal),
        middle.ours <= goal,
        f"`krippendorff.alpha` called once on the first two labels as an array: {milliseconds(middle.baseline)}",
        "Each example is looked at once in Python, which takes two fifths of it" if sample.size > FEW else "",
    )


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    run(measure, parser)


if __name__ == "__main__":
    main()
