"""What is done about copies of a packet that differ, and what hangs on it: the app, releases, a second packet."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest

from db.packet_file import read_packet
from db.packets import find_packet
from db.records import Dataset
from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.annotation.submitting import earlier_answer, next_skipped, submit
from review.assignment.serving import Session, start_session
from review.gate.policy import load_policy
from review.packets import end_packet, make_packet, merge_packet
from review.release import ship
from review.release.verify import verify
from tests.support.packets import (
    change_answers,
    copy,
    counting,
    label_here,
    label_packet,
    labels,
    merge_and_die_at,
    merge_in_order,
    say,
    stored,
    told,
)
from tests.support.processes import Child
from tests.support.recount import drift
from tests.support.workspaces import NO, YES, answer, make_dataset


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    connection.execute("PRAGMA synchronous = OFF")
    return make_dataset(connection, 4)


@pytest.fixture
def path(connection: Connection, dataset: Dataset, tmp_path: Path) -> Path:
    path = tmp_path / "ada.packet"
    make_packet(connection, dataset, "Ada", path)
    return path


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
def test_a_merge_of_a_copy_that_is_killed_leaves_no_example_on_which_they_differ_and_one_counts(
    connection: Connection, dataset: Dataset, path: Path, tmp_path: Path
) -> None:
    other = copy(path, "B")
    label_packet(path, say=say(YES))
    label_packet(other, say=say(NO))
    merge_packet(connection, path)
    before = stored(connection)
    here(connection, tmp_path / "whole.db").close()
    statements = Child(merge_and_die_at, tmp_path / "whole.db", other, 0).result()
    merged = set()
    for statement in sorted(random.Random(5).sample(range(4, statements), 8)):
        workspace = tmp_path / f"{statement}.db"
        here(connection, workspace).close()
        child = Child(merge_and_die_at, workspace, other, statement)
        child.process.join()
        assert child.process.exitcode == -9
        opened = open_workspace(workspace)
        found = stored(opened)
        answers, marks = found[len(before) :: 2], found[len(before) + 1 :: 2]
        assert found[: len(before)] == before
        assert [row[0] for row in answers] == [row[0] for row in marks], "each with the skip that says so"
        assert drift(opened) == []
        merged.add(len(answers))
        merge_packet(opened, other)
        assert labels(opened, dataset) == {None}
        assert merge_packet(opened, other).new == 0
        assert drift(opened) == []
    assert len(merged) > 2


def here(connection: Connection, target: Path) -> Connection:
    """A workspace of its own, as another one is now."""
    connection.execute("VACUUM INTO ?", (str(target),))
    return open_workspace(target)
