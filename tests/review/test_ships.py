"""What is guaranteed of all that ships, after a reopening and after rulings, for every criterion."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import ceil, inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.records import BlindAnswer
from review.assignment.settling import settle
from review.gate.evidence import AFTER_RULINGS, OF_ALL, Evidence, measure_each
from review.gate.policy import Criterion, Policy
from review.gate.sample import Sample, SampledExample
from review.gate.starts import Start
from review.lead.rulings import RulingOutcome
from review.stats.one_sided import fewest_good, share_e_value

YES, NO = " Yes", " No"
AGREEMENT = Criterion("label", "agreement", "lower", Decimal("0.90"))
RELEVANCE = Criterion("relevance", "mean", "lower", Decimal("3.5"))
AMBIGUOUS = Criterion("ambiguous", "share", "upper", Decimal("0.15"))
ALPHA = Criterion("label", "alpha", "lower", Decimal("0.667"))
POLICY = Policy("all", 0.05, 1, (AGREEMENT, RELEVANCE, AMBIGUOUS, ALPHA), (), "")
LEVEL = 0.9 * 0.05
KINDS: list[RulingOutcome] = ["dropped", "relabelled", "edited"]


def example(number: int, *, agreed: bool = True, relevance: int = 4, ambiguous: bool = False) -> SampledExample:
    intended = (YES, NO)[number % 2]
    label = intended if agreed else {YES: NO, NO: YES}[intended]
    answers = tuple(BlindAnswer(number, who, label, relevance, ambiguous) for who in (1, 2))
    return SampledExample(number, intended, (YES, NO), answers, settle([label, label]))


def sample(
    good: int, bad: int, total: int, outcomes: dict[int, RulingOutcome], before: tuple[bool, ...] = ()
) -> Sample:
    """Examples 0 to good - 1 are agreed, then come bad ones; those from good + bad on are not reviewed."""
    examples = tuple(example(number, agreed=number < good) for number in range(good + bad))
    earlier = tuple(example(1000 + number, agreed=agreed) for number, agreed in enumerate(before))
    return Sample(total, examples, outcomes=outcomes, before=earlier)


def of_all(of: Sample, suffix: str = OF_ALL) -> dict[str, Evidence]:
    return {
        piece.name.removesuffix(f" {suffix}"): piece
        for piece in measure_each(of, POLICY, criteria=4)
        if piece.name.endswith(suffix)
    }


def ruled(of: Sample) -> dict[str, Evidence]:
    return of_all(of, AFTER_RULINGS)


def label_share(of: Sample) -> float | None:
    return ruled(of)["label agreement"].lower


def test_by_hand() -> None:
    """Of 200, 100 are reviewed and 95 of them good; two bad ones and a good one are dropped, a bad one relabelled."""
    lower = fewest_good(95, 100, 200, LEVEL)
    outcomes: dict[int, RulingOutcome] = {95: "dropped", 96: "dropped", 97: "relabelled", 3: "dropped"}
    g, s, k, r = 94 + 1, 95, 97, 100
    piece = ruled(sample(95, 5, 200, outcomes))["label agreement"]
    assert piece.lower == (g + lower - s) / (k + r)
    needed = ceil(Decimal("0.90") * (k + r)) - g + s
    assert piece.e_value == 0.9 * share_e_value(95, 100, 200, needed)
    assert piece.note == "3 dropped, 1 relabelled"


def test_unreviewed_ones_removed_count_as_good() -> None:
    lower = fewest_good(95, 100, 200, LEVEL)
    outcomes: dict[int, RulingOutcome] = {150: "dropped", 151: "dropped"}
    assert label_share(sample(95, 5, 200, outcomes)) == (95 + lower - 95 - 2) / (100 + 100 - 2)
    everything: dict[int, RulingOutcome] = dict.fromkeys(range(100, 200), "dropped")
    assert label_share(sample(95, 5, 200, everything)) == 95 / 100


def test_nothing_left_is_no_guarantee() -> None:
    pieces = ruled(sample(2, 1, 3, dict.fromkeys(range(3), "dropped")))
    assert all(piece.passes is not True and piece.lower is None for piece in pieces.values())


def test_the_portfolio_has_the_evidence_on_all_that_ships() -> None:
    """160 of 200 before, then 194 of 200 of 800: the rest alone speaks for itself, all that ships hardly."""
    examples = tuple(example(number, agreed=number % 33 != 5) for number in range(200))
    before = tuple(example(1000 + number, agreed=number % 5 > 0) for number in range(200))
    assert (sum(one.agreed for one in examples), sum(one.agreed for one in before)) == (194, 160)
    pieces = list(measure_each(Sample(800, examples, before=before, start=Start(2)), POLICY, criteria=4))
    alone, whole = (
        next(piece for piece in pieces if piece.name == name)
        for name in ("label agreement", f"label agreement {OF_ALL}")
    )
    assert alone.e_value is not None
    assert whole.e_value is not None
    assert alone.e_value > 200
    assert whole.e_value == min(piece.e_value or 0.0 for piece in pieces) <= 40


def test_bad_relevance_and_ambiguity_from_before_are_in_what_ships() -> None:
    """60 of relevance 1 and ambiguous, then 140 good ones: all 200 ship, with a mean of 3.1 and 30 % ambiguous."""
    before = tuple(example(1000 + number, relevance=1, ambiguous=True) for number in range(60))
    pieces = of_all(Sample(140, tuple(example(number) for number in range(140)), before=before))
    assert (pieces["relevance mean"].value, pieces["relevance mean"].upper) == pytest.approx((3.1, 3.1))
    assert pieces["ambiguous share"].lower == pytest.approx(0.3)
    for name in ("relevance mean", "ambiguous share"):
        assert (pieces[name].passes, pieces[name].failed) == (False, True)
    assert pieces["label agreement"].passes
    assert pieces["label alpha"].passes


def test_alpha_of_all_that_ships_knows_what_was_before() -> None:
    """Before, both said the opposite half of the time; after, they agree."""
    before = []
    for number in range(100):
        labels = (YES, NO) if number % 2 else (YES, YES) if number % 4 else (NO, NO)
        answers = tuple(BlindAnswer(number, who, label, 4, False) for who, label in enumerate(labels))
        before.append(SampledExample(1000 + number, YES, (YES, NO), answers, settle(labels)))
    after = tuple(example(number) for number in range(100))
    pieces = of_all(Sample(100, after, before=tuple(before)))
    assert pieces["label alpha"].value == pytest.approx(1 - 0.25 / 0.5, abs=0.01)
    assert (pieces["label alpha"].e_value or 1.0) < 0.1
    assert of_all(Sample(100, after, before=tuple(before[:4])))["label alpha"].e_value == inf


def test_an_edited_example_ships_with_what_was_said_of_its_new_text() -> None:
    edited: dict[int, RulingOutcome] = {0: "edited"}
    base = sample(20, 0, 20, edited)
    good = replace(base, edits={0: example(0, relevance=5)})
    bad = replace(base, edits={0: example(0, relevance=1, ambiguous=True)})
    assert ruled(good)["relevance mean"].value == pytest.approx(4.05)
    assert ruled(bad)["relevance mean"].value == pytest.approx(3.85)
    assert ruled(bad)["ambiguous share"].value == pytest.approx(0.05)


def test_what_was_ruled_on_unseen_is_unknown_but_for_its_label() -> None:
    pieces = ruled(sample(100, 0, 200, {150: "relabelled"}))
    assert pieces["label agreement"].n == pieces["relevance mean"].n == 101
    seen = ruled(sample(100, 0, 200, {50: "relabelled"}))
    for name in ("relevance mean", "label alpha"):
        known, unknown = seen[name].lower, pieces[name].lower
        assert known is not None
        assert unknown is not None
        assert unknown < known


def test_rulings_reject_nothing() -> None:
    """They can be taken back."""
    pieces = ruled(sample(30, 0, 40, dict.fromkeys(range(29), "dropped")))
    assert not any(piece.failed for piece in pieces.values())


def test_rulings_never_let_pass_what_was_answered_before() -> None:
    """All that was bad before is dropped, and the rest is small and good: what was answered stays what it was."""
    before = tuple(example(1000 + number, agreed=number % 2 > 0) for number in range(200))
    drops: dict[int, RulingOutcome] = {one.id: "dropped" for one in before if not one.agreed}
    rest = tuple(example(number) for number in range(2))
    for of in (Sample(2, rest, before=before, outcomes=drops), Sample(0, (), before=before, outcomes=drops)):
        assert ruled(of)["label agreement"].passes
        assert (of_all(of)["label agreement"].passes, of_all(of)["label agreement"].failed) == (False, True)


def test_where_all_was_answered_before_it_is_known_exactly() -> None:
    before = tuple(example(1000 + number, agreed=number > 3) for number in range(50))
    pieces = list(measure_each(Sample(0, (), before=before), POLICY, criteria=4))
    assert [piece.name for piece in pieces] == [f"{one.name} {OF_ALL}" for one in POLICY.criteria]
    agreement, relevance, _, alpha = pieces
    assert (agreement.lower, agreement.upper, agreement.passes, agreement.e_value) == (0.92, 0.92, True, inf)
    assert (relevance.value, relevance.e_value, alpha.e_value) == (4.0, inf, inf)


@given(st.data())
@settings(deadline=None)
def test_never_more_than_what_is_true_whatever_the_rest(data: st.DataObject) -> None:
    """Whenever the bound of the sample holds, so does that of the release, with the worst rest that is left."""
    good, bad, rest = (data.draw(st.integers(0, 12)) for _ in range(3))
    total = good + bad + rest
    outcomes = data.draw(st.dictionaries(st.integers(0, max(0, total - 1)), st.sampled_from(KINDS)))
    before = tuple(data.draw(st.lists(st.booleans(), max_size=4)))
    of = sample(good, bad, total, outcomes if total else {}, before)
    if not of.outcomes:
        return
    share = label_share(of)
    truth = data.draw(st.lists(st.booleans(), min_size=rest, max_size=rest))
    lower = fewest_good(good, good + bad, total, LEVEL) if total else 0
    if good + sum(truth) < lower or share is None:
        return
    right = [number < good for number in range(good + bad)] + truth
    release = [
        right[number] or of.outcomes.get(number) is not None
        for number in range(total)
        if of.outcomes.get(number) != "dropped"
    ] + list(before)
    assert share <= sum(release) / len(release) + 1e-12
