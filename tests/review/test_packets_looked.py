"""What a packet says after its validator has looked at others' answers is told, and counts nowhere."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from db import packets, re_reviews
from db.annotators import find_annotator
from db.assignment_settings import settings_of
from db.datasets import get_dataset
from db.evidence import first_answers_of_dataset
from db.mixed_in import gold_answers, repeat_pairs
from db.records import Dataset
from db.store.connection import Connection, connect
from review.annotation.disclosure import disclose
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import start_session
from review.lead.rulings import edit, find_example, rule
from review.packets import Merged, make_packet, merge_packet
from tests.support.gold import mix_in
from tests.support.packets import change_answers, label_packet, stored
from tests.support.recount import drift
from tests.support.workspaces import NO, YES, answer, make_dataset


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    connection.execute("PRAGMA synchronous = OFF")
    return make_dataset(connection, 6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ada.packet"


def evidence(connection: Connection, dataset: Dataset) -> list[tuple[int, str | None]]:
    return [(each.example_id, each.label) for each in first_answers_of_dataset(connection, dataset.id, 0)]


def whys(merged: Merged) -> set[str]:
    return {each.why for each in merged.conflicts}


def change_all(path: Path, label: str | None) -> int:
    return change_answers(path, lambda _: answer(label))


@pytest.mark.parametrize("label", [YES, None], ids=["another label", "taken back"])
def test_what_is_changed_after_looking_at_the_dataset_is_a_re_review(
    connection: Connection, dataset: Dataset, path: Path, label: str | None
) -> None:
    make_packet(connection, dataset, "Ada", path)
    label_packet(path, say=lambda _: answer(NO))
    merge_packet(connection, path)
    before = evidence(connection, dataset)
    disclose(connection, dataset, "Ada")
    assert change_all(path, label) == 6
    merged = merge_packet(connection, path)
    assert evidence(connection, dataset) == before
    assert (merged.new, merged.extra, merged.known, whys(merged)) == (6, 6, 6, {"seen"})
    assert [(row[2], row[3], row[4]) for row in stored(connection)[6:]] == [("re-review", 1, label)] * 6
    again = merge_packet(connection, path)
    assert (again.new, again.conflicts) == (0, ())
    assert change_all(path, NO) == 6
    assert merge_packet(connection, path).extra == 6
    assert [(row[2], row[3]) for row in stored(connection)[12:]] == [("re-review", 2)] * 6
    assert evidence(connection, dataset) == before
    assert drift(connection) == []


def test_who_looked_at_one_example_goes_on_with_the_others(
    connection: Connection, dataset: Dataset, path: Path
) -> None:
    packet = make_packet(connection, dataset, "Ada", path)
    label_packet(path, say=lambda _: answer(NO))
    merge_packet(connection, path)
    looked_at = packets.planned(connection, packet.id)[2].example_id
    disclose(connection, dataset, "Ada", looked_at)
    change_all(path, YES)
    merged = merge_packet(connection, path)
    assert dict(evidence(connection, dataset)) == {
        key: NO if key == looked_at else YES for key, _ in evidence(connection, dataset)
    }
    assert [(each.example_id, each.why) for each in merged.conflicts] == [(looked_at, "seen")]
    assert (merged.new, merged.extra) == (6, 1)


def test_what_comes_whole_after_looking_is_extra_and_a_re_review(
    connection: Connection, dataset: Dataset, path: Path
) -> None:
    """Its changes, too, are stored alike, whether they come at once or one after the other."""
    make_packet(connection, dataset, "Ada", path, count=2)
    label_packet(path)
    disclose(connection, dataset, "Ada")
    early = Path(shutil.copy(path, path.with_name("early")))
    change_all(path, NO)
    merge_packet(connection, early)
    merged = merge_packet(connection, path)
    assert [row[2] for row in stored(connection)] == ["extra", "extra", "re-review", "re-review"]
    assert (merged.extra, whys(merged)) == (2, {"seen"})
    assert evidence(connection, dataset) == []
    assert drift(connection) == []


def test_another_copy_that_comes_after_looking_changes_nothing(
    connection: Connection, dataset: Dataset, path: Path
) -> None:
    make_packet(connection, dataset, "Ada", path)
    copy = Path(shutil.copy(path, path.with_name("copy")))
    label_packet(path, say=lambda _: answer(NO))
    label_packet(copy, say=lambda _: answer(YES))
    merge_packet(connection, path)
    before = evidence(connection, dataset)
    disclose(connection, dataset, "Ada")
    merged = merge_packet(connection, copy)
    assert evidence(connection, dataset) == before
    assert (merged.extra, whys(merged)) == (6, {"seen"})
    assert drift(connection) == []


def test_gold_that_was_looked_at_measures_nobody(connection: Connection, path: Path) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    dataset = make_dataset(connection, 60)
    mix_in(connection, dataset, gold=30, gold_rate=0.3)
    make_packet(connection, dataset, "Ada", path, count=40)
    label_packet(path, most=20, say=lambda _: answer(NO))
    merge_packet(connection, path)
    before = gold_answers(connection, dataset.id)
    assert len(before) > 2
    gold_set = settings_of(connection, dataset.id).gold_set
    assert gold_set is not None
    disclose(connection, get_dataset(connection, gold_set), "Ada")
    change_all(path, YES)
    label_packet(path)
    merged = merge_packet(connection, path)
    assert gold_answers(connection, dataset.id) == before
    assert whys(merged) == {"seen", "looked"}
    assert merged.answered == 40
    assert merge_packet(connection, path).new == 0
    assert drift(connection) == []


def test_a_repeat_that_was_looked_at_measures_nobody(connection: Connection, path: Path) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    dataset = make_dataset(connection, 200)
    mix_in(connection, dataset, repeat_rate=0.2)
    make_packet(connection, dataset, "Ada", path, count=120)
    label_packet(path, most=100, say=lambda _: answer(NO))
    merge_packet(connection, path)
    before = repeat_pairs(connection, dataset.id)
    assert len(before) > 2
    disclose(connection, dataset, "Ada")
    change_all(path, YES)
    label_packet(path)
    merge_packet(connection, path)
    assert repeat_pairs(connection, dataset.id) == before
    assert merge_packet(connection, path).new == 0
    assert drift(connection) == []


def test_an_edited_example_keeps_what_was_said_of_it_before_looking(
    connection: Connection, dataset: Dataset, path: Path
) -> None:
    """Neither changed nor taken back: with a newer answer that doesn't count, the older one must go on counting."""
    _, example = find_example(connection, "beekeeping:0")
    rule(connection, dataset, example.id, edit(dataset, example, "I keep wasps", reason=""), by="Zora")
    make_packet(connection, dataset, "Ada", path, count=1)
    label_packet(path)
    merge_packet(connection, path)
    assert re_reviews.labels_of(connection, example.id) == [YES]
    change_all(path, NO)
    disclose(connection, dataset, "Ada", example.id)
    merged = merge_packet(connection, path)
    assert re_reviews.labels_of(connection, example.id) == [YES]
    assert (merged.extra, whys(merged)) == (1, {"seen"})


def test_in_the_app_neither_repeats_nor_edited_examples_are_changed_by_who_has_looked(
    connection: Connection, path: Path
) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    dataset = make_dataset(connection, 200)
    mix_in(connection, dataset, repeat_rate=0.2)
    _, edited = find_example(connection, "beekeeping:0")
    rule(connection, dataset, edited.id, edit(dataset, edited, "I keep wasps", reason=""), by="Zora")
    make_packet(connection, dataset, "Ada", path, count=100)
    label_packet(path)
    merge_packet(connection, path)
    pairs = repeat_pairs(connection, dataset.id)
    assert pairs
    disclose(connection, dataset, "Ada")
    ada = start_session(connection, "Ada")
    found, outcomes = earlier_answer(connection, ada, dataset), set()
    while found is not None:
        outcomes.add(submit(connection, ada, dataset, found.example, answer(NO)).outcome)
        found = earlier_answer(connection, ada, dataset, found.anchor)
    assert repeat_pairs(connection, dataset.id) == pairs
    assert re_reviews.labels_of(connection, edited.id) == [YES]
    assert outcomes == {"apart"}
    assert find_annotator(connection, "Ada") == ada.annotator_id


def test_a_clock_that_is_ahead_takes_nothing_back(connection: Connection, dataset: Dataset, path: Path) -> None:
    """An answer of a clock that is minutes ahead, merged blind, isn't one from after a look of today."""
    _, example = find_example(connection, "beekeeping:0")
    rule(connection, dataset, example.id, edit(dataset, example, "I keep wasps", reason=""), by="Zora")
    make_packet(connection, dataset, "Ada", path, count=1)
    label_packet(path)
    with closing(connect(path)) as packet:
        packet.execute("UPDATE annotations SET created_at = strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now', '+4 minutes')")
    merge_packet(connection, path)
    disclose(connection, dataset, "Ada", example.id)
    assert re_reviews.labels_of(connection, example.id) == [YES]
