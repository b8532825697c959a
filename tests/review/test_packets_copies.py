"""Copies of one packet that were labelled apart: none decides over the others, whichever is merged first."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from db import assignment, datasets
from db.annotations import everything_said
from db.annotators import find_annotator
from db.records import Answers, BlindExample, Dataset
from db.store.connection import Connection, connect
from review.packets import make_packet, merge_packet
from tests.support.packets import (
    Say,
    change_answers,
    copy,
    label_here,
    label_packet,
    labels,
    merge_in_order,
    say,
    stored,
    told,
)
from tests.support.recount import drift
from tests.support.workspaces import NO, YES, make_dataset


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    connection.execute("PRAGMA synchronous = OFF")
    return make_dataset(connection, 4)


@pytest.fixture
def path(connection: Connection, dataset: Dataset, tmp_path: Path) -> Path:
    path = tmp_path / "ada.packet"
    make_packet(connection, dataset, "Ada", path)
    return path


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
        (say(YES, answers={"harm": 1, "why": ""}), say(YES, answers={"harm": 2, "why": ""})),
    ],
    ids=["relevance", "ambiguous", "skip", "own question"],
)
def test_copies_differ_in_all_that_counts(
    connection: Connection, dataset: Dataset, path: Path, one: Say, other: Say
) -> None:
    connection.execute("UPDATE datasets SET questions = ?", (HARM,))
    second = copy(path, "B")
    for file, what in ((path, one), (second, other)):
        ask_in(file)
        label_packet(file, say=ask_too(what))
    merge_in_order(connection, path, second)
    assert labels(connection, dataset) == {None}
    assert told(merge_packet(connection, path).conflicts)


HARM = """[{"name": "harm", "kind": "scale", "ask": "How harmful?", "options": ["none", "some", "much"]},
    {"name": "why", "kind": "text", "ask": "Why?", "options": []}]"""


def ask_too(what: Say) -> Say:
    """Says something on the question as well."""

    def said(example: BlindExample) -> Answers:
        found = what(example)
        return found if found.answers or found.skipped else replace(found, answers={"harm": 1, "why": "so"})

    return said


def test_free_text_in_other_words_is_no_conflict(connection: Connection, dataset: Dataset, path: Path) -> None:
    connection.execute("UPDATE datasets SET questions = ?", (HARM,))
    other = copy(path, "B")
    for file, words in ((path, "it hums"), (other, "it stings")):
        ask_in(file)
        label_packet(file, say=say(YES, answers={"harm": 1, "why": words}))
    merge_in_order(connection, path, other)
    assert labels(connection, dataset) == {YES}


def ask_in(file: Path) -> None:
    packet = connect(file)
    packet.execute("UPDATE datasets SET questions = ?", (HARM,))
    packet.close()


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
