"""Examples that say the same are read once: the figures are those of reading every example for itself."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.records import AnswerValue, BlindAnswer, Question
from review.annotation.questions import RELEVANCE, YES_NO
from review.assignment.settling import settle, until_settled
from review.gate.decision import evidence_of
from review.gate.first_two import PairsOf, is_yes, rating
from review.gate.forecast import forecast
from review.gate.policy import Criterion, Policy
from review.gate.sample import Sample, SampledExample, alike
from review.gate.share_case import spread_evenly
from review.gate.starts import ScoreTotals, Start
from review.gate.what_ships import Ships
from review.lead.rulings import RulingOutcome
from review.stats.repeated import Repeated

HARM = Question("harm", "scale", "How harmful?", ("None", "Some", "Extreme"))
CLEAR = Question("clear", "yes-no", "Is it clear?", YES_NO)
WHY = Question("why", "text", "Why?", ())
ASKED = (HARM, CLEAR, WHY)
OUTCOMES: list[RulingOutcome] = ["dropped", "relabelled", "edited"]
POLICY = Policy(
    "all",
    0.05,
    50,
    (
        Criterion("label", "agreement", "lower", Decimal("0.90")),
        Criterion("relevance", "mean", "lower", Decimal("3.5")),
        Criterion("ambiguous", "share", "upper", Decimal("0.15")),
        Criterion("label", "alpha", "lower", Decimal("0.5")),
        Criterion("harm", "mean", "upper", Decimal("2")),
        Criterion("clear", "share", "lower", Decimal("0.6")),
        Criterion("clear", "alpha", "lower", Decimal("0.1")),
    ),
    (),
    "",
)


def example(chance: random.Random, number: int, classes: int, *, by_place: bool) -> SampledExample:
    """An example with up to three answers: skips, disputes, and answers that lack something."""
    names = [f"{number if by_place else ''} {place}" for place in range(classes)]
    choices = tuple(chance.choice([names, names[::-1]]))
    intended = chance.choice([*choices, None]) if chance.random() < 0.05 else chance.choice(choices)
    answers = []
    for who in range(chance.choice([1, 2, 3, 3, 3, 3])):
        label = intended if chance.random() < 0.9 else chance.choice([*choices, None])
        own: dict[str, AnswerValue] = {"harm": chance.choice([1, 1, 1, 2, 3]), "why": str(number)}
        if chance.random() < 0.95:
            own["clear"] = chance.choice(["yes", "yes", "no"])
        relevance = None if label is None else chance.choice([3, 4, 5])
        answers.append(BlindAnswer(number, who, label, relevance, label is not None and chance.random() < 0.1, own))
    counted = until_settled(answers, lambda answer: answer.label)
    settling = settle([answer.label for answer in counted])
    return SampledExample(number, intended, choices, counted, settling, chance.choice([None, 1.5, chance.random()]))


def drawn(seed: int) -> Sample:
    """A sample of any kind: by places or not, reopened or not, ruled on or not, with scores or without."""
    chance = random.Random(seed)
    size, classes, by_place = chance.choice([12, 60, 300]), chance.choice([2, 2, 3]), chance.random() < 0.3
    examples = tuple(example(chance, number, classes, by_place=by_place) for number in range(size))
    before = tuple(
        example(chance, 1000 + number, classes, by_place=by_place) for number in range(chance.choice([0, 0, 20]))
    )
    ruled = chance.sample([one.id for one in (*examples, *before)], chance.choice([0, 0, 6]))
    outcomes = {key: chance.choice(OUTCOMES) for key in ruled}
    return Sample(
        size + chance.choice([0, 100, 800]),
        examples,
        before=before,
        outcomes=outcomes,
        edits={key: example(chance, key, classes, by_place=by_place) for key in ruled if outcomes[key] == "edited"},
        questions=ASKED,
        start=Start(chance.choice([1, 2]), 2),
        scores=chance.choice([ScoreTotals(), ScoreTotals(900, 500.0, 0.1, 0.8)]),
    )


def each_for_itself(things: Any) -> Repeated[Any]:
    return Repeated(tuple(things), np.arange(len(things)))


@given(st.integers(0, 10**9))
@settings(max_examples=40, deadline=None)
def test_the_evidence_is_that_of_every_example_read_for_itself(seed: int) -> None:
    sample = drawn(seed)
    assert len(sample.alike.things) < sample.size or sample.size < 100 or len(sample.examples[0].choices[0]) > 2
    found = evidence_of([sample], [], POLICY)
    to_go = forecast([sample], found, POLICY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sample, "alike", property(lambda self: each_for_itself(self.examples)))
        patch.setattr(Ships, "alike", property(lambda self: each_for_itself(self.kept)))
        one_by_one = replace(sample)
        assert found == evidence_of([one_by_one], [], POLICY)
        assert to_go.pieces == forecast([one_by_one], found, POLICY).pieces


@given(st.integers(0, 10**9))
@settings(max_examples=40, deadline=None)
def test_what_is_read_of_one_is_true_of_all_that_are_alike(seed: int) -> None:
    sample = drawn(seed)
    for place, one in zip(sample.alike.places.tolist(), sample.examples, strict=True):
        other = sample.alike.things[place]
        assert (other.settling, other.agreed, other.choices) == (one.settling, one.agreed, one.choices)
        assert rating(other, RELEVANCE) == rating(one, RELEVANCE)
        assert rating(other, HARM) == rating(one, HARM)
        assert is_yes(other, CLEAR, "lower") == is_yes(one, CLEAR, "lower")
        pairs = PairsOf.of(None, sample)
        assert pairs.read(other) == pairs.read(one)


def test_texts_and_scores_tell_no_examples_apart_and_everything_else_does() -> None:
    said = BlindAnswer(1, 1, " Yes", 4, False, {"harm": 1, "why": "it is"})
    settled = settle([" Yes", " Yes"])
    one = SampledExample(1, " Yes", (" Yes", " No"), (said, said), settled, 0.9)
    same = replace(one, id=2, score=0.1, answers=(said, replace(said, annotator_id=7, answers={"harm": 1, "why": "?"})))
    assert alike([one, same], ASKED).places.tolist() == [0, 0]
    others = [
        replace(one, intended=" No"),
        replace(one, choices=(" No", " Yes")),
        replace(one, settling=settle([" Yes"])),
        replace(one, answers=(said,)),
        *(
            replace(one, answers=(said, replace(said, **change)))
            for change in ({"label": " No"}, {"relevance": 3}, {"ambiguous": True}, {"answers": {"harm": 2}})
        ),
    ]
    assert alike([one, *others], ASKED).places.tolist() == list(range(len(others) + 1))


@given(st.lists(st.sampled_from("abcab")), st.integers(0, 3), st.data())
def test_a_sequence_of_repeated_things_is_the_sequence(letters: list[str], more: int, data: st.DataObject) -> None:
    found = Repeated.of(letters, str.lower)
    assert [found.things[place] for place in found.places.tolist()] == letters
    assert found.counts == {letter: letters.count(letter) for letter in set(letters)}
    assert found.read(ord).array(float).tolist() == [float(ord(letter)) for letter in letters]
    kept = data.draw(st.lists(st.booleans(), min_size=len(letters), max_size=len(letters)))
    mask = np.array(kept, dtype=bool)
    some = [letter for letter, keep in zip(letters, kept, strict=True) if keep]
    assert found.where(mask).counts == {letter: some.count(letter) for letter in set(some)}
    replaced = ["c" if there else letter for letter, there in zip(letters, kept, strict=True)] + ["a"] * more
    changed = found.but("c", mask).then("a", more)
    assert [changed.things[place] for place in changed.places.tolist()] == replaced
    assert changed.counts == {letter: replaced.count(letter) for letter in set(replaced)}


@given(st.lists(st.one_of(st.none(), st.booleans()), max_size=40))
def test_the_bad_ones_are_spread_evenly_among_the_good(known: list[bool | None]) -> None:
    keyed = []
    for kind in (True, False):
        same = [place for place, good in enumerate(known) if good is kind]
        keyed += [((number + 0.5) / len(same), place) for number, place in enumerate(same)]
    assert spread_evenly(Repeated.of(known, lambda one: one)).tolist() == [place for _, place in sorted(keyed)]


@given(st.lists(st.one_of(st.none(), st.floats(-0.5, 1.5), st.just(math.nan)), max_size=20))
def test_scores_are_scaled_as_one_by_one(scores: list[float | None]) -> None:
    totals = ScoreTotals(10, 6.0, 0.2, 0.8)
    expected = [
        (min(score, 0.8) - 0.2) / (0.8 - 0.2) if score is not None and 0 <= score <= 1 else totals.mean
        for score in scores
    ]
    assert totals.scaled(scores).tolist() == expected
