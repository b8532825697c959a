from fractions import Fraction
from itertools import product

import pytest

from review.assignment.settling import places_at_first, settle

SKIP = None
SEQUENCES = [
    sequence for length in range(6) for sequence in product(("A", "B", "C", SKIP), repeat=length)
]  # fmt: skip


def restated(answers: tuple[str | None, ...], always_three: bool) -> tuple[bool, bool, str | None]:
    """The rule as STATISTICS.md words it: settled, settled by skips, consensus."""
    labels = [answer for answer in answers if answer is not SKIP]
    two_equal = any(labels.count(label) >= 2 for label in labels)
    three_labels = len(labels) >= 3
    two_skips = list(answers).count(SKIP) >= 2
    by_labels = three_labels or (two_equal and not always_three)
    more_than_half = [label for label in set(labels) if Fraction(labels.count(label), len(labels)) > Fraction(1, 2)]
    by_skips = two_skips and not by_labels
    consensus = more_than_half[0] if more_than_half and not by_skips else None
    return by_labels or two_skips, by_skips, consensus


@pytest.mark.parametrize("always_three", [False, True])
def test_every_sequence_of_answers(always_three: bool) -> None:
    for answers in SEQUENCES:
        found = settle(answers, always_three=always_three)
        assert (found.settled, found.skipped, found.consensus) == restated(answers, always_three), answers


@pytest.mark.parametrize("always_three", [False, True])
def test_nobody_is_asked_in_vain(always_three: bool) -> None:
    """As many are asked at the same time as will all be needed, whatever the others say, if none skips."""
    for answers in SEQUENCES:
        found = settle(answers, always_three=always_three)
        assert (found.wanted == 0) == found.settled, answers
        assert found.wanted >= 0
        for further in product("ABC", repeat=max(0, found.wanted - 1)):
            if not found.settled:
                assert not settle(answers + further, always_three=always_three).settled, (answers, further)
        more_still = [
            settle(answers + further, always_three=always_three).settled
            for further in product("ABC", repeat=found.wanted)
        ]
        assert any(more_still), answers


def test_a_third_is_asked_on_disputes_only() -> None:
    assert settle(["A", "A"]).wanted == 0
    assert settle(["A", "B"]).wanted == 1
    assert settle(["A", "A"], always_three=True).wanted == 1


def test_the_order_of_answers_makes_no_difference() -> None:
    for answers in SEQUENCES:
        for always_three in (False, True):
            assert settle(answers, always_three=always_three) == settle(
                sorted(answers, key=str), always_three=always_three
            )


def test_places_of_a_new_example_are_those_that_its_first_answers_want() -> None:
    for always_three in (False, True):
        assert places_at_first(always_three=always_three) == settle([], always_three=always_three).wanted
