"""Which examples a lead is shown, in which order, and what of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from db.errors import InputError
from db.examples import get_blind
from db.records import Dataset
from db.store.connection import Connection
from review.annotation.submitting import submit
from review.assignment.serving import end_session, next_example, start_session
from review.lead.adjudication import case_file, most_to_settle, queue
from review.lead.rulings import drop, edit, keep, rule
from tests.support.workspaces import NO, YES, answer, make_dataset

LABELS: dict[int, Mapping[str, str | None]] = {
    0: {"Ada": YES, "Béla": YES},
    1: {"Ada": YES, "Béla": YES},  # against the intended No, by all
    2: {"Ada": YES, "Béla": NO, "Carla": YES},  # agreed by a majority
    3: {"Ada": NO, "Béla": YES, "Carla": YES},  # against the intended No, by a majority
    4: {"Ada": YES, "Béla": NO},  # nobody third has answered
    5: {"Ada": None, "Béla": None},
}


def answered(connection: Connection) -> tuple[Dataset, dict[int, int]]:
    """A dataset with these answers by row, and the id at each row."""
    dataset = make_dataset(connection, len(LABELS))
    ids = dict(connection.execute("SELECT ordinal, id FROM examples").fetchall())
    for row, labels in LABELS.items():
        for name, label in labels.items():
            session = start_session(connection, name)
            submit(connection, session, dataset, get_blind(connection, ids[row]), answer(label))
            end_session(connection, session)
    return dataset, ids


def test_disputes_first_then_contradictions_and_agreed_ones_never(connection: Connection) -> None:
    dataset, _ = answered(connection)
    assert [(case.ordinal, case.kind, round(case.disagreement, 2)) for case in queue(connection, dataset)] == [
        (4, "dispute", 0.5),
        (3, "contradiction", 0.33),
        (1, "contradiction", 0.0),
    ]
    assert most_to_settle(connection).name == dataset.name


def test_what_is_ruled_on_does_not_come_back_but_for_an_edit_not_agreed_on(connection: Connection) -> None:
    dataset, ids = answered(connection)
    rule(connection, dataset, ids[1], keep(), by="lea")
    rule(connection, dataset, ids[4], drop("unclear"), by="lea")
    example = case_file(connection, dataset, ids[3], "lea").example
    rule(connection, dataset, ids[3], edit(dataset, example, "I keep three bees"), by="lea")
    assert queue(connection, dataset) == []
    with pytest.raises(InputError, match="Nothing waits for a ruling"):
        most_to_settle(connection)
    for name in ("Ada", "Béla"):
        session = start_session(connection, name)
        again = next_example(connection, session, dataset)
        assert again is not None
        submit(connection, session, dataset, again, answer(YES))
    (case,) = queue(connection, dataset)
    assert (case.ordinal, case.kind) == (3, "edit not agreed on")


def test_a_case_has_everything_and_names_nobody_by_itself(connection: Connection) -> None:
    dataset, ids = answered(connection)
    rule(connection, dataset, ids[3], keep("for now"), by="lea")
    file = case_file(connection, dataset, ids[3], "lea")
    assert [(said.letter, said.answer.annotator, said.answer.label) for said in file.said] == [
        ("A", "Ada", NO), ("B", "Béla", YES), ("C", "Carla", YES),
    ]  # fmt: skip
    assert [ruling.reason for ruling in file.history] == ["for now"]


def test_the_lead_is_not_asked_about_what_they_have_seen(connection: Connection) -> None:
    dataset = make_dataset(connection, 2)
    (seen, other) = (row[0] for row in connection.execute("SELECT id FROM examples ORDER BY id"))
    case_file(connection, dataset, seen, "lea")
    session = start_session(connection, "lea")
    example = next_example(connection, session, dataset)
    assert example is not None
    assert example.id == other
    assert submit(connection, session, dataset, example, answer()).next is None
