"""Gold examples and silent repeats: seen by annotators like any other example, and by nothing else."""

from dataclasses import asdict

import pytest

from db import assignment, datasets, mixed_in
from db.records import BlindExample, Dataset
from db.store.connection import Connection, write
from review.agreement import agreement
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import Session, end_session, next_example, start_session
from review.gate.decision import judge
from review.gate.policy import load_policy
from review.gate.sample import draw_sample
from tests.support.gold import mix_in
from tests.support.workspaces import DEAD_PID, NO, YES, answer, make_dataset


def label_all(connection: Connection, dataset: Dataset, session: Session, label: str = YES) -> list[BlindExample]:
    """Labels until nothing is left; returns what was served, in order."""
    served = []
    example = next_example(connection, session, dataset)
    while example is not None:
        served.append(example)
        submitted = submit(connection, session, dataset, example, answer(label))
        assert submitted.outcome == "counted"
        example = submitted.next
    return served


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    connection.execute("PRAGMA synchronous = OFF")
    made = make_dataset(connection, 400)
    mix_in(connection, made, gold=100, gold_rate=0.1, repeat_rate=0.1)
    return made


def test_gold_and_repeats_come_at_the_chosen_rates_and_once_each(connection: Connection, dataset: Dataset) -> None:
    served = label_all(connection, dataset, start_session(connection, "Ada"))
    by_occasion = {
        occasion: [example.id for example in served if example.occasion == occasion]
        for occasion in ("first", "gold", "repeat")
    }
    assert all(len(set(ids)) == len(ids) for ids in by_occasion.values())
    assert len(by_occasion["first"]) == 400
    assert set(by_occasion["repeat"]) < set(by_occasion["first"])
    assert not set(by_occasion["gold"]) & set(by_occasion["first"])
    for occasion in ("gold", "repeat"):
        assert 0.06 < len(by_occasion[occasion]) / len(served) < 0.14
    progress = assignment.progress(connection, dataset.id, 1)
    assert (progress.answered, progress.mixed_in) == (400, len(served) - 400)


def test_a_repeat_is_far_from_what_it_repeats(connection: Connection, dataset: Dataset) -> None:
    served = label_all(connection, dataset, start_session(connection, "Ada"))
    in_order = [(example.id, example.occasion) for example in served if example.occasion != "gold"]
    distances = [
        place - in_order.index((example_id, "first"))
        for place, (example_id, occasion) in enumerate(in_order)
        if occasion == "repeat"
    ]
    assert min(distances) > 50
    assert len(set(distances)) > 5


def test_nothing_tells_a_gold_example_from_another(connection: Connection, dataset: Dataset) -> None:
    served = label_all(connection, dataset, start_session(connection, "Ada"))
    gold = next(example for example in served if example.occasion == "gold")
    plain = next(example for example in served if example.occasion == "first")
    assert set(asdict(gold)) == set(asdict(plain))
    assert gold.choices == plain.choices


def test_who_is_served_what_follows_from_the_seed(connection: Connection, dataset: Dataset) -> None:
    ada, again = start_session(connection, "Ada"), start_session(connection, "Ada")
    for _ in range(120):
        example = next_example(connection, ada, dataset)
        assert example is not None
        assert next_example(connection, ada, dataset) == example, "asked again"
        if example.occasion == "gold":
            end_session(connection, ada)
            assert next_example(connection, again, dataset) == example, "after leaving and coming back"
            ada, again = again, start_session(connection, "Ada")
        submit(connection, ada, dataset, example, answer())


def test_a_window_that_died_hands_its_gold_example_over(connection: Connection, dataset: Dataset) -> None:
    first = start_session(connection, "Ada")
    gold = next_example(connection, first, dataset)
    while gold is not None and gold.occasion != "gold":
        gold = submit(connection, first, dataset, gold, answer()).next
    assert gold is not None
    other = next_example(connection, start_session(connection, "Ada"), dataset)
    assert other is not None
    assert other.occasion == "gold", "drawn for the same count of answers"
    assert other.id != gold.id
    with write(connection):
        connection.execute("UPDATE sessions SET pid = ? WHERE id = ?", (DEAD_PID, first.id))
    assert next_example(connection, start_session(connection, "Ada"), dataset) == gold


def test_what_is_mixed_in_is_evidence_of_nothing(connection: Connection) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    plain, mixed = make_dataset(connection, 60, name="plain"), make_dataset(connection, 60)
    mix_in(connection, mixed, gold=30, gold_rate=0.3, repeat_rate=0.1)
    for name in ("Ada", "Béla", "Carla"):
        for each in (plain, mixed):
            label_all(connection, each, start_session(connection, name))
    assert (
        connection.execute("SELECT count(*) FROM annotations WHERE occasion IN ('gold', 'repeat')").fetchone()[0] > 40
    )
    assert [row.name for row in datasets.all_datasets(connection)] == ["plain", "beekeeping"]
    assert datasets.counts(connection, plain.id) == datasets.counts(connection, mixed.id)
    assert draw_sample(connection, plain).total == draw_sample(connection, mixed).total == 60
    agreements = [agreement(connection, each) for each in (plain, mixed)]
    assert agreements[0].questions == agreements[1].questions
    assert agreements[0].pairs == agreements[1].pairs
    policy = load_policy(None)
    evidence = [judge(connection, each, policy).evidence for each in (plain, mixed)]
    assert evidence[0] == evidence[1]
    with write(connection):
        for each in (plain, mixed):
            datasets.reopen(connection, each.id)
    totals = [draw_sample(connection, datasets.get_dataset(connection, each.id)).total for each in (plain, mixed)]
    assert totals == [0, 0]


def test_going_back_leads_over_gold_and_repeats(connection: Connection, dataset: Dataset) -> None:
    ada = start_session(connection, "Ada")
    served = label_all(connection, dataset, ada)
    anchor = None
    back = []
    while (found := earlier_answer(connection, ada, dataset, anchor)) is not None:
        anchor = found.anchor
        back.append(found.example)
    assert back == served[::-1]


@pytest.mark.parametrize("occasion", ["gold", "repeat"])
def test_a_changed_answer_stays_on_its_occasion(connection: Connection, dataset: Dataset, occasion: str) -> None:
    ada = start_session(connection, "Ada")
    label_all(connection, dataset, ada)
    before = datasets.counts(connection, dataset.id), assignment.progress(connection, dataset.id, ada.annotator_id)
    anchor, found = None, None
    while found is None or found.example.occasion != occasion:
        found = earlier_answer(connection, ada, dataset, anchor)
        assert found is not None
        anchor = found.anchor
    assert submit(connection, ada, dataset, found.example, answer(NO)).outcome == "changed"
    changed = earlier_answer(connection, ada, dataset)
    assert changed is not None
    assert changed.example == found.example
    assert (changed.answer.occasion, changed.answer.revision, changed.answer.label) == (occasion, 2, NO)
    assert before == (
        datasets.counts(connection, dataset.id),
        assignment.progress(connection, dataset.id, ada.annotator_id),
    )
    first = connection.execute(
        "SELECT label FROM annotations WHERE example_id = ? AND occasion = 'first'", (found.example.id,)
    ).fetchall()
    assert first == ([(YES,)] if occasion == "repeat" else [])


def test_changing_the_first_answer_leaves_the_repeat_on_the_screen(connection: Connection, dataset: Dataset) -> None:
    ada = start_session(connection, "Ada")
    example = next_example(connection, ada, dataset)
    while example is not None and example.occasion != "repeat":
        example = submit(connection, ada, dataset, example, answer()).next
    assert example is not None
    anchor, found = None, None
    while found is None or found.example.id != example.id:
        found = earlier_answer(connection, ada, dataset, anchor)
        assert found is not None
        anchor = found.anchor
    assert submit(connection, ada, dataset, found.example, answer(NO)).next == example
    place = assignment.status(connection, example.id)
    assert place is not None
    assert place.places == 1, "a repeat on a screen takes none"
    submit(connection, ada, dataset, example, answer(YES))
    pair = mixed_in.repeat_pairs(connection, dataset.id)[-1]
    assert (pair.label, pair.label_again) == (NO, YES)


def test_gold_answers_and_repeat_pairs_are_there_to_measure(connection: Connection, dataset: Dataset) -> None:
    ada, bela = start_session(connection, "Ada"), start_session(connection, "Béla")
    served = label_all(connection, dataset, ada)
    label_all(connection, dataset, bela, NO)
    everybodys = mixed_in.gold_answers(connection, dataset.id)
    assert {given.annotator_id for given in everybodys} == {ada.annotator_id, bela.annotator_id}
    assert len({given.example_id for given in everybodys}) < len(everybodys), "each of them may be asked of both"
    gold = [given for given in mixed_in.gold_answers(connection, dataset.id) if given.annotator_id == ada.annotator_id]
    assert [given.example_id for given in gold] == [each.id for each in served if each.occasion == "gold"]
    assert {given.label for given in gold} == {YES}
    assert {given.known for given in gold} == {YES, NO}
    pairs = [pair for pair in mixed_in.repeat_pairs(connection, dataset.id) if pair.annotator_id == ada.annotator_id]
    assert [pair.example_id for pair in pairs] == [each.id for each in served if each.occasion == "repeat"]
    assert {(pair.label, pair.label_again, pair.relevance, pair.relevance_again) for pair in pairs} == {
        (YES, YES, 4, 4)
    }
