"""`lint --fix` in a workspace: what is removed is kept, and neither served, counted nor shipped."""

from dataclasses import replace
from pathlib import Path

import pytest

from db import datasets, evidence, removals
from db.errors import InputError
from db.examples import insert_examples, iterate_examples
from db.records import Dataset, NewExample
from db.store.connection import Connection, write
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.assignment.settling import places_at_first
from review.datasets.find_and_close import close_dataset, reopen_dataset
from review.datasets.repair import Mended, mend
from review.gate.decision import judge
from review.gate.facts import MeasuredFact, measured_facts
from review.gate.policy import load_policy
from review.gate.sample import draw_sample
from review.lead.rulings import drop, keep, rule
from review.release.ship import ship
from tests.support.workspaces import NO, YES, answer, make_dataset, new_examples

STATEMENTS = [f"{a} {b}" for a in ("Violins", "Cupboards", "Lanterns") for b in ("hum", "creak", "glow", "squint")]
POLICY = load_policy()


def statements(*texts: str) -> list[NewExample]:
    """Examples with these texts, whose intended labels take turns."""
    return [
        replace(example, question=text, body=text)
        for text, example in zip(texts, new_examples(len(texts)), strict=True)
    ]


def dataset_of(connection: Connection, *texts: str, name: str = "noises") -> Dataset:
    dataset = make_dataset(connection, 0, name=name)
    with write(connection):
        insert_examples(
            connection, dataset.id, dataset.seed, statements(*texts), places=places_at_first(always_three=False)
        )
    return dataset


@pytest.fixture
def noises(connection: Connection) -> Dataset:
    """Twelve different statements, and two that repeat the first and the second."""
    return dataset_of(connection, *STATEMENTS, STATEMENTS[0], STATEMENTS[1])


def ids(connection: Connection, dataset: Dataset) -> list[int]:
    return [example.id for example in iterate_examples(connection, dataset.id)]


def served(connection: Connection, dataset: Dataset, annotator: str) -> list[int]:
    """Labels all that an annotator is given, and returns what it was."""
    session = start_session(connection, annotator)
    seen = []
    example = next_example(connection, session, dataset)
    while example is not None:
        seen.append(example.id)
        example = submit(connection, session, dataset, example, answer(YES)).next
    return seen


def test_repeats_are_removed_and_kept_with_their_twin(connection: Connection, noises: Dataset) -> None:
    before = ids(connection, noises)
    mended = mend(connection, noises, POLICY)
    assert [(one.example_id, one.code, one.twin_id) for one in mended.removals] == [
        (before[12], "exact-duplicates", before[0]),
        (before[13], "exact-duplicates", before[1]),
    ]
    assert mended.left == ()
    assert removals.removed(connection, noises.id) == list(mended.removals)
    assert removals.count_removed(connection, noises.id) == 2
    assert connection.execute("SELECT count(*) FROM examples").fetchone() == (14,)
    assert mend(connection, noises, POLICY) == Mended((), ())


def test_removed_examples_are_neither_counted_nor_served_nor_shipped(
    connection: Connection, noises: Dataset, tmp_path: Path
) -> None:
    before = ids(connection, noises)
    mend(connection, noises, POLICY)
    assert ids(connection, noises) == before[:12]
    assert datasets.counts(connection, noises.id).examples == 12
    assert evidence.frozen_size(connection, noises.id, 0) == 12
    for annotator in ("ann", "bob"):
        assert sorted(served(connection, noises, annotator)) == before[:12]
    counts = datasets.counts(connection, noises.id)
    assert (counts.reviewed, counts.settled) == (12, 12)
    assert draw_sample(connection, noises).size == 12
    release = ship(connection, noises, POLICY, tmp_path / "out", override="a test")
    assert release.examples == 12
    assert (tmp_path / "out" / "data" / "noises.jsonl").read_text().count("\n") == 12


def test_facts_are_measured_anew(connection: Connection, noises: Dataset) -> None:
    """Also where as many examples came as went: the count is the same, the examples are not."""
    assert named(measured_facts(connection, noises)) == 2
    repeats = [removals.Removal(example_id, "exact-duplicates", "") for example_id in ids(connection, noises)[12:]]
    with write(connection):
        removals.insert_removals(connection, noises.id, repeats)
        insert_examples(connection, noises.id, noises.seed, statements("Moths dream", "Clocks lie"), places=2)
    assert datasets.counts(connection, noises.id).examples == 14
    assert named(measured_facts(connection, noises)) == 0


def test_the_repair_that_the_gate_names_is_the_one_that_is_done(connection: Connection, noises: Dataset) -> None:
    for dataset in (noises, dataset_of(connection, *STATEMENTS[:3], STATEMENTS[0], name="more")):
        named = judge(connection, dataset, POLICY).repairs
        assert named
        assert all(f"`evalwright lint --fix {dataset.name}`" in one for one in named)
        mend(connection, dataset, POLICY)
        assert judge(connection, dataset, POLICY).repairs == ()


def test_the_same_seed_removes_the_same_examples(connection: Connection) -> None:
    chosen: list[list[int]] = []
    for seed in (1, 1, 2):
        dataset = make_dataset(connection, 0, name=f"bees {len(chosen)}", seed=seed)
        uneven = [replace(one, intended=YES if at < 9 else NO) for at, one in enumerate(statements(*STATEMENTS))]
        with write(connection):
            # The ids that the seed is hashed with are the same each time.
            connection.execute("DELETE FROM removed_examples")
            connection.execute("DELETE FROM review_status")
            connection.execute("DELETE FROM examples")
            insert_examples(connection, dataset.id, seed, uneven, places=2)
        mended = mend(connection, dataset, POLICY)
        assert {one.code for one in mended.removals} == {"label-imbalance"}
        assert len(mended.removals) == 6
        chosen.append([one.example_id for one in mended.removals])
    assert chosen[0] == chosen[1] != chosen[2]


def test_after_the_first_answer_only_reopening_helps(connection: Connection, noises: Dataset) -> None:
    session = start_session(connection, "ann")
    first = next_example(connection, session, noises)
    assert first is not None
    submit(connection, session, noises, first, answer(YES))
    with pytest.raises(InputError, match=r"reopen it first \(`evalwright reopen noises`\)"):
        mend(connection, noises, POLICY)
    assert removals.count_removed(connection, noises.id) == 0
    assert "`evalwright reopen noises`, then `evalwright lint --fix" in judge(connection, noises, POLICY).repairs[0]
    reopen_dataset(connection, noises)
    reopened = datasets.get_dataset(connection, noises.id)
    mended = mend(connection, reopened, POLICY)
    assert len(mended.removals) == 2
    assert first.id not in {one.example_id for one in mended.removals}
    assert evidence.frozen_size(connection, noises.id, reopened.evidence_from) == 11
    served(connection, reopened, "bob")
    with pytest.raises(InputError, match="`evalwright close noises` and `evalwright reopen noises`"):
        mend(connection, reopened, POLICY)
    close_dataset(connection, reopened)


def test_a_ruling_that_drops_a_repeat_mends_what_has_been_answered(connection: Connection, noises: Dataset) -> None:
    served(connection, noises, "ann")
    first, second = ids(connection, noises)[12:]
    for example_id, left in ((first, 1), (second, 0)):
        rule(connection, noises, example_id, drop("it repeats another"), by="lea")
        assert named(measured_facts(connection, noises)) == left
        assert named(measured_facts(connection, noises)) == left
    rule(connection, noises, second, keep(), by="lea")
    assert named(measured_facts(connection, noises)) == 1


def named(facts: list[MeasuredFact]) -> float | None:
    return next(fact.value for fact in facts if fact.name == "exact_duplicates")


def test_what_is_on_screen_stays_and_is_said_to_be_left(connection: Connection) -> None:
    dataset = dataset_of(connection, "Violins hum", "Violins hum")
    held = [next_example(connection, start_session(connection, name), dataset) for name in ("ann", "bob", "cai")]
    assert {one.id for one in held if one} == set(ids(connection, dataset))
    mended = mend(connection, dataset, POLICY)
    assert mended.removals == ()
    assert (
        mended.left[0] == "exact duplicates 1, at most 0: the examples are answered, ruled on, or on somebody's screen."
    )


def test_an_answer_to_a_removed_example_is_kept_and_not_counted(
    connection: Connection, noises: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window that was away for longer than its reservation held comes back."""
    session = start_session(connection, "ann")
    shown = None
    repeats = set(ids(connection, noises)[12:])
    while shown is None or shown.id not in repeats:
        with write(connection):
            connection.execute("DELETE FROM reservations")
        shown = next_example(connection, session, noises)
        assert shown is not None
    with write(connection):
        connection.execute("UPDATE reservations SET expires_at = 0")
    assert shown.id in {one.example_id for one in mend(connection, noises, POLICY).removals}
    late = submit(connection, session, noises, shown, answer(YES))
    assert late.outcome == "extra"
    assert late.next is None or late.next.id not in repeats
    counts = datasets.counts(connection, noises.id)
    assert (counts.examples, counts.reviewed, counts.settled) == (12, 0, 0)
    reopen_dataset(connection, noises)
    reopened = datasets.get_dataset(connection, noises.id)
    assert evidence.frozen_size(connection, noises.id, reopened.evidence_from) == 12
    assert draw_sample(connection, reopened).before == ()


def test_it_takes_turns_with_validators(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer between two batches ends the repair, and what it had removed stays removed."""
    from review.datasets import repair as mending

    dataset = dataset_of(connection, *STATEMENTS, *STATEMENTS)
    monkeypatch.setattr(mending, "BATCH", 5)
    insert = removals.insert_removals

    def answering(connection: Connection, dataset_id: int, chosen: list[removals.Removal]) -> None:
        insert(connection, dataset_id, chosen)
        connection.execute("COMMIT")
        session = start_session(connection, "ann")
        example = next_example(connection, session, dataset)
        assert example is not None
        submit(connection, session, dataset, example, answer(YES))
        connection.execute("BEGIN IMMEDIATE")

    monkeypatch.setattr(removals, "insert_removals", answering)
    mended = mend(connection, dataset, POLICY)
    assert len(mended.removals) == removals.count_removed(connection, dataset.id) == 5
    assert "reopen it first" in mended.left[0]
    assert datasets.counts(connection, dataset.id).examples == 19


def test_what_stays_of_a_class_keeps_its_random_order(connection: Connection) -> None:
    """Who goes has nothing to do with the order: else a sample of those that stay would begin with the larger class."""
    dataset = make_dataset(connection, 400)
    with write(connection):
        connection.execute("UPDATE examples SET intended = ' Yes' WHERE ordinal < 300")
    order = dict(connection.execute("SELECT example_id, position FROM review_status").fetchall())
    gone = {one.example_id for one in mend(connection, dataset, POLICY).removals}
    large = [key for key in order if key in gone or key in set(ids(connection, dataset)[:300])]
    stay = sorted(order[key] for key in large if key not in gone)
    assert len(gone) > 100
    later = sum(order[key] > stay[len(stay) // 2] for key in gone) / len(gone)
    assert 0.3 < later < 0.7  # of those that go, about half stood behind the middle of those that stay
