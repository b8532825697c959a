import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from db import datasets
from db.examples import insert_examples, review_position
from db.records import Choice, Dataset
from db.store.connection import Connection, write
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import Session, end_session, next_example, start_session
from review.gate.label_classes import LabelClasses
from review.gate.sample import Sample, draw_sample, sample_size
from tests.support.workspaces import NO, SEED, YES, add_examples, answer, make_dataset, new_examples

# How large the sample is


@given(st.lists(st.booleans(), max_size=300))
def test_at_most_two_percent_are_open_and_no_larger_sample_is_so(settled: list[bool]) -> None:
    allowed = [
        size for size in range(len(settled) + 1) if 100 * settled[:size].count(False) <= 2 * size
    ]  # fmt: skip
    assert sample_size(settled) == max(allowed)


@given(st.lists(st.booleans(), max_size=300))
def test_what_follows_counts_as_open(settled: list[bool]) -> None:
    assert sample_size(settled) == sample_size([*settled, *[False] * 20])


def test_one_open_example_among_fifty_is_allowed() -> None:
    assert sample_size([False] + [True] * 48) == 0
    assert sample_size([False] + [True] * 49) == 50
    assert sample_size([True] * 49 + [False]) == 50
    assert sample_size([True] * 48 + [False]) == 48


# The sample of a dataset


def review_all(connection: Connection, dataset: Dataset, session: Session, limit: int | None = None) -> None:
    """Labels what is served, always with the first choice."""
    example = next_example(connection, session, dataset)
    while example is not None and limit != 0:
        example = submit(connection, session, dataset, example, answer(YES)).next
        limit = None if limit is None else limit - 1


def order_of(connection: Connection, dataset: Dataset) -> list[int]:
    rows = connection.execute("SELECT id FROM examples WHERE dataset_id = ?", (dataset.id,))
    return sorted((row[0] for row in rows), key=lambda example_id: review_position(dataset.seed, example_id))


def ids(sample: Sample) -> list[int]:
    return [example.id for example in sample.examples]


def test_a_dataset_nobody_has_reviewed_has_no_sample(connection: Connection) -> None:
    sample = draw_sample(connection, make_dataset(connection, 10))
    assert (sample.total, sample.size, sample.open) == (10, 0, 0)


def test_a_sample_is_the_beginning_of_the_review_order(connection: Connection) -> None:
    dataset = make_dataset(connection, 200)
    order = order_of(connection, dataset)
    ada, bela = start_session(connection, "Ada"), start_session(connection, "Béla")
    review_all(connection, dataset, ada, 150)
    assert draw_sample(connection, dataset).size == 0
    for reviewed in range(20, 120, 20):
        review_all(connection, dataset, bela, 20)
        sample = draw_sample(connection, dataset)
        assert sample.total == 200
        assert ids(sample) == order[: sample.size]
        assert sample.size == reviewed + reviewed // 49
        assert sample.open == reviewed // 49


def test_the_sample_of_all_is_all(connection: Connection) -> None:
    dataset = make_dataset(connection, 60)
    for name in ("Ada", "Béla"):
        review_all(connection, dataset, start_session(connection, name))
    sample = draw_sample(connection, dataset)
    assert ids(sample) == order_of(connection, dataset)
    assert sample.open == 0


def test_answers_come_in_the_order_in_which_they_were_first_given(connection: Connection) -> None:
    dataset = make_dataset(connection, 1)
    ada, bela, carla = (start_session(connection, name) for name in ("Ada", "Béla", "Carla"))
    for session, label in ((ada, None), (bela, YES), (carla, NO)):
        example = next_example(connection, session, dataset)
        assert example is not None
        submit(connection, session, dataset, example, answer(label))
    undone = earlier_answer(connection, ada, dataset)
    assert undone is not None
    submit(connection, ada, dataset, undone.example, answer(NO))
    (example_in_sample,) = draw_sample(connection, dataset).examples
    assert [given.annotator_id for given in example_in_sample.answers] == [
        ada.annotator_id, bela.annotator_id, carla.annotator_id,
    ]  # fmt: skip
    assert [given.label for given in example_in_sample.first_two] == [NO, YES]
    assert example_in_sample.settling.consensus == NO


def test_first_two_leaves_skips_and_the_third_answer_out(connection: Connection) -> None:
    dataset = make_dataset(connection, 1)
    for name, label in (("Ada", None), ("Béla", YES), ("Carla", NO), ("Dora", NO)):
        session = start_session(connection, name)
        example = next_example(connection, session, dataset)
        assert example is not None
        submit(connection, session, dataset, example, answer(label))
    (example_in_sample,) = draw_sample(connection, dataset).examples
    assert [given.label for given in example_in_sample.first_two] == [YES, NO]
    assert len(example_in_sample.answers) == 4


def test_an_open_example_is_not_agreed_whatever_its_only_answer(connection: Connection) -> None:
    dataset = make_dataset(connection, 100)
    review_all(connection, dataset, start_session(connection, "Ada"))
    review_all(connection, dataset, start_session(connection, "Béla"), 99)
    sample = draw_sample(connection, dataset)
    assert (sample.size, sample.open) == (100, 1)
    (still_open,) = [example for example in sample.examples if not example.settling.settled]
    with write(connection):
        connection.execute("UPDATE examples SET intended = ?", (YES,))
    agreed = {example.id for example in draw_sample(connection, dataset).examples if example.agreed}
    assert agreed == set(ids(sample)) - {still_open.id}


def test_agreed_is_a_consensus_on_the_intended_label(connection: Connection) -> None:
    dataset = make_dataset(connection, 60)
    for name in ("Ada", "Béla"):
        review_all(connection, dataset, start_session(connection, name))
    for example in draw_sample(connection, dataset).examples:
        assert example.agreed == (example.intended == YES)
        assert example.choices == (YES, NO)


def test_extra_answers_are_no_evidence(connection: Connection) -> None:
    dataset = make_dataset(connection, 1)
    for name in ("Ada", "Béla"):
        review_all(connection, dataset, start_session(connection, name))
    (before,) = draw_sample(connection, dataset).examples
    late = start_session(connection, "Carla")
    example = earlier_answer(connection, start_session(connection, "Ada"), dataset)
    assert example is not None
    assert submit(connection, late, dataset, example.example, answer(NO)).outcome == "extra"
    assert draw_sample(connection, dataset).examples == (before,)


# After a reopening


def test_reopening_starts_anew_on_what_is_unanswered(connection: Connection) -> None:
    dataset = make_dataset(connection, 100)
    ada, bela = start_session(connection, "Ada"), start_session(connection, "Béla")
    review_all(connection, dataset, ada, 40)
    review_all(connection, dataset, bela, 30)
    order = order_of(connection, dataset)
    with write(connection):
        datasets.reopen(connection, dataset.id)
    dataset = datasets.get_dataset(connection, dataset.id)
    assert dataset.state == "open"
    assert dataset.evidence_from > 0
    empty = draw_sample(connection, dataset)
    assert (empty.total, empty.size) == (60, 0)

    review_all(connection, dataset, bela, 15)  # ten examples of before, five new ones
    review_all(connection, dataset, ada, 20)
    sample = draw_sample(connection, dataset)
    assert sample.total == 60
    assert ids(sample) == order[40:45]
    assert all(len(example.answers) == 2 for example in sample.examples)

    review_all(connection, dataset, bela)
    review_all(connection, dataset, ada)
    assert ids(draw_sample(connection, dataset)) == order[40:]


def test_an_example_whose_only_answer_is_the_last_before_reopening_is_no_evidence(
    connection: Connection,
) -> None:
    dataset = make_dataset(connection, 10)
    ada = start_session(connection, "Ada")
    review_all(connection, dataset, ada, 1)
    end_session(connection, ada)
    with write(connection):
        datasets.reopen(connection, dataset.id)
    dataset = datasets.get_dataset(connection, dataset.id)
    for name in ("Béla", "Carla"):
        review_all(connection, dataset, start_session(connection, name))
    sample = draw_sample(connection, dataset)
    assert sample.total == 9
    assert ids(sample) == order_of(connection, dataset)[1:]


def test_examples_added_after_reopening_belong_to_the_evidence(connection: Connection) -> None:
    dataset = make_dataset(connection, 30)
    review_all(connection, dataset, start_session(connection, "Ada"), 10)
    with write(connection):
        datasets.reopen(connection, dataset.id)
    dataset = datasets.get_dataset(connection, dataset.id)
    add_examples(connection, dataset, 5)
    assert draw_sample(connection, dataset).total == 25


# The review order


def test_an_examples_place_depends_on_seed_and_id_only(connection: Connection) -> None:
    first = make_dataset(connection, 300, name="at once")
    for batch in (1, 99, 200):
        add_examples(connection, first, batch)
    stored = connection.execute("SELECT example_id, position FROM review_status WHERE dataset_id = ?", (first.id,))
    for example_id, position in stored:
        assert position == review_position(SEED, example_id)
        assert 0 <= position < 2**63


def test_the_review_order_has_nothing_to_do_with_the_order_of_coming() -> None:
    count = 2000
    for seed in (0, 1, SEED, 2**62 - 1):
        order = sorted(range(1, count + 1), key=lambda example_id: review_position(seed, example_id))
        assert sorted(order) == list(range(1, count + 1))
        mean = (count + 1) / 2
        covariance = sum((place - mean) * (came - mean) for place, came in enumerate(order, start=1))
        correlation = covariance / sum((place - mean) ** 2 for place in range(1, count + 1))
        assert abs(correlation) < 4 / count**0.5
        tenths = [sum(came <= mean for came in order[start : start + 200]) for start in range(0, count, 200)]
        assert all(60 < came_early < 140 for came_early in tenths)


def test_seeds_give_orders_that_have_nothing_to_do_with_each_other() -> None:
    orders = [
        sorted(range(200), key=lambda example_id: review_position(seed, example_id)) for seed in range(2)
    ]  # fmt: skip
    assert sum(a == b for a, b in zip(*orders, strict=True)) < 8


def test_an_early_sample_is_as_good_as_any(connection: Connection) -> None:
    """Over many seeds each example is among the first tenth about equally often."""
    chosen = [0] * 100
    for seed in random.Random(5).sample(range(2**62), 1000):
        for example_id in sorted(range(100), key=lambda example_id: review_position(seed, example_id))[:10]:
            chosen[example_id] += 1
    assert all(60 <= times <= 145 for times in chosen)


def test_what_counts_as_the_same_label_depends_on_all_examples_not_on_those_seen(connection: Connection) -> None:
    dataset = make_dataset(connection, 12)
    assert draw_sample(connection, dataset).labels == LabelClasses((" No", " Yes"), by_place=False)
    odd = replace(new_examples(1)[0], choices=(Choice("(A)", "one"), Choice("(B)", "two")), intended="(A)")
    with write(connection):
        insert_examples(connection, dataset.id, dataset.order_seed, [odd], places=2)
    assert draw_sample(connection, dataset).labels == LabelClasses(("1", "2"), by_place=True)
