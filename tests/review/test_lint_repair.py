"""Which examples a repair by rule removes."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from review.formats.choices import Choice
from review.lint import LintItem, facts
from review.lint.repair import ItemRemoval, removals

YES_NO = (Choice(" Yes", "Yes"), Choice(" No", "No"))
LIMITS = {
    "exact_duplicates": 0.0,
    "near_duplicate_share": 0.1,
    "largest_class_excess": 0.05,
    "unreadable_choices": 0.0,
}


def item(number: int | str, text: str, intended: str | None = None) -> LintItem:
    return LintItem(number, text, YES_NO, intended or (" Yes", " No")[int(number) % 2])


def unlike(count: int, start: int = 0) -> list[LintItem]:
    """Texts that have nothing in common, the labels taking turns."""
    return [item(i, random.Random(i).randbytes(16).hex()) for i in range(start, start + count)]


def plan(
    items: list[LintItem], *, kept: set[int] | None = None, limits: dict[str, float] | None = None
) -> list[ItemRemoval]:
    return removals(items, kept=kept or set(), limits=LIMITS if limits is None else limits, place=_place)


def _place(one: LintItem) -> int:
    return int(one.id) * 7919 % 1009


def removed(items: list[LintItem], *, kept: set[int] | None = None) -> list[tuple[int | str, str, int | str | None]]:
    return [(one.item.id, one.code, one.twin.id if one.twin else None) for one in plan(items, kept=kept)]


def test_a_clean_dataset_stays_as_it_is() -> None:
    assert plan(unlike(40)) == plan([]) == []


def test_what_cannot_be_used_goes() -> None:
    items = [*unlike(20), LintItem(20, "a", YES_NO, None), LintItem(21, "b", (), None)]
    assert removed(items) == [(20, "intended-not-among-choices", None), (21, "unreadable-choices", None)]
    assert removed(items, kept={20}) == [(21, "unreadable-choices", None)]


def test_of_equal_texts_the_first_stays() -> None:
    items = [*unlike(60), item(60, "same"), item(61, "same", " Yes"), item(62, "same"), item(63, "same")]
    assert removed(items) == [(number, "exact-duplicates", 60) for number in (61, 62, 63)]


def test_of_equal_texts_an_answered_one_stays() -> None:
    items = [*unlike(60), item(60, "same"), item(61, "same"), item(62, "same")]
    assert removed(items, kept={61}) == [(60, "exact-duplicates", 61), (62, "exact-duplicates", 61)]
    assert removed(items, kept={60, 62}) == [(61, "exact-duplicates", 60)]


def twins(count: int, start: int) -> list[LintItem]:
    """Pairs of texts that differ in their last letter."""
    return [
        item(start + 2 * i + j, f"{random.Random(1000 + i).randbytes(20).hex()}{'zy'[j]}")
        for i in range(count)
        for j in range(2)
    ]


def test_near_duplicates_go_down_to_the_limit_and_no_further() -> None:
    items = [*unlike(80), *twins(10, 80)]  # 20 of 100 have a twin
    gone = removed(items)
    assert {code for _, code, _ in gone} == {"near-duplicates"}
    assert all(int(number) % 2 == 1 and twin == int(number) - 1 for number, _, twin in gone)  # the later of a pair
    rest = [one for one in items if one.id not in {number for number, _, _ in gone}]
    [share] = [fact.value for fact in facts(rest) if fact.name == "near_duplicate_share"]
    assert share is not None
    assert share <= 0.1
    assert len(gone) == 6  # with 5 gone, 10 of 95 still have a twin; with 6 it is 8 of 94
    assert removed([*unlike(81), *twins(4, 82)]) == []


def test_of_near_duplicates_an_answered_one_stays() -> None:
    items = [item(one.id, one.text, " Yes") for one in [*unlike(10), *twins(2, 10)]]
    assert removed(items) == [(11, "near-duplicates", 10), (13, "near-duplicates", 12)]
    assert {number for number, _, _ in removed(items, kept={11, 13})} == {10, 12}
    assert removed(items, kept={10, 11, 12, 13}) == []


def test_the_larger_class_is_cut_to_the_smaller_one() -> None:
    items = [item(one.id, one.text, " Yes" if int(one.id) < 60 else " No") for one in unlike(80)]
    gone = plan(items)
    assert len(gone) == 40
    assert {one.code for one in gone} == {"label-imbalance"}
    assert {one.reason for one in gone} == {"'Yes' was intended in 60 examples, and another label in 20"}
    places = sorted(_place(one) for one in items[:60])
    assert {_place(one.item) for one in gone} == set(places[20:])
    kept = {int(one.item.id) for one in gone[:30]}
    assert not kept & {int(one.item.id) for one in plan(items, kept=kept)}


def test_a_label_that_hardly_occurs_cannot_be_balanced() -> None:
    items = [item(one.id, one.text, " Yes") for one in unlike(80)]
    assert plan(items) == []
    assert plan([*items, item(100, "other", " No")]) == []


def test_without_a_limit_nothing_is_done() -> None:
    items = [*[item(one.id, one.text, " Yes") for one in unlike(30)], item(30, "x", " No"), item(31, "x", " No")]
    assert plan(items, limits={}) == []


def test_one_repair_may_call_for_another() -> None:
    repeats = [item(100 + i, f"again {i // 4}", " No") for i in range(40)]
    items = [*[item(one.id, one.text, " Yes") for one in unlike(30)], *repeats]
    codes = Counter(one.code for one in plan(items))
    assert codes["exact-duplicates"] == 30
    assert codes["label-imbalance"] == 20


TEXTS = st.sampled_from(["bees", "bees and", "wasps", "hornets fly", "hornets fly.", "ants", "moths at night", "flies"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(TEXTS, st.sampled_from([" Yes", " No", None])), max_size=25),
    st.sets(st.integers(0, 24)),
)
def test_whatever_is_left_is_within_the_limits_or_had_to_stay(
    rows: list[tuple[str, str | None]], kept: set[int]
) -> None:
    items = [LintItem(number, text, YES_NO, label) for number, (text, label) in enumerate(rows)]
    gone = {one.item.id for one in plan(items, kept=kept)}
    assert not gone & kept
    rest = [one for one in items if one.id not in gone]
    assert plan(rest, kept=kept) == []
    assert plan(items, kept=kept) == plan(items, kept=kept)
    if not kept:
        measured = {fact.name: fact.value or 0 for fact in facts(rest)}
        assert measured["exact_duplicates"] == measured["unreadable_choices"] == 0
        assert measured["near_duplicate_share"] <= 0.1
