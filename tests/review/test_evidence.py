"""Each criterion on samples made by hand, against the statistics it is made of; open examples count both ways."""

from __future__ import annotations

import math
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.records import BlindAnswer
from review.assignment.settling import settle
from review.gate.evidence import Evidence, measure
from review.gate.policy import MEASURES, Bound, Criterion
from review.gate.sample import Sample, SampledExample
from review.stats.coefficients import krippendorff_alpha
from review.stats.means import lower_confidence_bound, mean_e_value, upper_confidence_bound
from review.stats.one_sided import fewest_good, share_e_value
from review.stats.shares import confidence_sequence, least_count

YES, NO = " Yes", " No"
LEVEL = 0.9 * 0.05
"""The error level of the first sequence."""

Given = tuple[str | None, int | None, bool]

AGREEMENT = Criterion("label", "agreement", "lower", Decimal("0.90"))
RELEVANCE = Criterion("relevance", "mean", "lower", Decimal("3.5"))
AMBIGUOUS = Criterion("ambiguous", "share", "upper", Decimal("0.15"))
ALPHA = Criterion("label", "alpha", "lower", Decimal("0.667"))
ALL = [AGREEMENT, RELEVANCE, AMBIGUOUS, ALPHA]


def example(number: int, intended: str | None, *answers: Given) -> SampledExample:
    given = tuple(BlindAnswer(number, annotator, *answer) for annotator, answer in enumerate(answers))
    return SampledExample(number, intended, (YES, NO), given, settle([answer.label for answer in given]))


def said(label: str | None, relevance: int | None = 4, *, ambiguous: bool = False) -> Given:
    return (label, None if label is None else relevance, ambiguous)


def sample(*examples: SampledExample, total: int = 100) -> Sample:
    return Sample(total, examples)


def measured(criterion: Criterion, *examples: SampledExample, total: int = 100) -> Evidence:
    return measure(criterion, sample(*examples, total=total), delta=0.05, criteria=4)


def agreed(number: int) -> SampledExample:
    label = (YES, NO)[number % 2]
    return example(number, label, said(label), said(label))


def disagreed(number: int) -> SampledExample:
    label = (YES, NO)[number % 2]
    return example(number, NO if label == YES else YES, said(label), said(label))


def disputed(number: int) -> SampledExample:
    return example(number, YES, said(YES), said(NO))


def skipped(number: int) -> SampledExample:
    return example(number, YES, said(None), said(None))


# Label agreement


def test_agreement_is_the_sequence_of_the_agreed() -> None:
    examples = [*(agreed(number) for number in range(60)), *(disagreed(number) for number in range(60, 64))]
    piece = measured(AGREEMENT, *examples, total=300)
    assert (piece.n, piece.value, piece.guarantee) == (64, 60 / 64, "anytime")
    assert piece.lower == fewest_good(60, 64, 300, LEVEL) / 300
    assert piece.upper == confidence_sequence(60, 64, 300, prior=(20, 1), delta=LEVEL).upper_share
    assert piece.passes == (piece.lower >= 0.90)
    assert piece.e_value == 0.9 * share_e_value(60, 64, 300, least_count(Decimal("0.90"), 300))


def test_an_open_example_counts_against_below_and_for_above() -> None:
    piece = measured(AGREEMENT, *(agreed(number) for number in range(50)), disputed(50))
    assert piece.lower == fewest_good(50, 51, 100, LEVEL) / 100
    assert piece.upper == confidence_sequence(51, 51, 100, prior=(20, 1), delta=LEVEL).upper_share
    assert (piece.n, piece.value) == (51, 1.0)


@pytest.mark.parametrize(
    "odd",
    [
        disagreed(50),
        skipped(50),
        example(50, None, said(YES), said(YES)),
        example(50, YES, said(YES), said(NO), said(NO)),
    ],
    ids=["another label", "skipped", "no intended label", "the majority says another"],
)
def test_what_is_settled_and_not_agreed_counts_against_on_both_sides(odd: SampledExample) -> None:
    piece = measured(AGREEMENT, *(agreed(number) for number in range(50)), odd)
    assert piece.upper == confidence_sequence(50, 51, 100, prior=(20, 1), delta=LEVEL).upper_share
    assert piece.value == 50 / 51


def test_a_third_answer_decides_a_dispute() -> None:
    won = example(1, YES, said(YES), said(NO), said(YES))
    assert won.agreed
    assert measured(AGREEMENT, won, total=1).lower == 1.0


def test_the_whole_dataset_is_known_exactly() -> None:
    examples = [*(agreed(number) for number in range(91)), *(disagreed(number) for number in range(9))]
    piece = measured(AGREEMENT, *examples, total=100)
    assert (piece.lower, piece.upper, piece.passes, piece.failed) == (0.91, 0.91, True, False)
    piece = measured(AGREEMENT, *examples[2:], disagreed(200), disagreed(201), total=100)
    assert (piece.lower, piece.passes, piece.failed) == (0.89, False, True)


# Relevance


def test_relevance_is_the_mean_of_the_first_two_ratings() -> None:
    examples = [example(number, YES, said(YES, 4), said(YES, 5)) for number in range(40)]
    piece = measured(RELEVANCE, *examples)
    shares = [3.5 / 4] * 40
    assert piece.value == 4.5
    assert piece.lower == pytest.approx(1 + 4 * lower_confidence_bound(shares, 100, LEVEL))
    assert piece.upper == pytest.approx(1 + 4 * upper_confidence_bound(shares, 100, LEVEL))
    assert piece.e_value == pytest.approx(0.9 * mean_e_value(shares, 100, (3.5 - 1) / 4))
    assert piece.passes


def test_a_third_rating_is_left_out() -> None:
    third = example(1, YES, said(YES, 1), said(NO, 1), said(YES, 5))
    assert measured(RELEVANCE, third, total=1).value == 1.0


def test_a_skip_is_no_rating() -> None:
    piece = measured(RELEVANCE, example(1, YES, said(None), said(YES, 2), said(YES, 4)), total=1)
    assert piece.value == 3.0


@pytest.mark.parametrize("odd", [disputed(9), skipped(9)], ids=["open", "skipped"])
def test_what_is_not_rated_is_one_below_and_five_above(odd: SampledExample) -> None:
    known = [example(number, YES, said(YES, 4), said(YES, 4)) for number in range(9)]
    piece = measured(RELEVANCE, *known, odd)
    assert piece.value == 4.0
    assert piece.lower == pytest.approx(1 + 4 * lower_confidence_bound([0.75] * 9 + [0.0], 100, LEVEL))
    assert piece.upper == pytest.approx(1 + 4 * upper_confidence_bound([0.75] * 9 + [1.0], 100, LEVEL))


# Ambiguity


def test_ambiguous_is_when_half_of_the_first_two_say_so() -> None:
    one = example(1, YES, said(YES, ambiguous=True), said(YES))
    none = example(2, YES, said(YES), said(YES))
    third = example(3, YES, said(YES), said(NO), said(YES, ambiguous=True))
    assert measured(AMBIGUOUS, one, total=1).value == 1.0
    assert measured(AMBIGUOUS, none, total=1).value == 0.0
    assert measured(AMBIGUOUS, third, total=1).value == 0.0


def test_ambiguity_is_bounded_by_its_complement() -> None:
    examples = [example(number, YES, said(YES, ambiguous=number < 3), said(YES)) for number in range(60)]
    piece = measured(AMBIGUOUS, *examples)
    clear = confidence_sequence(57, 60, 100, prior=(20, 1), delta=LEVEL)
    assert piece.bound == "upper"
    assert piece.value == pytest.approx(3 / 60)
    assert piece.upper == pytest.approx(1 - fewest_good(57, 60, 100, LEVEL) / 100)
    assert piece.lower == pytest.approx(1 - clear.upper_share)
    assert piece.threshold == 0.15
    assert piece.passes == (fewest_good(57, 60, 100, LEVEL) >= 85)


@pytest.mark.parametrize("odd", [disputed(50), skipped(50)], ids=["open", "skipped"])
def test_what_is_not_known_is_ambiguous_above_and_clear_below(odd: SampledExample) -> None:
    piece = measured(AMBIGUOUS, *(agreed(number) for number in range(50)), odd)
    assert piece.upper == pytest.approx(1 - fewest_good(50, 51, 100, LEVEL) / 100)
    assert piece.lower == pytest.approx(1 - confidence_sequence(51, 51, 100, prior=(20, 1), delta=LEVEL).upper_share)


# Alpha


def test_alpha_uses_the_first_two_answers_and_open_disputes_too() -> None:
    examples = [
        *(agreed(number) for number in range(80)),
        disputed(80),
        example(81, YES, said(YES), said(NO), said(NO)),
    ]
    piece = measured(ALPHA, *examples)
    pairs: list[list[str]] = [[YES, YES], [NO, NO]] * 40 + [[YES, NO], [YES, NO]]
    assert piece.value == pytest.approx(krippendorff_alpha(pairs, "nominal").value)
    assert piece.lower is not None
    assert piece.upper is not None
    assert piece.value is not None
    assert piece.lower <= piece.value <= piece.upper


def test_one_value_only_neither_passes_nor_fails() -> None:
    piece = measured(ALPHA, *(example(number, YES, said(YES), said(YES)) for number in range(100)))
    assert (piece.passes, piece.failed, piece.lower, piece.upper, piece.value) == (None, False, None, None, None)
    assert piece.note == "no variation: reliability cannot be shown"


# What holds of every criterion


@pytest.mark.parametrize("criterion", ALL, ids=lambda criterion: criterion.name)
def test_nothing_reviewed_yet_passes_nothing_and_fails_nothing(criterion: Criterion) -> None:
    for total in (0, 1, 1000):
        piece = measured(criterion, total=total)
        assert not piece.passes
        assert (piece.failed, piece.value, piece.n) == (False, None, 0)
        assert piece.note


thresholds = [
    Criterion(question, statistic, bound, Decimal(threshold))
    for (question, statistic), bound in MEASURES.items()
    for threshold in (("1", "5") if question == "relevance" else ("0", "1"))
]


@pytest.mark.parametrize("criterion", thresholds, ids=lambda each: f"{each.name} {each.threshold}")
@pytest.mark.parametrize("reviewed", [0, 1, 30])
def test_thresholds_at_the_end_of_the_scale(criterion: Criterion, reviewed: int) -> None:
    piece = measured(criterion, *(agreed(number) for number in range(reviewed)), total=30)
    check(piece)


given_answers = st.tuples(
    st.sampled_from([YES, YES, NO, None]), st.integers(1, 5), st.booleans()
).map(lambda drawn: said(drawn[0], drawn[1], ambiguous=drawn[2]))  # fmt: skip
examples_of_all_kinds = st.lists(
    st.tuples(st.sampled_from([YES, NO, None]), st.lists(given_answers, max_size=3)), max_size=25
)


def check(piece: Evidence) -> None:
    assert not (piece.passes and piece.failed)
    numbers = [piece.value, piece.lower, piece.upper, piece.e_value]
    assert not any(number is not None and math.isnan(number) for number in numbers)
    assert (piece.lower is None) == (piece.upper is None)
    if piece.lower is not None and piece.upper is not None:
        assert piece.lower <= piece.upper + 1e-12
    if piece.e_value is not None:
        assert piece.e_value >= 0


@given(examples_of_all_kinds, st.integers(0, 30), st.sampled_from(ALL))
def test_evidence_is_consistent_whatever_was_answered(
    drawn: list[tuple[str | None, list[Given]]], more: int, criterion: Criterion
) -> None:
    examples = [example(number, intended, *answers) for number, (intended, answers) in enumerate(drawn)]
    piece = measured(criterion, *examples, total=len(examples) + more)
    check(piece)
    assert piece.n == (len(examples) if len(examples) + more and examples else piece.n)
    if piece.passes is not None and piece.e_value is not None:
        assert piece.passes == (piece.e_value >= 1 / 0.05)


def test_rejecting_shares_its_error_level_among_the_criteria() -> None:
    """Whether a piece fails is judged at delta / criteria, more strictly than its bound at delta."""
    chance = random.Random(4)
    between = 0
    for number in range(400):
        bad = chance.randrange(0, 16)
        examples = [*(agreed(n) for n in range(40 - bad)), *(disagreed(n) for n in range(bad))]
        alone, among = (
            measure(AGREEMENT, sample(*examples, total=200), delta=0.05, criteria=count) for count in (1, 4)
        )
        assert alone.failed or not among.failed
        assert (alone.lower, alone.passes) == (among.lower, among.passes)
        between += alone.failed and not among.failed
        assert number >= 0
    assert between > 0


def test_the_bound_of_each_measure_is_the_one_that_a_policy_may_ask_for() -> None:
    bounds: dict[str, Bound] = {criterion.name: criterion.bound for criterion in ALL}
    assert bounds == {f"{question} {statistic}": bound for (question, statistic), bound in MEASURES.items()}
