"""Who labels how well: measured against the others and against gold, and flagged only where it is certain enough."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from db.quality import TimedAnswer
from db.store.connection import Connection, write
from review.agreement import AnnotatorQuality, Rating, pairs
from review.agreement.annotators import Yardstick, quality
from review.agreement.measuring import agreement
from review.stats.annotators import quality_against_others
from tests.support.annotators import Annotators, Truth
from tests.support.gold import mix_in
from tests.support.workspaces import NO, YES, make_dataset

CLASSES = (NO, YES)
NAMES = {1: "Ada", 2: "Béla"}


def truth(count: int, *, yes: float = 0.5, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    return [YES if rng.random() < yes else NO for _ in range(count)]


def two(
    ada: Sequence[str],
    bela: Sequence[str],
    *,
    seconds: float = 6.0,
    gold: Sequence[bool] | None = None,
    repeats: Sequence[bool] | None = None,
) -> dict[str, AnnotatorQuality]:
    """Two annotators on the same examples, in the same order."""
    answers = [
        TimedAnswer(annotator, 1, label, seconds) for annotator, labels in ((1, ada), (2, bela)) for label in labels
    ]
    first_two = [
        Rating(example, annotator, label)
        for annotator, labels in ((1, ada), (2, bela))
        for example, label in enumerate(labels)
    ]
    found = quality(answers, Yardstick(CLASSES, first_two, {1: gold or []}, {1: repeats or []}), NAMES)
    return {one.annotator: one for one in found}


def test_one_who_reads_has_no_flag() -> None:
    right = truth(200)
    slips = [NO if number % 40 == 0 else label for number, label in enumerate(right)]
    ada = two(slips, right)["Ada"]
    assert ada.flags == ()
    assert (ada.answered, ada.compared, ada.longest_run) == (200, 200, two(slips, right)["Ada"].longest_run)
    assert ada.informedness.value is not None
    assert ada.informedness.value > 0.9
    assert ada.seconds.value == 6.0


def test_always_yes_is_told_from_a_good_one_where_plain_accuracy_is_not() -> None:
    right = truth(400, yes=0.948)
    always = two([YES] * 400, right)["Ada"]
    assert always.informedness.value == 0.0
    assert "the same label on all 400 examples" in always.flags
    assert any("informedness 0.00" in flag for flag in always.flags)


def test_a_few_answers_unlike_the_others_flag_nobody() -> None:
    six = two([NO] * 6, [YES, NO] * 3)["Ada"]
    assert (six.informedness.value, six.compared, six.flags) == (0.0, 6, ())
    assert any("informedness" in flag for flag in two([NO] * 60, [YES, NO] * 30)["Ada"].flags)


@pytest.mark.parametrize(("wrong", "flagged"), [(2, False), (6, True)])
def test_gold_flags_only_where_wilsons_upper_end_is_below_the_limit(wrong: int, flagged: bool) -> None:
    right = truth(30)
    found = two(right, right, gold=[number >= wrong for number in range(12)])["Ada"]
    assert (found.gold.right, found.gold.answered) == (12 - wrong, 12)
    assert any("whose answer is known" in flag for flag in found.flags) == flagged
    assert found.gold.interval.upper < 0.8 if flagged else found.gold.interval.upper >= 0.8


def test_the_model_of_errors_tells_the_careless_from_the_careful(connection: Connection) -> None:
    dataset = make_dataset(connection, 300)
    Annotators(connection, dataset, Truth(hard=0.0, slip=0.02), seed=4).answer_all()
    with write(connection):
        connection.execute(
            "UPDATE annotations SET label = CASE label WHEN ? THEN ? ELSE ? END"
            " WHERE annotator_id = 3 AND example_id % 3 = 0",
            (YES, NO, YES),
        )
    found = {one.annotator: one.estimated.value for one in agreement(connection, dataset).annotators}
    assert found["Ada"] == pytest.approx(0.98, abs=0.03)
    assert found["Béla"] == pytest.approx(0.98, abs=0.03)
    assert found["Carla"] == pytest.approx(0.66, abs=0.1)
    few = make_dataset(connection, 4, name="few")
    Annotators(connection, few, Truth(), seed=4).answer_all()
    assert "needs 3 annotators and 50 shared" in str(agreement(connection, few).annotators[0].estimated.undefined)


def test_self_agreement_on_repeats() -> None:
    right = truth(60)
    steady = two(right, right, repeats=[True] * 30)["Ada"]
    assert (steady.repeats.right, steady.repeats.answered, steady.flags) == (30, 30, ())
    shaky = two(right, right, repeats=[True, False] * 15)["Ada"]
    assert shaky.flags == ("the same label again on only 15 of 30 repeats",)


def test_gold_and_repeats_of_a_dataset(connection: Connection) -> None:
    dataset = make_dataset(connection, 80)
    mix_in(connection, dataset, gold=10, gold_rate=0.1, repeat_rate=0.1)
    Annotators(connection, dataset, Truth(hard=0.0, slip=0.0), seed=4, names=("Ada", "Béla")).answer_all()
    for one in agreement(connection, dataset).annotators:
        assert one.gold.right == one.gold.answered > 0
        assert one.repeats.right == one.repeats.answered > 0
        assert (one.answered, one.informedness.value, one.flags) == (80, 1.0, ())


def test_pace_and_runs() -> None:
    right = truth(100)
    assert two(right, right, seconds=0.8)["Ada"].flags == ("0.8 seconds for an example at the median",)
    run = [YES] * 40 + right[40:]
    assert any("times in a row" in flag for flag in two(run, right)["Ada"].flags)
    few = two([YES] * 19, [YES] * 19, seconds=0.8)["Ada"]
    assert few.flags == ()


def test_the_table_of_pairs_counts_what_both_answered() -> None:
    ratings = [Rating(unit, "a", YES if unit < 6 else NO) for unit in range(10)]
    ratings += [Rating(unit, "b", YES if unit < 4 else NO) for unit in range(2, 10)]
    ratings += [Rating(unit, "c", YES) for unit in range(3)]
    found = pairs(ratings, {name: name for name in "abc"}, CLASSES)
    assert [(pair.first, pair.second, pair.shared) for pair in found] == [("a", "b", 8), ("a", "c", 3), ("b", "c", 1)]
    # Rows are what the first said, columns the second: no, yes.
    assert found[0].confusion == ((4, 0), (2, 2))
    assert found[0].agreement == 0.75
    assert found[0].kappa == pytest.approx(0.5)
    assert (found[1].agreement, found[1].kappa) == (1.0, None)
    assert found[1].undefined == "undefined: every annotator gave the same answer"


def test_quality_of_a_dataset_is_that_of_its_first_two_answers(connection: Connection) -> None:
    dataset = make_dataset(connection, 60)
    Annotators(connection, dataset, Truth(hard=0.2, skipped=0.05), seed=4).answer_all()
    found = agreement(connection, dataset)
    rows = connection.execute(
        "SELECT example_id, annotator_id, label FROM annotations WHERE skipped = 0 ORDER BY id"
    ).fetchall()
    first_two: dict[int, dict[int, str]] = {}
    for example, annotator, label in rows:
        if len(first_two.setdefault(example, {})) < 2:
            first_two[example][annotator] = label
    names = dict(connection.execute("SELECT name, id FROM annotators").fetchall())
    assert {one.annotator for one in found.annotators} == set(names)
    for one in found.annotators:
        assert one.classes == quality_against_others(first_two, names[one.annotator], CLASSES)
    (skipped,) = connection.execute("SELECT count(*) FROM annotations WHERE skipped = 1").fetchone()
    assert sum(one.skipped for one in found.annotators) == skipped > 0
    shared = sum(pair.shared for pair in found.pairs)
    assert shared == sum(len(labels) == 2 for labels in first_two.values())


def test_calibration_is_over_settled_examples_with_a_confidence(connection: Connection) -> None:
    dataset = make_dataset(connection, 40)
    Annotators(connection, dataset, Truth(hard=0.3), seed=2).answer_all()
    found = agreement(connection, dataset).calibration
    assert found is not None
    assert found.count == 40
    (full,) = [one for one in found.bins if one.count]
    assert full.confidence.value == pytest.approx(0.9)
    assert full.count == 40
