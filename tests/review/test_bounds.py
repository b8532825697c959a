"""How much may be said: told at every door, and a release of the most of everything is intact."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from db.errors import InputError, WorkspaceError
from db.examples import iterate_examples
from db.records import Answers, Question
from db.store.connection import Connection
from review.annotation import bounds
from review.annotation.drafts import keep_draft, kept_draft
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import next_example, start_session
from review.gate.policy import load_policy
from review.lead.exclusion import exclude
from review.lead.rulings import drop, edit, keep, rule
from review.packets import make_packet, merge_packet
from review.release import ship
from review.release.verify import verify
from tests.support.annotators import NAMES, Annotators, Truth
from tests.support.packets import label_packet, stored
from tests.support.workspaces import NO, YES, answer, make_dataset

WORST = "\x00\x1b\n\r\u2028\u2029\u202e\u2066\x85\ufeff🐝𝕏\u0300=\"'\\</script>"
"""Letters that take up to twelve bytes each in JSON, or that somebody acts on."""

OWN = tuple(Question(name, "text", f"{name.capitalize()}?", ()) for name in ("why", "how", "what", "more"))


def worst(length: int) -> str:
    """That many characters, of the worst kinds."""
    return "".join(islice(cycle(WORST), length))


def longest() -> Answers:
    """An answer that says the most that is kept."""
    return replace(
        answer(YES),
        comment=worst(bounds.COMMENT),
        suggested_edit=worst(bounds.EDIT),
        answers={question.name: worst(bounds.OWN_ANSWER) for question in OWN},
        seconds=bounds.SECONDS,
    )


def longest_skip() -> Answers:
    """A skip that says the most that is kept."""
    return replace(longest(), label=None, relevance=None, answers={}, skip_reason=worst(bounds.SKIP_REASON))


@pytest.mark.slow
def test_a_release_of_the_longest_of_everything_is_intact(connection: Connection, tmp_path: Path) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    dataset = make_dataset(connection, 30, questions=OWN)
    session = start_session(connection, "Ada")
    for said in (longest_skip(), *(longest() for _ in range(8))):
        example = next_example(connection, session, dataset)
        assert example is not None
        submit(connection, session, dataset, example, said)
    assert example is not None
    for number in range(2, bounds.REVISIONS + 1):
        said = replace(longest() if number < 20 else answer(NO), submission=f"change {number}")
        assert submit(connection, session, dataset, example, said).outcome == "changed"
    Annotators(connection, dataset, Truth(hard=0.2, slip=0.1, skipped=0.1), seed=4).answer_all()
    first, second, *_ = iterate_examples(connection, dataset.id)
    rule(connection, dataset, first.id, drop(worst(bounds.REASON)), by="Zoe")
    rule(connection, dataset, second.id, edit(dataset, second, "I" * bounds.EDIT, worst(bounds.REASON)), by="Zoe")
    Annotators(connection, dataset, Truth(), seed=5, names=(*NAMES, "Dora")).answer_all()
    exclude(connection, NAMES[1], worst(bounds.REASON))
    folder = ship(connection, dataset, load_policy(), tmp_path / "release", override="x" + worst(9_999)).folder
    found = verify(folder)
    assert found.problems == ()
    assert found.recomputed > 25


TOO_LONG: list[tuple[str, dict[str, Any]]] = [
    ("The comment has 10,001 characters and may have 10,000", {"comment": "x" * 10_001}),
    ("The suggested edit has 200,001 characters and may have 200,000", {"suggested_edit": "x" * 200_001}),
    ("The answer to 'why' has 5,001 characters and may have 5,000", {"answers": {"why": "x" * 5_001}}),
]
MORE: list[tuple[str, dict[str, Any]]] = [
    (
        "The reason for skipping has 1,001 characters and may have 1,000",
        {"label": None, "relevance": None, "skip_reason": "x" * 1_001},
    ),
    ("is on the screen for 0 to 100,000,000 seconds", {"seconds": 1e9}),
    ("is on the screen for 0 to 100,000,000 seconds", {"seconds": float("nan")}),
]


@pytest.mark.parametrize(("told", "said"), TOO_LONG + MORE)
def test_an_answer_that_says_too_much_is_not_stored(connection: Connection, told: str, said: dict[str, Any]) -> None:
    dataset = make_dataset(connection, 2, questions=OWN)
    session = start_session(connection, "Ada")
    example = next_example(connection, session, dataset)
    assert example is not None
    with pytest.raises(InputError, match=told):
        submit(connection, session, dataset, example, replace(answer(YES), **said))
    assert stored(connection) == []


@pytest.mark.parametrize(("told", "said"), TOO_LONG)
def test_a_draft_that_says_too_much_is_told(connection: Connection, told: str, said: dict[str, Any]) -> None:
    dataset = make_dataset(connection, 2, questions=OWN)
    session = start_session(connection, "Ada")
    example = next_example(connection, session, dataset)
    assert example is not None
    kept = {"edit" if name == "suggested_edit" else name: value for name, value in said.items()}
    with pytest.raises(InputError, match=told):
        keep_draft(connection, session, example.id, {"label": YES, **kept}, 1.0)
    assert kept_draft(connection, session, example.id) is None


@pytest.mark.parametrize(
    ("told", "make"),
    [
        ("The reason has 10,001", lambda dataset, example: keep("x" * 10_001)),
        ("The reason has 10,001", lambda dataset, example: drop("x" * 10_001)),
        ("The new text has 200,001", lambda dataset, example: edit(dataset, example, "x" * 200_001)),
    ],
)
def test_a_ruling_that_says_too_much_is_told(connection: Connection, told: str, make: Callable[..., Any]) -> None:
    dataset = make_dataset(connection, 2)
    example = next(iterate_examples(connection, dataset.id))
    with pytest.raises(InputError, match=told):
        rule(connection, dataset, example.id, make(dataset, example), by="Zoe")
    assert connection.execute("SELECT count(*) FROM rulings").fetchone() == (0,)


def test_half_a_character_is_told(connection: Connection) -> None:
    dataset = make_dataset(connection, 2)
    session = start_session(connection, "Ada")
    example = next_example(connection, session, dataset)
    assert example is not None
    with pytest.raises(InputError, match="Half a character"):
        submit(connection, session, dataset, example, replace(answer(YES), comment="\ud83d"))
    assert stored(connection) == []


def test_an_answer_is_not_changed_without_end(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "REVISIONS", 3)
    dataset = make_dataset(connection, 1)
    session = start_session(connection, "Ada")
    example = next_example(connection, session, dataset)
    assert example is not None
    for _ in range(3):
        submit(connection, session, dataset, example, answer(YES))
    with pytest.raises(InputError, match="answered 3 times at most; leave this answer as it is"):
        submit(connection, session, dataset, example, answer(NO))
    found = earlier_answer(connection, session, dataset)
    assert found is not None
    assert (found.answer.revision, found.answer.label) == (3, YES)


# Packets


@pytest.fixture
def packet(connection: Connection, tmp_path: Path) -> Path:
    """A packet that is labelled."""
    connection.execute("PRAGMA synchronous = OFF")
    path = tmp_path / "ada.packet"
    make_packet(connection, make_dataset(connection, 5, questions=OWN), "Ada", path)
    label_packet(path)
    return path


@pytest.mark.parametrize(
    ("told", "change"),
    [
        (r"damaged \(The comment has 10,001 characters", "comment = printf('%.10001c', 'x')"),
        (r"damaged \(The suggested edit has 200,001", "suggested_edit = printf('%.200001c', 'x')"),
        (r"damaged \(The answer to 'why' has 5,001", "answers = json_object('why', printf('%.5001c', 'x'))"),
        (r"damaged \(An example is on the screen", "seconds = 1e9"),
        (r"damaged \(a row of it can't be read", "submission = submission || printf('%.100c', 'x')"),
        (r"damaged \(a row of it can't be read", "created_at = '2026-01-01T00:00:00'"),
        (r"damaged \(a row of it can't be read", "created_at = '2026-01-01'"),
        (r"damaged \(a row of it can't be read", "created_at = '1969-12-31T23:59:59+00:00'"),
        (r"damaged \(a row of it can't be read", "created_at = '0001-01-01T00:00:00+14:00'"),
        (r"damaged \(a row of it can't be read", "created_at = '9999-12-31T23:59:59-14:00'"),
        ("an answer of 2999-01-01T00:00.00:00, which is still to come", "created_at = '2999-01-01T00:00:00+00:00'"),
        ("is still to come", "created_at = strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now', '+7 minutes')"),
    ],
)
def test_a_packet_that_says_too_much_is_refused_whole(
    connection: Connection, packet: Path, told: str, change: str
) -> None:
    with closing(sqlite3.connect(packet)) as file, file:
        file.execute(f"UPDATE annotations SET {change} WHERE id = 4")
    with pytest.raises(WorkspaceError, match=told) as refused:
        merge_packet(connection, packet)
    assert "nothing of it was merged" in str(refused.value)
    assert stored(connection) == []


@pytest.mark.parametrize("time", ["1970-01-01T00:00:00.000+00:00", "2026-01-01T09:00:00+14:00"])
def test_a_clock_that_was_never_set_takes_no_answer(connection: Connection, packet: Path, time: str) -> None:
    with closing(sqlite3.connect(packet)) as file, file:
        file.execute("UPDATE annotations SET created_at = ?", (time,))
    assert merge_packet(connection, packet).new == 5


def test_a_packet_that_changes_an_answer_without_end_is_refused_whole(
    connection: Connection, packet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "REVISIONS", 2)
    merge_packet(connection, packet)
    before = stored(connection)
    with closing(sqlite3.connect(packet)) as file, file:
        names = [row[1] for row in file.execute("PRAGMA table_info(annotations)")]
        same = ", ".join(name for name in names if name not in {"id", "revision", "submission"})
        for number in (2, 3):
            file.execute(
                f"INSERT INTO annotations (revision, submission, {same})"
                f" SELECT {number}, 'change {number}', {same} FROM annotations WHERE id = 5"
            )
    with pytest.raises(WorkspaceError, match=r"answered 2 times at most.*nothing of it was merged"):
        merge_packet(connection, packet)
    assert stored(connection) == before
