"""Head to head: pairs with one intended label, sides by the seed, each example once, blind answers kept blind."""

import pytest

from db import datasets
from db.errors import InputError
from db.records import Dataset
from db.store.connection import Connection
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import next_example, start_session
from review.assignment.settings import Changes, assign
from review.comparisons.head_to_head import Side, SideBySide, head_to_head, judge_pair, judged, next_pair
from tests.review.test_diversity import both_origins, finish
from tests.support.workspaces import NO, YES, answer, make_dataset


def judge_all(connection: Connection, first: Dataset, second: Dataset, name: str, winner: Dataset) -> list[SideBySide]:
    """Judges until there is no pair left, always for one dataset; returns what was shown."""
    shown = []
    while (pair := next_pair(connection, first, second, name)) is not None:
        shown.append(pair)
        side: Side = "left" if pair.left.dataset_id == winner.id else "right"
        judge_pair(connection, pair, side, seconds=1.0, submission=f"{name} {pair.id}")
    return shown


def intended(connection: Connection, example_id: int) -> str:
    return str(connection.execute("SELECT intended FROM examples WHERE id = ?", (example_id,)).fetchone()[0])


def test_pairs_match_on_the_intended_label_and_use_each_example_once(connection: Connection) -> None:
    first, second = both_origins(connection, 40)
    finish(connection, first, "Ada", 40)
    finish(connection, second, "Ada", 30)
    connection.execute("UPDATE examples SET intended = 'Yes ' WHERE dataset_id = ? AND intended = ' Yes'", (second.id,))
    again = next_pair(connection, second, first, "Ada")
    shown = judge_all(connection, first, second, "Ada", winner=second)
    assert shown[0] == again
    sides = [(pair.left, pair.right) for pair in shown]
    assert all(intended(connection, a.id).strip() == intended(connection, b.id).strip() for a, b in sides)
    assert {frozenset({a.dataset_id, b.dataset_id}) for a, b in sides} == {frozenset({first.id, second.id})}
    used = [example.id for pair in sides for example in pair]
    assert len(used) == len(set(used)) == 60
    assert 5 < sum(pair.swapped for pair in shown) < 25
    assert judged(connection, first, second, "Ada") == 30
    found = head_to_head(connection, first, second)
    assert (found.pairs, found.first_better, found.second_better, found.ties) == (30, 0, 30, 0)
    assert found.share.value == 0.0
    assert head_to_head(connection, second, first).share.value == 1.0


def test_nobody_is_shown_what_they_may_still_be_asked_about(connection: Connection) -> None:
    first, second = both_origins(connection, 12)
    finish(connection, first, "Ada", 12)
    assert next_pair(connection, first, second, "Ada") is None
    for name in ("Béla", "Carla"):
        finish(connection, second, name, 1)
    pair = next_pair(connection, first, second, "Ada")  # the one example that is settled without Ada
    assert pair is not None
    assert connection.execute("SELECT count(*) FROM disclosures WHERE annotator_id = 1").fetchone() == (2,)
    judge_pair(connection, pair, "tie", seconds=1.0, submission="a")
    assert next_pair(connection, first, second, "Ada") is None
    assign(connection, second, Changes(allow=("Béla",)))
    assert len(judge_all(connection, first, second, "Ada", winner=first)) == 11


def test_what_is_changed_after_a_pair_never_replaces_the_blind_answer(connection: Connection) -> None:
    first, second = both_origins(connection, 2)
    for dataset in (first, second):
        finish(connection, dataset, "Ada", 2)
    assert next_pair(connection, first, second, "Ada") is not None
    session = start_session(connection, "Ada")
    back = earlier_answer(connection, session, first)
    while back is not None:
        submit(connection, session, first, back.example, answer(NO))
        back = earlier_answer(connection, session, first, back.anchor)
    said = connection.execute(
        "SELECT occasion, label FROM annotations WHERE dataset_id = ? AND revision = (SELECT max(revision) FROM"
        " annotations AS n WHERE n.example_id = annotations.example_id AND n.occasion = annotations.occasion)"
        " ORDER BY occasion, label",
        (first.id,),
    ).fetchall()
    # One of the two examples is in the pair, the other is changed as ever.
    assert said == [("first", NO), ("first", YES), ("re-review", NO)]


def test_ties_count_half_the_newest_answer_counts_and_sides_are_watched(connection: Connection) -> None:
    first, second = both_origins(connection, 20)
    for dataset in (first, second):
        finish(connection, dataset, "Ada", 20)
    for place in range(20):
        pair = next_pair(connection, first, second, "Ada")
        assert pair is not None
        judge_pair(connection, pair, "left", seconds=1.0, submission=f"{place}")
        judge_pair(connection, pair, "left", seconds=1.0, submission=f"{place}")
        if place < 8:
            judge_pair(connection, pair, "tie", seconds=1.0, submission=f"{place} again")
    found = head_to_head(connection, first, second)
    assert (found.pairs, found.ties, found.left_better) == (20, 8, 12)
    assert found.share.value == pytest.approx((found.first_better + 4) / 20)
    value, lower, upper = found.share.value, found.share.lower, found.share.upper
    assert value is not None
    assert lower is not None
    assert upper is not None
    assert 0 < lower < value < upper < 1
    assert connection.execute("SELECT count(*) FROM pair_answers").fetchone() == (28,)
    turned = head_to_head(connection, second, first)
    assert turned.share.value == pytest.approx(1 - value)
    assert (turned.first_better, turned.left_better) == (found.second_better, 12)


def test_a_dataset_is_not_compared_with_itself(connection: Connection) -> None:
    dataset = make_dataset(connection, 2)
    with pytest.raises(InputError, match="can't be compared with itself"):
        head_to_head(connection, dataset, datasets.get_dataset(connection, dataset.id))
    session = start_session(connection, "Ada")
    assert next_example(connection, session, dataset) is not None
