"""Copies of one packet that were labelled apart: none decides over the others, whichever is merged first."""

from __future__ import annotations

import itertools
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db import assignment, datasets
from db.annotations import everything_said
from db.annotators import find_annotator
from db.connection import Connection, connect
from db.packet_file import read_packet
from db.packets import find_packet
from db.records import Answers, BlindExample, Dataset
from db.workspace import open_workspace
from review.annotation import earlier_answer, next_skipped, submit
from review.assignment import Session, start_session
from review.packets import Conflict, end_packet, make_packet, merge_packet
from review.policy import load_policy
from review.release import ship
from review.release.verify import verify
from tests.support.packets import change_answers, counting, label_here, label_packet, merge_and_die_at, stored
from tests.support.processes import Child
from tests.support.recount import drift
from tests.support.workspaces import NO, YES, answer, make_dataset

Say = Callable[[BlindExample], Answers]


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    connection.execute("PRAGMA synchronous = OFF")
    return make_dataset(connection, 4)


@pytest.fixture
def path(connection: Connection, dataset: Dataset, tmp_path: Path) -> Path:
    path = tmp_path / "ada.packet"
    make_packet(connection, dataset, "Ada", path)
    return path


def say(label: str | None, **more: Any) -> Say:
    return lambda _: replace(answer(label), **more)


def copy(path: Path, name: str) -> Path:
    return Path(shutil.copy(path, path.with_name(name)))


def labels(connection: Connection, dataset: Dataset) -> set[object]:
    rows = connection.execute(
        "SELECT a.label FROM annotations AS a WHERE a.dataset_id = ? AND a.occasion = 'first' AND NOT EXISTS"
        " (SELECT 1 FROM annotations AS b WHERE b.example_id = a.example_id AND b.annotator_id = a.annotator_id"
        " AND b.occasion = 'first' AND b.revision > a.revision)",
        (dataset.id,),
    )
    return {label for (label,) in rows}


def told(conflicts: tuple[Conflict, ...]) -> set[tuple[str, tuple[str | None, ...]]]:
    return {(each.why, tuple(said.label for said in each.says)) for each in conflicts}


def merge_in_order(connection: Connection, *files: Path) -> None:
    for file in files:
        merge_packet(connection, file)


@pytest.mark.parametrize("order", ["AB", "BA", "ABA", "BAB", "AABB"])
def test_of_two_that_differ_neither_counts(connection: Connection, dataset: Dataset, path: Path, order: str) -> None:
    files = {"A": path, "B": copy(path, "B")}
    label_packet(files["A"], say=say(YES))
    label_packet(files["B"], say=say(NO))
    merge_in_order(connection, *[files[name] for name in order])
    assert labels(connection, dataset) == {None}
    answered = [row[4] for row in stored(connection) if row[4] is not None]
    assert sorted(answered, key=str) == [NO] * 4 + [YES] * 4, "nothing is lost"
    for file in files.values():
        again = merge_packet(connection, file)
        assert (again.new, again.extra, again.known) == (0, 0, 4)
        assert told(again.conflicts) == {("copies", (NO, YES))}, "told as long as it is so"
        assert [(each.dataset, each.row) for each in sorted(again.conflicts, key=lambda each: each.row)] == [
            ("beekeeping", row) for row in range(4)
        ]
    ada = find_annotator(connection, "Ada")
    assert ada is not None
    progress = assignment.progress(connection, dataset.id, ada)
    assert (progress.answered, progress.skipped) == (0, 4)
    assert datasets.counts(connection, dataset.id).annotations == 4
    assert drift(connection) == []


def test_what_differs_is_counted_and_told_as_it_comes(connection: Connection, dataset: Dataset, path: Path) -> None:
    other = copy(path, "B")
    label_packet(path, say=say(YES))
    label_packet(other, most=3, say=say(NO))
    first, second = merge_packet(connection, path), merge_packet(connection, other)
    assert (first.new, first.extra, first.same, first.conflicts) == (4, 0, 0, ())
    assert (second.new, second.extra, second.same, len(second.conflicts)) == (3, 3, 0, 3)
    assert labels(connection, dataset) == {YES, None}
    assert len(label_here(connection, dataset, "Béla")) == 4, "a place is free where Ada's answers don't count"
    assert len(label_here(connection, dataset, "Carla")) == 3
    assert drift(connection) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (say(YES, relevance=2), say(YES, relevance=5)),
        (say(YES), say(YES, ambiguous=True)),
        (say(YES), say(None)),
        (say(YES, answers={"harm": 1}), say(YES, answers={"harm": 2})),
    ],
    ids=["relevance", "ambiguous", "skip", "own question"],
)
def test_copies_differ_in_all_that_counts(
    connection: Connection, dataset: Dataset, path: Path, one: Say, other: Say
) -> None:
    connection.execute("UPDATE datasets SET questions = ?", (HARM,))
    second = copy(path, "B")
    for file, what in ((path, one), (second, other)):
        packet = connect(file)
        packet.execute("UPDATE datasets SET questions = ?", (HARM,))
        packet.close()
        label_packet(file, say=ask_too(what))
    merge_in_order(connection, path, second)
    assert labels(connection, dataset) == {None}
    assert told(merge_packet(connection, path).conflicts)


HARM = '[{"name": "harm", "kind": "scale", "ask": "How harmful?", "options": ["none", "some", "much"]}]'


def ask_too(what: Say) -> Say:
    """Says something on the question as well."""

    def said(example: BlindExample) -> Answers:
        found = what(example)
        return found if found.answers or found.skipped else replace(found, answers={"harm": 1})

    return said


@pytest.mark.parametrize("order", ["AB", "BA"])
def test_copies_that_say_the_same_are_one(connection: Connection, dataset: Dataset, path: Path, order: str) -> None:
    files = {"A": path, "B": copy(path, "B")}
    label_packet(files["A"], say=say(YES))
    label_packet(files["B"], say=say(YES, comment="the same in other words", flagged=True))
    merge_in_order(connection, files[order[0]])
    merged = merge_packet(connection, files[order[1]])
    assert (merged.new, merged.same, merged.extra, merged.conflicts) == (4, 4, 0, ())
    assert labels(connection, dataset) == {YES}
    assert drift(connection) == []


@pytest.mark.parametrize("order", list(itertools.permutations("ABC")))
def test_what_goes_on_from_another_file_is_a_revision(
    connection: Connection, dataset: Dataset, path: Path, order: tuple[str, ...]
) -> None:
    label_packet(path, say=say(YES))
    files = {"A": path, "B": copy(path, "B")}
    change_answers(files["B"], say(NO))
    files["C"] = copy(files["B"], "C")
    change_answers(files["C"], say(None))
    merge_in_order(connection, *[files[name] for name in order])
    assert labels(connection, dataset) == {None}
    assert [each.conflicts for each in [merge_packet(connection, files[name]) for name in order]] == [()] * 3
    assert {each.skip_reason for key, _ in enumerate(order, 1) for each in everything_said(connection, key)} == {""}
    assert drift(connection) == []


@pytest.mark.parametrize("order", list(itertools.permutations("ABC")))
def test_what_begins_alike_and_goes_apart_is_no_revision(
    connection: Connection, dataset: Dataset, path: Path, order: tuple[str, ...]
) -> None:
    label_packet(path, say=say(YES))
    files = {"A": path, "B": copy(path, "B"), "C": copy(path, "C")}
    change_answers(files["B"], say(NO))
    change_answers(files["C"], say(YES, relevance=1))
    merge_in_order(connection, *[files[name] for name in order])
    assert labels(connection, dataset) == {None}
    assert told(merge_packet(connection, files["A"]).conflicts) == {("copies", (NO, YES))}
    assert drift(connection) == []


@pytest.mark.parametrize("order", list(itertools.permutations("ABC")))
def test_copies_that_come_to_agree_count(
    connection: Connection, dataset: Dataset, path: Path, order: tuple[str, ...]
) -> None:
    files = {"A": path, "B": copy(path, "B")}
    label_packet(files["A"], say=say(YES))
    label_packet(files["B"], say=say(NO))
    files["C"] = copy(files["A"], "C")
    change_answers(files["C"], say(NO))
    merge_in_order(connection, *[files[name] for name in order])
    assert labels(connection, dataset) == {NO}
    assert merge_packet(connection, files["A"]).conflicts == ()
    assert drift(connection) == []


# What is done about it


def settle_what_was_skipped(connection: Connection, dataset: Dataset, label: str) -> Session:
    """As in the app: come back to each skipped example, and answer it."""
    ada = start_session(connection, "Ada")
    while (found := next_skipped(connection, ada, dataset)) is not None:
        assert found.answer.skip_reason == "copies of a packet differ"
        assert submit(connection, ada, dataset, found.example, answer(label)).outcome == "changed"
    return ada


@pytest.mark.parametrize("order", list(itertools.permutations("ABC")))
def test_what_its_validator_answers_here_stands(
    connection: Connection, dataset: Dataset, path: Path, order: tuple[str, ...]
) -> None:
    """Also over a copy that comes only then, and over what is changed in one later."""
    files = {"A": path, "B": copy(path, "B"), "C": copy(path, "C")}
    for name, label in (("A", YES), ("B", NO), ("C", None)):
        label_packet(files[name], say=say(label))
    merge_in_order(connection, *[files[name] for name in order[:2]])
    settle_what_was_skipped(connection, dataset, NO)
    assert labels(connection, dataset) == {NO}
    before = counting(connection, dataset)
    for name in order[:2]:
        again = merge_packet(connection, files[name])
        assert (again.new, again.conflicts) == (0, ())
    change_answers(files[order[0]], say(YES))
    for name in (order[0], order[2]):
        merged = merge_packet(connection, files[name])
        assert (merged.new, merged.extra) == (4, 4)
        assert told(merged.conflicts) == {("answered", ())}
    assert labels(connection, dataset) == {NO}
    after = counting(connection, dataset)
    assert {key for key in after if after[key] != before[key]} == {"counters"}, "more answers are stored"
    assert drift(connection) == []


def test_undo_goes_to_what_differs(connection: Connection, dataset: Dataset, path: Path) -> None:
    other = copy(path, "B")
    label_packet(path, say=say(YES), most=1)
    label_packet(other, say=say(NO), most=1)
    merge_in_order(connection, path, other)
    ada = start_session(connection, "Ada")
    found = earlier_answer(connection, ada, dataset)
    assert found is not None
    assert found.answer.skipped
    submit(connection, ada, dataset, found.example, answer(YES))
    assert labels(connection, dataset) == {YES}
    assert merge_packet(connection, other).conflicts == ()


def test_two_packets_of_one_validator_are_as_two_copies(connection: Connection, dataset: Dataset, path: Path) -> None:
    """What the first held and was given back is in the second; then both come."""
    first = find_packet(connection, read_packet(path).facts.token)
    assert first is not None
    assert end_packet(connection, first) == 4
    second = path.with_name("second.packet")
    make_packet(connection, dataset, "Ada", second)
    label_packet(path, say=say(YES))
    label_packet(second, say=say(NO))
    base = path.with_name("base.db")
    results = []
    for number, order in enumerate([(path, second), (second, path)]):
        workspace = here(connection, base.with_name(f"{number}.db"))
        merge_in_order(workspace, *order)
        assert labels(workspace, dataset) == {None}
        assert drift(workspace) == []
        results.append(counting(workspace, dataset))
        workspace.close()
    assert results[0] == results[1]


def test_copies_that_are_extra_stay_so_and_are_told(connection: Connection, dataset: Dataset, path: Path) -> None:
    other = copy(path, "B")
    connection.execute("DELETE FROM reservations")
    connection.execute("UPDATE review_status SET places = 2")
    for name in ("Béla", "Carla"):
        label_here(connection, dataset, name)
    label_packet(path, say=say(YES))
    label_packet(other, say=say(NO))
    before = counting(connection, dataset)["first answers"]
    first, second = merge_packet(connection, path), merge_packet(connection, other)
    assert [(each.new, each.extra) for each in (first, second)] == [(4, 4)] * 2
    assert {why for why, _ in told(first.conflicts)} == {"taken"}
    assert told(second.conflicts) == {("extra", ()), ("copies", (NO, YES))}
    assert counting(connection, dataset)["first answers"] == before
    assert drift(connection) == []


def test_a_release_says_what_differed_and_is_verified(connection: Connection, dataset: Dataset, path: Path) -> None:
    other = copy(path, "B")
    label_packet(path, say=say(YES))
    label_packet(other, say=say(NO), most=2)
    merge_in_order(connection, path, other)
    for name in ("Béla", "Carla"):
        label_here(connection, dataset, name)
    folder = ship(connection, dataset, load_policy(), path.with_name("release"), override="a test").folder
    assert verify(folder).problems == ()
    lines = (folder / "review" / "beekeeping" / "annotations.jsonl").read_text().splitlines()
    marks = [one for line in lines if (one := json.loads(line))["skip_reason"] == "copies of a packet differ"]
    assert [(one["occasion"], one["revision"], one["current"], one["label"]) for one in marks] == [
        ("first", 3, True, None)
    ] * 2


@pytest.mark.slow
def test_a_merge_of_a_copy_that_is_killed_has_done_nothing_or_all(
    connection: Connection, dataset: Dataset, path: Path, workspace_path: Path
) -> None:
    other = copy(path, "B")
    label_packet(path, say=say(YES))
    label_packet(other, say=say(NO))
    merge_packet(connection, path)
    before = stored(connection)
    for statement in sorted(random.Random(5).sample(range(4, 120), 6)):
        child = Child(merge_and_die_at, workspace_path, other, statement)
        child.process.join(60)
        assert child.process.exitcode == -9
        assert stored(connection) == before
    assert Child(merge_and_die_at, workspace_path, other, 0).result() > 120
    assert labels(connection, dataset) == {None}
    assert merge_packet(connection, other).new == 0
    assert drift(connection) == []


def here(connection: Connection, target: Path) -> Connection:
    """A workspace of its own, as another one is now."""
    connection.execute("VACUUM INTO ?", (str(target),))
    return open_workspace(target)
