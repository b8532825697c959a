"""The share guaranteed after rulings, against the formula in letters."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from db.evidence import FirstAnswer
from review.guarantee import after_rulings, guaranteed_share
from review.policy import Criterion
from review.rulings import Outcome
from review.sample import Sample, SampledExample
from review.settling import settle
from review.stats.shares import confidence_sequence

AGREEMENT = Criterion("label", "agreement", "lower", Decimal("0.90"))
KINDS: list[Outcome] = ["dropped", "relabelled", "edited"]


def example(number: int, *, agreed: bool) -> SampledExample:
    label = " Yes" if agreed else " No"
    answers = tuple(FirstAnswer(number, who, label, 4, False) for who in (1, 2))
    return SampledExample(number, " Yes", (" Yes", " No"), answers, settle([label, label]))


def sample(good: int, bad: int, total: int, outcomes: dict[int, Outcome], before: tuple[bool, ...] = ()) -> Sample:
    """Examples 0 to good - 1 are agreed, then come bad ones; those from good + bad on are not reviewed."""
    examples = tuple(example(number, agreed=number < good) for number in range(good + bad))
    earlier = tuple(example(1000 + number, agreed=agreed) for number, agreed in enumerate(before))
    return Sample(total, examples, outcomes=outcomes, before=earlier)


def test_by_hand() -> None:
    """Of 200, 100 are reviewed and 95 of them good; two bad ones and a good one are dropped, a bad one relabelled."""
    lower = confidence_sequence(95, 100, 200).lower
    outcomes: dict[int, Outcome] = {95: "dropped", 96: "dropped", 97: "relabelled", 3: "dropped"}
    g, s, k, r = 94 + 1, 95, 97, 100
    assert guaranteed_share(sample(95, 5, 200, outcomes), 0.05) == (g + lower - s) / (k + r)


def test_unreviewed_ones_removed_count_as_good() -> None:
    lower = confidence_sequence(95, 100, 200).lower
    outcomes: dict[int, Outcome] = {150: "dropped", 151: "dropped"}
    assert guaranteed_share(sample(95, 5, 200, outcomes), 0.05) == (95 + lower - 95 - 2) / (100 + 100 - 2)
    everything: dict[int, Outcome] = dict.fromkeys(range(100, 200), "dropped")
    assert guaranteed_share(sample(95, 5, 200, everything), 0.05) == 95 / 100


def test_nothing_left_is_no_guarantee() -> None:
    gone = sample(2, 1, 3, dict.fromkeys(range(3), "dropped"))
    assert guaranteed_share(gone, 0.05) is None
    assert after_rulings(AGREEMENT, gone, delta=0.05).passes is False


def test_examples_answered_before_a_reopening_ship_too() -> None:
    ruled = sample(10, 0, 10, {1001: "relabelled"}, before=(True, False, False))
    assert guaranteed_share(ruled, 0.05) == 12 / 13


@given(st.data())
def test_never_more_than_what_is_right_whatever_the_rest(data: st.DataObject) -> None:
    """Whenever the bound of the sample holds, so does that of the release, with the worst rest that is left."""
    good, bad, rest = (data.draw(st.integers(0, 12)) for _ in range(3))
    total = good + bad + rest
    outcomes = data.draw(st.dictionaries(st.integers(0, max(0, total - 1)), st.sampled_from(KINDS)))
    outcomes = outcomes if total else {}
    share = guaranteed_share(sample(good, bad, total, outcomes), 0.05)
    truth = data.draw(st.lists(st.booleans(), min_size=rest, max_size=rest))
    lower = confidence_sequence(good, good + bad, total).lower if total else 0
    if good + sum(truth) < lower or share is None:
        return
    right = [number < good for number in range(good + bad)] + truth
    release = [
        right[number] or outcomes.get(number) is not None
        for number in range(total)
        if outcomes.get(number) != "dropped"
    ]
    assert share <= sum(release) / len(release) + 1e-12
