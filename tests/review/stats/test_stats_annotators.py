"""One annotator against the others, gold, repeats, and signs of not reading."""

import random

import pytest

from review.stats.annotators import (
    answer_entropy,
    checked_share,
    longest_run,
    quality_against_others,
    self_agreement,
    typical_seconds,
)
from review.stats.consensus import consensus
from review.stats.measure import Measure

YES_NO = ("Yes", "No")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([], None),
        (["a"], "a"),
        (["a", "b"], None),
        (["a", "b", "a"], "a"),
        (["a", "b", "c"], None),
        (["a", "a", "b", "b"], None),
    ],
)
def test_consensus_is_what_more_than_half_gave(labels: list[str], expected: str | None) -> None:
    assert consensus(labels) == expected


def test_sensitivity_and_specificity_by_hand() -> None:
    answers = {
        "1": {"ann": "Yes", "bob": "Yes"},
        "2": {"ann": "No", "bob": "Yes"},
        "3": {"ann": "Yes", "bob": "Yes", "cem": "Yes"},
        "4": {"ann": "No", "bob": "No"},
        "5": {"ann": "Yes", "bob": "Yes", "cem": "No"},
        "6": {"ann": "Yes"},
        "7": {"bob": "Yes", "cem": "Yes"},
    }
    yes = quality_against_others(answers, "ann", YES_NO)["Yes"]
    assert (yes.positives, yes.negatives) == (3, 1)
    assert yes.sensitivity == Measure(2 / 3)
    assert yes.specificity == Measure(1.0)
    assert yes.informedness.value == pytest.approx(2 / 3)
    no = quality_against_others(answers, "ann", YES_NO)["No"]
    assert (no.sensitivity, no.specificity) == (Measure(1.0), Measure(2 / 3))


def test_an_annotators_own_label_is_no_part_of_the_yardstick() -> None:
    answers = {str(index): {"ann": "Yes", "bob": "No", "cem": "No"} for index in range(5)}
    assert quality_against_others(answers, "ann", YES_NO)["No"].sensitivity == Measure(0.0)
    assert quality_against_others(answers, "bob", YES_NO)["No"].positives == 0


def test_always_yes_has_high_accuracy_and_no_informedness() -> None:
    rng = random.Random(14)
    answers: dict[str, dict[str, str]] = {}
    for index in range(4000):
        truth = rng.choices(YES_NO, [0.95, 0.05])[0]
        other = "No" if truth == "Yes" else "Yes"
        noisy = {name: truth if rng.random() < 0.98 else other for name in ("bob", "cem", "dee")}
        careful = truth if rng.random() < 0.944 else other
        answers[str(index)] = {**noisy, "yes-man": "Yes", "careful": careful}
    accuracy = {
        name: sum(
            labels[name] == consensus([labels["bob"], labels["cem"], labels["dee"]]) for labels in answers.values()
        )
        for name in ("yes-man", "careful")
    }
    assert abs(accuracy["yes-man"] - accuracy["careful"]) < 60
    lazy = quality_against_others(answers, "yes-man", YES_NO)["No"]
    good = quality_against_others(answers, "careful", YES_NO)["No"]
    assert lazy.informedness == Measure(0.0)
    assert good.informedness.value is not None
    assert good.informedness.value > 0.8


def test_a_class_that_nobody_agreed_on_is_undefined() -> None:
    quality = quality_against_others({"1": {"ann": "Yes", "bob": "Yes"}}, "ann", ("Yes", "No"))
    assert quality["No"].sensitivity.undefined == "undefined: the others never agreed on 'No'"
    assert quality["No"].informedness.undefined == "undefined: the others never agreed on 'No'"
    assert quality["Yes"].specificity.undefined == "undefined: the others never agreed on anything but 'Yes'"
    assert quality["Yes"].informedness.undefined == quality["Yes"].specificity.undefined


def test_gold_is_flagged_only_when_confidently_below_the_limit() -> None:
    assert not checked_share(3, 5, limit=0.8).flagged
    assert checked_share(30, 50, limit=0.8).flagged
    assert not checked_share(39, 50, limit=0.8).flagged
    nothing = checked_share(0, 0, limit=0.8)
    assert not nothing.flagged
    assert nothing.share.undefined == "undefined: no answers"
    share = checked_share(8, 10)
    assert share.share == Measure(0.8)
    assert (share.interval.lower, share.interval.upper) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_self_agreement_counts_only_repeats_that_are_far_apart() -> None:
    fillers = [(f"f{index}", "Yes") for index in range(60)]
    labels = [("a", "Yes"), ("b", "No"), *fillers, ("a", "Yes"), ("b", "Yes"), ("a", "No")]
    found = self_agreement(labels)
    assert (found.right, found.answered) == (1, 2)
    assert self_agreement([("a", "Yes"), *fillers[:48], ("a", "Yes")]).answered == 0
    assert self_agreement([("a", "Yes"), *fillers[:49], ("a", "Yes")]).answered == 1


def test_entropy_and_runs() -> None:
    assert answer_entropy(["Yes"] * 9) == Measure(0.0)
    assert answer_entropy(["Yes", "No"] * 5).value == pytest.approx(1)
    assert answer_entropy([]).undefined == "undefined: no answers"
    assert longest_run(["Yes", "Yes", "No", "Yes", "Yes", "Yes", "No"]) == 3
    assert longest_run([]) == 0


def test_typical_seconds_leave_idle_time_out() -> None:
    assert typical_seconds([4, 6, 5, 4000]) == Measure(5)
    assert typical_seconds([4000]).undefined is not None
