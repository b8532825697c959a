"""What a lead may do between looks: reopen, start again, import again, take another policy. It lets no more pass."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from db import datasets as dataset_rows
from db import sequences
from db.annotations import insert_annotation
from db.examples import intended_labels, iterate_examples, review_position
from db.records import Answers, Dataset
from db.store.connection import Connection, write
from review.annotation.submitting import submit
from review.assignment.serving import Session, next_example, start_session
from review.datasets.find_and_close import close_dataset, find, reopen_dataset
from review.datasets.importing import import_file
from review.gate.decision import Decision, judge
from review.gate.policy import load_policy, parse_policy
from review.gate.starts import copies_of, start_of
from tests.support.workspaces import add_examples, answer, make_dataset, persona_row, write_rows

POLICY = load_policy()
ANSWERS_ONLY = parse_policy("answers only", POLICY.text.partition("# Facts about the texts")[0])


@pytest.fixture
def sessions(connection: Connection) -> list[Session]:
    """Two validators at work, each in one window."""
    connection.execute("PRAGMA synchronous = OFF")
    return [start_session(connection, name) for name in ("ann", "ben")]


def label(
    connection: Connection,
    sessions: Sequence[Session],
    dataset: Dataset,
    examples: int,
    *,
    relevance: int = 4,
    ambiguous: bool = False,
) -> None:
    """Two validators give the next examples the intended label."""
    for session in sessions:
        example = next_example(connection, session, dataset)
        for _ in range(examples):
            assert example is not None
            intended = intended_labels(connection, [example.id])[example.id]
            given = Answers(intended, relevance, 4.0, uuid.uuid4().hex, ambiguous=ambiguous)
            example = submit(connection, session, dataset, example, given).next


def gate(connection: Connection, name: str = "beekeeping") -> Decision:
    return judge(connection, find(connection, name), ANSWERS_ONLY)


def reopened(connection: Connection, *, more: int = 0, name: str = "beekeeping") -> Dataset:
    reopen_dataset(connection, find(connection, name))
    add_examples(connection, find(connection, name), more)
    close_dataset(connection, find(connection, name))
    return find(connection, name)


@pytest.mark.parametrize("more", [0, 1])
def test_reopening_until_it_ships(connection: Connection, sessions: list[Session], more: int) -> None:
    """60 bad ones, a reopening, 140 good ones: shipped with a mean relevance of 3.1 and 30 % ambiguous before."""
    dataset = make_dataset(connection, 200 - more)
    label(connection, sessions, dataset, 60, relevance=1, ambiguous=True)
    assert gate(connection).decision == "reject"
    dataset = reopened(connection, more=more)
    label(connection, sessions, dataset, 140)
    decision = gate(connection)
    assert decision.decision == "reject"
    failing = {piece.name for piece in decision.evidence if piece.failed}
    assert failing == ({f"{name} of all that ships" for name in ("relevance mean", "ambiguous share")} if more else
                       {"relevance mean", "ambiguous share"})  # fmt: skip


def test_a_reopening_that_changes_nothing_carries_on(connection: Connection, sessions: list[Session]) -> None:
    dataset = make_dataset(connection, 100)
    label(connection, sessions, dataset, 30)
    before = gate(connection)
    order = connection.execute("SELECT example_id, position FROM review_status ORDER BY 1").fetchall()
    reopen_dataset(connection, dataset)
    assert start_of(connection, find(connection, "beekeeping")).number == 2
    label(connection, sessions, find(connection, "beekeeping"), 10)
    close_dataset(connection, find(connection, "beekeeping"))
    after = gate(connection)
    assert connection.execute("SELECT example_id, position FROM review_status ORDER BY 1").fetchall() == order
    assert (before.sequence, after.sequence) == (1, 1)
    assert (before.evidence[1].n, after.evidence[1].n) == (30, 40)
    assert len(sequences.sequences_of(connection, dataset.id)) == 1


def test_each_new_start_has_its_part_of_the_level(connection: Connection, sessions: list[Session]) -> None:
    dataset = make_dataset(connection, 60)
    numbers, orders = [], set()
    for _ in range(4):
        label(connection, sessions, dataset, 5)
        decision = gate(connection)
        numbers.append(decision.sequence)
        assert {piece.sequence for piece in decision.evidence if piece.guarantee == "anytime"} == {decision.sequence}
        orders.add(dataset.order_seed)
        dataset = reopened(connection, more=1)
    assert numbers == [1, 2, 3, 4]
    assert len(orders) == 4


def test_reopening_before_any_answer_is_no_start_and_draws_only_what_was_added(
    connection: Connection, sessions: list[Session]
) -> None:
    dataset = make_dataset(connection, 60)
    label(connection, sessions, dataset, 5)
    first = reopened(connection, more=1)
    assert (start_of(connection, first).number, first.order_seed != dataset.order_seed) == (2, True)
    query = "SELECT example_id, position FROM review_status ORDER BY 1"
    for _ in range(5):  # until the order is liked
        before = connection.execute(query).fetchall()
        again = reopened(connection, more=1)
        *kept, added = connection.execute(query).fetchall()
        assert kept == before
        assert added[1] != review_position(first.order_seed, added[0])  # nobody could foresee it
    assert start_of(connection, again).number == 2
    assert [row.number for row in sequences.sequences_of(connection, dataset.id)] == [1, 2]


def test_an_answer_on_whatever_occasion_makes_the_order_that_is_drawn_next_a_start(
    connection: Connection, sessions: list[Session]
) -> None:
    """Else a re-review between two reopenings would draw another order for nothing."""
    label(connection, sessions, make_dataset(connection, 60), 5)
    dataset = reopened(connection, more=1)
    row = connection.execute("SELECT example_id FROM annotations LIMIT 1").fetchone()
    with write(connection):
        insert_annotation(
            connection,
            dataset_id=dataset.id,
            example_id=row[0],
            annotator_id=sessions[0].annotator_id,
            session_id=sessions[0].id,
            occasion="re-review",
            revision=1,
            answers=answer(),
        )
    again = reopened(connection, more=1)
    assert again.order_seed != dataset.order_seed
    assert start_of(connection, again).number == 3


def test_who_answers_while_it_is_reopened_and_then_adds_examples_starts_again(
    connection: Connection, sessions: list[Session]
) -> None:
    """Else one could look at the evidence, and add examples until it passes."""
    dataset = make_dataset(connection, 100)
    reopen_dataset(connection, dataset)
    label(connection, sessions, find(connection, "beekeeping"), 20)
    add_examples(connection, find(connection, "beekeeping"), 50)
    close_dataset(connection, find(connection, "beekeeping"))
    after = find(connection, "beekeeping")
    assert after.order_seed != dataset.order_seed
    assert gate(connection).evidence[1].n < 20


def test_the_order_is_drawn_when_the_dataset_closes(connection: Connection, sessions: list[Session]) -> None:
    dataset = make_dataset(connection, 80, closed=False)
    label(connection, sessions, dataset, 20)
    before = connection.execute("SELECT example_id FROM review_status ORDER BY position").fetchall()
    close_dataset(connection, dataset)
    closed = find(connection, "beekeeping")
    after = connection.execute("SELECT example_id, position FROM review_status ORDER BY position").fetchall()
    assert [row[:1] for row in after] != before
    assert closed.order_seed != dataset.order_seed
    assert all(position == review_position(closed.order_seed, example_id) for example_id, position in after)
    # Nobody is asked twice, and nothing is lost.
    while (example := next_example(connection, sessions[0], closed)) is not None:
        submit(connection, sessions[0], closed, example, Answers(" Yes", 4, 1.0, uuid.uuid4().hex))
    (answered,) = connection.execute(
        "SELECT count(*) FROM annotations WHERE annotator_id = ? AND occasion = 'first' AND revision = 1",
        (sessions[0].annotator_id,),
    ).fetchone()
    assert answered == 80


def shuffled(path: Path, source: Path, **changes: object) -> Path:
    rows = [{**json.loads(line), **changes} for line in source.read_text().splitlines()]
    random.Random(1).shuffle(rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_ten_copies_are_ten_starts(connection: Connection, sessions: list[Session], tmp_path: Path) -> None:
    """Whatever they are called, in whatever order their rows stand and whatever confidence they claim."""
    source = write_rows(tmp_path / "bees.jsonl", 80)
    for number in range(10):
        file = shuffled(tmp_path / f"{number}.jsonl", source, label_confidence=number / 10)
        import_file(connection, file, name=f"copy {number}", behavior="keeps bees")
        dataset = find(connection, f"copy {number}")
        assert len(copies_of(connection, dataset)) == number
        label(connection, sessions, dataset, 2)
        decision = gate(connection, dataset.name)
        assert decision.sequence == number + 1
        assert decision.copies == tuple(f"copy {earlier}" for earlier in range(number))
    assert [gate(connection, f"copy {number}").sequence for number in range(10)] == list(range(1, 11))


def test_a_part_of_it_is_a_copy_and_another_set_is_none(
    connection: Connection, sessions: list[Session], tmp_path: Path
) -> None:
    whole = write_rows(tmp_path / "whole.jsonl", 600)
    rows = whole.read_text().splitlines(keepends=True)
    (tmp_path / "part.jsonl").write_text("".join(rows[200:500]))
    other = [json.dumps({**persona_row(number), "question": f"Do ants dig {number} tunnels?"}) for number in range(600)]
    (tmp_path / "other.jsonl").write_text("\n".join(other))
    for name in ("whole", "part", "other"):
        import_file(connection, tmp_path / f"{name}.jsonl", name=name, behavior="keeps bees")
        label(connection, sessions, find(connection, name), 1)
    numbers = {name: start_of(connection, find(connection, name)).number for name in ("whole", "part", "other")}
    assert numbers == {"whole": 1, "part": 2, "other": 1}


def test_who_is_answered_first_is_the_first_start_whoever_is_asked_first(
    connection: Connection, sessions: list[Session], tmp_path: Path
) -> None:
    source = write_rows(tmp_path / "bees.jsonl", 20)
    for name in ("older", "newer"):
        import_file(connection, source, name=name, behavior="keeps bees")
    assert [gate(connection, name).sequence for name in ("older", "newer")] == [1, 1]  # nothing is known of either
    label(connection, sessions, find(connection, "newer"), 3)
    assert [gate(connection, name).sequence for name in ("older", "newer")] == [2, 1]
    label(connection, sessions, find(connection, "older"), 3)
    assert [gate(connection, name).sequence for name in ("older", "newer")] == [2, 1]


def test_another_policy_than_the_workspaces_is_named(connection: Connection, sessions: list[Session]) -> None:
    dataset = make_dataset(connection, 20)
    assert judge(connection, dataset, POLICY).other_policy == ()
    lenient = parse_policy("lenient", ANSWERS_ONLY.text.replace('delta = "0.05"', 'delta = "0.4"').rpartition("[[")[0])
    said = judge(connection, dataset, lenient).other_policy
    assert said[:2] == ("error level 0.4 in place of 0.05", "without label alpha")
    assert "without negation auc" in said
    strict = parse_policy("strict", POLICY.text.replace('"0.90"', '"0.95"'))
    assert judge(connection, dataset, strict).other_policy == ("label agreement 0.95 in place of 0.90",)


def test_a_workspace_from_before_is_judged_by_the_new_method_and_told_so(
    connection: Connection, sessions: list[Session]
) -> None:
    dataset = make_dataset(connection, 60)
    label(connection, sessions, dataset, 20)
    gate(connection)
    with write(connection):  # as it was stored before
        connection.execute("UPDATE decisions SET method = 1, decision = 'ship', evidence = '[]'")
    decision = gate(connection)
    stored = connection.execute("SELECT decision, method FROM decisions ORDER BY id").fetchall()
    assert stored == [("ship", 1), ("keep_labelling", 2)]
    assert decision.changed[0].endswith(
        "(may ship) was made by an earlier method of the gate and stays as it was made."
    )
    assert gate(connection).changed == decision.changed  # also when it is looked at again
    label(connection, sessions, dataset, 1)
    assert gate(connection).changed == ()


def test_copies_share_the_order_of_what_they_share(connection: Connection, tmp_path: Path) -> None:
    """Else one could import a file until an order begins well, and label that one alone."""
    source = write_rows(tmp_path / "bees.jsonl", 50)
    more = [json.dumps({**persona_row(number), "question": f"ants {number}", "statement": ""}) for number in range(10)]
    source.write_text(source.read_text() + source.read_text().splitlines()[3] + "\n")  # one of them twice
    wider = tmp_path / "wider.jsonl"
    wider.write_text("\n".join([*shuffled(tmp_path / "again.jsonl", source).read_text().splitlines(), *more]))
    orders = []
    for name, file in (("one", source), ("two", tmp_path / "again.jsonl"), ("three", wider)):
        import_file(connection, file, name=name, behavior="keeps bees")
        found = connection.execute(
            "SELECT e.question, s.position FROM examples AS e JOIN review_status AS s ON s.example_id = e.id"
            " WHERE e.dataset_id = ? ORDER BY s.position",
            (find(connection, name).id,),
        ).fetchall()
        assert len({position for _, position in found}) == len(found)
        orders.append([question for question, _ in found if not question.startswith("ants")])
    assert orders[0] == orders[1] == orders[2]
    assert len(orders[0]) == 51


def test_a_start_becomes_no_earlier_one_when_its_copy_grows(
    connection: Connection, sessions: list[Session], tmp_path: Path
) -> None:
    source = write_rows(tmp_path / "bees.jsonl", 30)
    for name in ("one", "two"):
        import_file(connection, source, name=name, behavior="keeps bees")
        label(connection, sessions, find(connection, name), 2)
    assert gate(connection, "two").sequence == 2
    with write(connection):
        one = find(connection, "one").id
        connection.execute("UPDATE examples SET body = 'other ' || id WHERE dataset_id = ?", (one,))
        connection.execute("DELETE FROM populations")
    assert copies_of(connection, find(connection, "two")) == ()
    assert gate(connection, "two").sequence == 2


@pytest.mark.parametrize("confidence", [1e308, -1e308, 37.5, -1e17, 5e-324])
def test_a_label_confidence_that_is_none_is_taken_for_none(
    connection: Connection, sessions: list[Session], tmp_path: Path, confidence: float
) -> None:
    rows = [{**persona_row(number), "label_confidence": confidence if number % 3 else 0.9} for number in range(60)]
    (tmp_path / "odd.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_file(connection, tmp_path / "odd.jsonl", name="odd", behavior="keeps bees")
    label(connection, sessions, find(connection, "odd"), 30)
    decision = gate(connection, "odd")
    assert decision.evidence[1].e_value is not None
    assert decision.evidence[1].e_value > 0


def test_a_generated_dataset_keeps_its_texts_apart_from_others(connection: Connection) -> None:
    """Two datasets without examples are no copies of each other."""
    make_dataset(connection, 0, name="one")
    make_dataset(connection, 0, name="two")
    assert copies_of(connection, find(connection, "one")) == ()
    assert len(list(iterate_examples(connection, dataset_rows.all_datasets(connection)[0].id))) == 0
