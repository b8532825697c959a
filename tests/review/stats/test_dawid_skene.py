"""Dawid and Skene's model: what it recovers, and when it isn't reported."""

import random

import pytest

from review.stats.consensus import consensus
from review.stats.dawid_skene import dawid_skene

CLASSES = ("A", "B", "C")


def simulated(
    examples: int, accuracy: dict[str, float], rng: random.Random
) -> tuple[dict[str, dict[str, str]], list[str]]:
    truth = rng.choices(CLASSES, [0.5, 0.3, 0.2], k=examples)
    answers = {}
    for index, true in enumerate(truth):
        answers[f"e{index}"] = {
            name: true if rng.random() < right else rng.choice([label for label in CLASSES if label != true])
            for name, right in accuracy.items()
            if rng.random() < 0.8
        }
    return answers, truth


def test_it_recovers_shares_and_errors_and_beats_the_majority() -> None:
    accuracy = {"good": 0.95, "fair": 0.8, "poor": 0.5, "worse": 0.45, "worst": 0.4}
    answers, truth = simulated(1500, accuracy, random.Random(16))
    model = dawid_skene(answers, CLASSES)
    assert model.undefined is None
    assert model.converged
    for name, share in zip(CLASSES, (0.5, 0.3, 0.2), strict=True):
        assert model.shares[name] == pytest.approx(share, abs=0.05)
    for name, right in accuracy.items():
        diagonal = sum(model.shares[label] * model.errors[name][label][label] for label in CLASSES)
        assert diagonal == pytest.approx(right, abs=0.06)
    given = {unit: labels for unit, labels in answers.items() if labels}
    right_model = right_majority = 0
    for index, true in enumerate(truth):
        if f"e{index}" in given:
            posterior = model.posteriors[f"e{index}"]
            right_model += max(posterior, key=lambda label: posterior[label]) == true
            right_majority += consensus(list(given[f"e{index}"].values())) == true
    assert right_model > right_majority


def test_everything_it_says_is_a_probability() -> None:
    answers, _ = simulated(80, {"ann": 0.9, "bob": 0.9, "cem": 0.9}, random.Random(17))
    model = dawid_skene(answers, (*CLASSES, "D"))
    assert sum(model.shares.values()) == pytest.approx(1)
    assert model.shares["D"] < 0.01
    for table in model.errors.values():
        for row in table.values():
            assert sum(row.values()) == pytest.approx(1)
    for posterior in model.posteriors.values():
        assert sum(posterior.values()) == pytest.approx(1)


def test_one_answer_everywhere_is_no_failure() -> None:
    answers = {str(index): {"ann": "A", "bob": "A", "cem": "A"} for index in range(60)}
    model = dawid_skene(answers, CLASSES)
    assert model.converged
    assert model.shares["A"] == pytest.approx(1)
    assert model.posteriors["0"]["A"] == pytest.approx(1)


@pytest.mark.parametrize(("annotators", "examples"), [(2, 60), (3, 49)])
def test_too_little_data_is_said(annotators: int, examples: int) -> None:
    names = ["ann", "bob", "cem"][:annotators]
    answers = {str(index): dict.fromkeys(names, "A" if index % 2 else "B") for index in range(examples)}
    model = dawid_skene(answers, CLASSES)
    assert model.undefined == (
        f"undefined: needs 3 annotators and 50 shared examples, here are {annotators} and {examples}"
    )
    assert model.posteriors == {}


def test_examples_with_one_answer_are_not_shared() -> None:
    answers = {str(index): {["ann", "bob", "cem"][index % 3]: "A"} for index in range(90)}
    assert dawid_skene(answers, CLASSES).undefined == (
        "undefined: needs 3 annotators and 50 shared examples, here are 3 and 0"
    )


def test_a_label_that_was_not_offered() -> None:
    answers = {str(index): {"ann": "A", "bob": "A", "cem": "Z"} for index in range(60)}
    with pytest.raises(ValueError, match="not offered: 'Z'"):
        dawid_skene(answers, CLASSES)
