"""A reopening starts the evidence anew, and can't make answers that spoke against a dataset go away."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence

import pytest

from db.records import Answers
from db.store.connection import Connection
from review.annotation.submitting import submit
from review.assignment.serving import Session, next_example, start_session
from review.datasets.find_and_close import close_dataset, find, reopen_dataset
from review.gate.decision import Decision, judge
from review.gate.policy import load_policy
from tests.support.workspaces import add_examples, make_dataset


@pytest.fixture
def sessions(connection: Connection) -> list[Session]:
    """Two validators at work, each in one window."""
    return [start_session(connection, name) for name in ("ann", "ben")]


def intended(body: str) -> str:
    """The intended label of a made-up example; they take turns."""
    found = re.search(r"I keep (\d+) bees", body)
    assert found is not None
    return (" Yes", " No")[int(found.group(1)) % 2]


def label(connection: Connection, sessions: Sequence[Session], examples: int, *, right: bool) -> None:
    """Two validators label the next examples of the dataset, both as intended or both against it."""
    for session in sessions:
        dataset = find(connection, "beekeeping")
        example = next_example(connection, session, dataset)
        for _ in range(examples):
            assert example is not None
            answer = intended(example.body)
            answer = answer if right else {" Yes": " No", " No": " Yes"}[answer]
            given = Answers(label=answer, relevance=5, seconds=4.0, submission=uuid.uuid4().hex)
            example = submit(connection, session, dataset, example, given).next


def gate(connection: Connection) -> Decision:
    return judge(connection, find(connection, "beekeeping"), load_policy())


def reopen_and_close(connection: Connection) -> None:
    """Reopens the dataset for one more example: without that, the evidence would go on as if nothing had been."""
    reopen_dataset(connection, find(connection, "beekeeping"))
    add_examples(connection, find(connection, "beekeeping"), 1)
    close_dataset(connection, find(connection, "beekeeping"))


def test_a_rejected_dataset_stays_rejected_though_the_rest_is_good(
    connection: Connection, sessions: list[Session]
) -> None:
    make_dataset(connection, 11)
    label(connection, sessions, 5, right=False)
    assert gate(connection).decision == "reject"
    reopen_and_close(connection)
    label(connection, sessions, 7, right=True)
    decision = gate(connection)
    of_all = next(piece for piece in decision.evidence if piece.name == "label agreement of all that ships")
    assert decision.decision == "reject"
    assert (of_all.lower, of_all.upper, of_all.failed) == (7 / 12, 7 / 12, True)
    assert "5 examples were answered before the dataset was reopened, 0 of them as intended" in of_all.note


def test_good_answers_from_before_count_for_what_ships(connection: Connection, sessions: list[Session]) -> None:
    make_dataset(connection, 11)
    label(connection, sessions, 5, right=True)
    reopen_and_close(connection)
    label(connection, sessions, 7, right=True)
    pieces = {piece.name: piece for piece in gate(connection).evidence}
    assert pieces["label agreement"].n == 7
    of_all = pieces["label agreement of all that ships"]
    assert (of_all.n, of_all.lower, of_all.passes) == (12, 1.0, True)
    assert pieces["exact duplicates"].n == 12


def test_without_a_reopening_there_is_nothing_outside_the_sample(
    connection: Connection, sessions: list[Session]
) -> None:
    make_dataset(connection, 12)
    label(connection, sessions, 12, right=True)
    assert all("ships" not in piece.name for piece in gate(connection).evidence)
