"""Packets: made, labelled elsewhere, merged back; nothing lost, nothing doubled, nothing told."""

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from db import assignment, datasets, packets
from db.annotators import find_annotator
from db.datasets import all_datasets
from db.errors import EvalwrightError, InputError, WorkspaceError
from db.mixed_in import gold_answers, repeat_pairs
from db.packets import all_packets
from db.records import Dataset
from db.store.backups import back_up
from db.store.connection import Connection, connect, write
from db.store.workspace import is_packet, open_workspace
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.packets import make_packet, merge_packet, merging
from tests.support.gold import mix_in
from tests.support.packets import change_answers, change_last, label_here, label_packet, merge_and_die_at, stored
from tests.support.processes import Child
from tests.support.workspaces import NO, YES, answer, make_dataset


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    connection.execute("PRAGMA synchronous = OFF")
    return make_dataset(connection, 40)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ada.packet"


def texts(connection: Connection, dataset: Dataset) -> list[str]:
    """The dataset's texts in its review order."""
    rows = connection.execute(
        "SELECT e.body FROM review_status AS s JOIN examples AS e ON e.id = s.example_id"
        " WHERE s.dataset_id = ? ORDER BY s.position",
        (dataset.id,),
    )
    return [body for (body,) in rows]


# There and back


def test_a_packet_goes_out_and_comes_back(connection: Connection, dataset: Dataset, path: Path) -> None:
    packet = make_packet(connection, dataset, "Ada", path, count=30)
    assert (packet.examples, packet.answered, packet.annotator) == (30, 0, "Ada")
    assert is_packet(path)
    served = label_packet(path)
    assert [example.body for example in served] == texts(connection, dataset)[:30], "in the review order"
    merged = merge_packet(connection, path)
    assert (merged.new, merged.known, merged.extra, merged.answered, merged.conflicts) == (30, 0, 0, 30, ())
    ada = find_annotator(connection, "Ada")
    assert ada is not None
    counts = datasets.counts(connection, dataset.id)
    assert (counts.annotations, counts.reviewed, counts.settled) == (30, 30, 0)
    assert assignment.progress(connection, dataset.id, ada).answered == 30
    assert connection.execute("SELECT count(*) FROM reservations").fetchone() == (0,)
    assert label_here(connection, dataset, "Béla")
    assert datasets.counts(connection, dataset.id).settled == 30
    assert len(label_here(connection, dataset, "Ada")) == 10, "the rest of them here"


def test_twice_is_once_and_a_later_version_adds_what_is_new(
    connection: Connection, dataset: Dataset, path: Path, tmp_path: Path
) -> None:
    make_packet(connection, dataset, "Ada", path, count=20)
    label_packet(path, most=8)
    early = Path(shutil.copy(path, tmp_path / "early.packet"))
    assert merge_packet(connection, path).new == 8
    before = stored(connection)
    again = merge_packet(connection, path)
    assert (again.new, again.known, stored(connection)) == (0, 8, before)
    label_packet(path)
    later = merge_packet(connection, path)
    assert (later.new, later.known, later.answered) == (12, 8, 20)
    assert merge_packet(connection, early).new == 0
    assert len(stored(connection)) == 20


def test_changed_answers_are_revisions_in_their_order(connection: Connection, dataset: Dataset, path: Path) -> None:
    make_packet(connection, dataset, "Ada", path, count=3)
    label_packet(path)
    merge_packet(connection, path)
    for label in (NO, None):
        change_last(path, label)
    merged = merge_packet(connection, path)
    assert (merged.new, merged.known, merged.answered) == (2, 3, 3)
    last = stored(connection)[-3:]
    assert [(row[3], row[4]) for row in last] == [(1, YES), (2, NO), (3, None)]
    assert len({row[0] for row in last}) == 1
    ada = find_annotator(connection, "Ada")
    assert ada is not None
    progress = assignment.progress(connection, dataset.id, ada)
    assert (progress.answered, progress.skipped) == (2, 1)
    assert datasets.counts(connection, dataset.id).annotations == 3


def test_everything_that_was_said_comes_along(connection: Connection, path: Path) -> None:
    dataset = make_dataset(connection, 3)
    with write(connection):
        connection.execute("UPDATE datasets SET guidelines = 'Read twice.', questions = ?", (HARM,))
    dataset = datasets.get_dataset(connection, dataset.id)
    make_packet(connection, dataset, "Ada", path)
    said = replace(
        answer(NO),
        relevance=2,
        ambiguous=True,
        flagged=True,
        comment="a\tb \x00 \U0001f41d",
        answers={"harm": 2},
        suggested_edit="I keep many bees",
    )
    label_packet(path, most=1, say=lambda _: said)
    packet = open_workspace(path)
    there = all_datasets(packet)[0]
    assert (there.guidelines, there.questions, there.behavior) == ("Read twice.", dataset.questions, "keeps bees")
    packet.close()
    merge_packet(connection, path)
    columns = "label, relevance, ambiguous, flagged, comment, answers, suggested_edit, seconds, submission"
    row = connection.execute(f"SELECT {columns} FROM annotations").fetchone()
    assert row == (NO, 2, 1, 1, said.comment, '{"harm": 2}', "I keep many bees", 1.5, said.submission)


HARM = '[{"name": "harm", "kind": "scale", "ask": "How harmful?", "options": ["none", "some", "much"]}]'


def test_gold_and_repeats_are_in_a_packet_and_nothing_there_says_so(connection: Connection, path: Path) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    dataset = make_dataset(connection, 400)
    mix_in(connection, dataset, gold=60, gold_rate=0.1, repeat_rate=0.1)
    make_packet(connection, dataset, "Ada", path, count=300)
    served = label_packet(path)
    assert len(served) == 300
    assert {example.occasion for example in served} == {"first"}
    packet = open_workspace(path)
    assert packet.execute("SELECT count(*) FROM datasets").fetchone() == (1,)
    packet.close()
    merged = merge_packet(connection, path)
    assert (merged.new, merged.conflicts) == (300, ())
    gold, pairs = gold_answers(connection, dataset.id), repeat_pairs(connection, dataset.id)
    assert 15 < len(gold) < 50
    assert 10 < len(pairs) < 50
    assert {pair.label_again for pair in pairs} == {YES}
    plan = [each for each in packets.planned(connection, 1).values() if each.occasion != "gold"]
    order = [(each.example_id, each.occasion) for each in plan]
    assert min(place - order.index((key, "first")) for place, (key, what) in enumerate(order) if what == "repeat") > 50
    ada = find_annotator(connection, "Ada")
    assert ada is not None
    progress = assignment.progress(connection, dataset.id, ada)
    assert progress.answered == datasets.counts(connection, dataset.id).reviewed == 300 - len(gold) - len(pairs)
    assert progress.mixed_in == len(gold) + len(pairs)
    online = label_here(connection, dataset, "Ada")
    assert not {example.id for example in online if example.occasion != "repeat"} & {each.example_id for each in plan}


# What is in the file


def test_the_bytes_of_a_packet_say_nothing_more_than_a_validator_may_know(connection: Connection, path: Path) -> None:
    dataset = make_dataset(connection, 60)
    secrets = ["PurpleTruth", "Béla", "Zora the lead", "SecretPrompt", "OtherComment", "0.8765"]
    with write(connection):
        connection.execute("UPDATE examples SET label_confidence = 0.8765, intended = 'PurpleTruth'")
        connection.execute("UPDATE examples SET extra = json_object('prompt', 'SecretPrompt')")
        connection.execute("UPDATE datasets SET origin = 'SecretPrompt.jsonl'")
    mix_in(connection, dataset, gold=30, gold_rate=0.2)
    bela = start_session(connection, "Béla")
    for _ in range(20):
        example = next_example(connection, bela, dataset)
        assert example is not None
        submit(connection, bela, dataset, example, replace(answer(YES), comment="OtherComment"))
    start_session(connection, "Zora the lead")
    make_packet(connection, dataset, "Ada", path)
    label_packet(path, most=10)
    assert list(path.parent.glob(f"{path.name}?*")) == [], "all of a packet is in its one file"
    content = path.read_bytes()
    assert b"I keep 7 bees" in content
    for secret in secrets:
        assert secret.encode() not in content, secret
    packet = open_workspace(path)
    assert packet.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    for column in ("intended", "label_confidence", "candidate_id"):
        assert packet.execute(f"SELECT count({column}) FROM examples").fetchone() == (0,)
    filled = {
        table
        for (table,) in packet.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        if packet.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,)
    }
    known = {"settings", "datasets", "dataset_counters", "examples", "review_status", "sequences"}
    used = {"annotators", "sessions", "annotations", "cursors", "reopenings", "sqlite_sequence", "_sqlite_migrations"}
    assert {table for table in filled if not table.startswith("examples_text")} == known | used
    assert packet.execute("SELECT name FROM annotators").fetchall() == [("Ada",)]
    packet.close()


# What happens on the way


def test_a_packet_that_cant_be_written_reserves_nothing(
    connection: Connection, dataset: Dataset, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise InputError("The disk is full.")

    monkeypatch.setattr("review.packets.making.fill_file", full)
    with pytest.raises(EvalwrightError, match="full"):
        make_packet(connection, dataset, "Ada", path)
    assert not list(path.parent.glob("*packet*"))
    assert connection.execute("SELECT count(*) FROM reservations").fetchone() == (0,)
    assert len(label_here(connection, dataset, "Ada")) == 40


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_who_may_read_the_workspace_may_read_a_packet(
    connection: Connection, dataset: Dataset, path: Path, workspace_path: Path, mode: int
) -> None:
    workspace_path.chmod(mode)
    make_packet(connection, dataset, "Ada", path)
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.slow
def test_a_merge_that_is_killed_has_stored_its_first_examples_and_is_completed(
    connection: Connection, dataset: Dataset, path: Path, workspace_path: Path, tmp_path: Path
) -> None:
    make_packet(connection, dataset, "Ada", path, count=4)
    label_packet(path)
    change_answers(path, lambda example: answer(NO) if example.id % 2 else None)
    whole = tmp_path / "whole.db"
    back_up(workspace_path, whole)
    statements = Child(merge_and_die_at, whole, path, 0).result()
    after = stored(open_workspace(whole))
    assert len(after) == 6
    seen = set()
    for number, statement in enumerate(sorted(random.Random(3).sample(range(4, statements), 8))):
        workspace = tmp_path / f"{number}.db"
        back_up(workspace_path, workspace)
        child = Child(merge_and_die_at, workspace, path, statement)
        child.process.join()
        assert child.process.exitcode == -9
        opened = open_workspace(workspace)
        found = stored(opened)
        seen.add(len(found))
        assert found == after[: len(found)]
        (packet,) = all_packets(opened)
        assert packet.unfinished == (0 < len(found) < 6)
        held = opened.execute("SELECT count(*) FROM reservations").fetchone()
        assert held == (4 - len({row[0] for row in found}),)
        assert merge_packet(opened, path).new == 6 - len(found)
        assert stored(opened) == after
        (packet,) = all_packets(opened)
        assert not packet.unfinished
        assert merge_packet(opened, path).new == 0
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(seen) > 2


def test_a_merge_that_cant_go_on_says_so_and_is_completed_by_a_later_file(
    connection: Connection, dataset: Dataset, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(_: float) -> None:
        connection.execute("PRAGMA query_only = ON")

    make_packet(connection, dataset, "Ada", path, count=4)
    label_packet(path, most=3)
    with monkeypatch.context() as cut_off:
        cut_off.setattr(merging, "HELD", -1.0)
        cut_off.setattr("time.sleep", read_only)
        with pytest.raises(
            WorkspaceError, match=r"ada.packet is merged in part; merge it again \(.*nothing was written"
        ):
            merge_packet(connection, path)
    connection.execute("PRAGMA query_only = OFF")
    assert len(stored(connection)) == 1
    (packet,) = all_packets(connection)
    assert packet.unfinished
    label_packet(path)
    assert merge_packet(connection, path).new == 3
    (packet,) = all_packets(connection)
    assert not packet.unfinished


def test_a_packet_made_before_an_upgrade_is_merged_after_it(
    connection: Connection, dataset: Dataset, path: Path, workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from db.store import schema

    make_packet(connection, dataset, "Ada", path)
    label_packet(path)
    content = path.read_bytes()
    later = ("later", ["CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT"])
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, later])
    monkeypatch.setattr(schema, "CURRENT", len(schema.MIGRATIONS))
    upgraded = open_workspace(workspace_path)
    assert merge_packet(upgraded, path).new == 40
    assert path.read_bytes() == content
    assert label_packet(path) == []
    assert is_packet(path), "also once it is brought up to date itself"
    assert connect(path).execute("PRAGMA journal_mode").fetchone() == ("delete",)
