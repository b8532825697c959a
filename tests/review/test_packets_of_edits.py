"""Edited examples in packets: asked again as in the app, blind, counted on the wording that the packet holds."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from db import assignment, datasets, packets, re_reviews
from db.annotators import find_annotator
from db.errors import InputError
from db.records import Dataset
from db.store.connection import Connection, connect
from review.annotation.disclosure import disclose
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.gate.sample import draw_sample
from review.lead.rulings import drop, edit, find_example, keep, outcomes, rule
from review.packets import end_packet, make_packet, merge_packet
from tests.support.packets import change_last, label_packet, stored
from tests.support.workspaces import NO, YES, answer, make_dataset

NEW = "I keep wasps"


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    """Six examples that Béla and Cleo have settled, the first of them edited by a lead then."""
    connection.execute("PRAGMA synchronous = OFF")
    made = make_dataset(connection, 6)
    for name in ("Béla", "Cleo"):
        session = start_session(connection, name)
        while example := next_example(connection, session, made):
            submit(connection, session, made, example, replace(answer(YES), comment=f"OldComment of {name}"))
    edit_to(connection, made, NEW)
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ada.packet"


def edit_to(connection: Connection, dataset: Dataset, text: str) -> int:
    _, example = find_example(connection, "beekeeping:0")
    rule(connection, dataset, example.id, edit(dataset, example, text, reason="SecretReason"), by="Zora the lead")
    return example.id


def said(connection: Connection) -> list[str | None]:
    """The labels that count on the newest wording."""
    _, example = find_example(connection, "beekeeping:0")
    return re_reviews.labels_of(connection, example.id)


def test_an_edited_example_goes_out_with_its_new_text_and_comes_back(
    connection: Connection, dataset: Dataset, path: Path
) -> None:
    before = draw_sample(connection, dataset)
    packet = make_packet(connection, dataset, "Ada", path)
    assert packet.examples == 1
    assert [example.body for example in label_packet(path)] == [NEW]
    ada = start_session(connection, "Ada")
    assert next_example(connection, ada, dataset) is None, "the packet holds it"
    merged = merge_packet(connection, path)
    assert (merged.new, merged.extra, merged.answered, merged.conflicts) == (1, 0, 1, ())
    assert said(connection) == [YES]
    assert outcomes(connection, dataset) == {}
    bela = start_session(connection, "Béla")
    example = next_example(connection, bela, dataset)
    assert example is not None
    assert (example.body, example.occasion) == (NEW, "re-review")
    submit(connection, bela, dataset, example, answer(YES))
    assert outcomes(connection, dataset) == {example.id: "edited"}
    after = draw_sample(connection, dataset)
    assert (after.examples, after.size) == (before.examples, before.size), "it is no evidence"
    progress = assignment.progress(connection, dataset.id, ada.annotator_id)
    assert (progress.answered, progress.mixed_in) == (0, 1)
    assert datasets.counts(connection, dataset.id).annotations == 14


def test_twice_is_once_and_a_changed_answer_is_a_revision(connection: Connection, dataset: Dataset, path: Path) -> None:
    make_packet(connection, dataset, "Ada", path)
    label_packet(path)
    merge_packet(connection, path)
    before = stored(connection)
    again = merge_packet(connection, path)
    assert (again.new, again.known, again.conflicts, stored(connection)) == (0, 1, (), before)
    change_last(path, NO)
    merged = merge_packet(connection, path)
    assert (merged.new, merged.known, merged.extra, merged.conflicts) == (1, 1, 0, ())
    assert said(connection) == [NO]
    ada = find_annotator(connection, "Ada")
    assert ada is not None
    assert assignment.progress(connection, dataset.id, ada).mixed_in == 1
    assert datasets.counts(connection, dataset.id).annotations == 13


def test_places_are_held_for_it_and_given_back(connection: Connection, dataset: Dataset, path: Path) -> None:
    packet = make_packet(connection, dataset, "Ada", path)
    make_packet(connection, dataset, "Dora", path.with_name("dora.packet"))
    with pytest.raises(InputError, match="nothing in beekeeping for Eve"):
        make_packet(connection, dataset, "Eve", path.with_name("eve.packet"))
    assert end_packet(connection, packet) == 1
    assert make_packet(connection, dataset, "Eve", path.with_name("eve.packet")).examples == 1


def test_first_answers_come_after_it_in_the_same_packet(connection: Connection, path: Path) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    made = make_dataset(connection, 6)
    example_id = edit_to(connection, made, NEW)
    packet = make_packet(connection, made, "Ada", path)
    plan = list(packets.planned(connection, packet.id).values())
    assert [(each.occasion, each.ruling_id) for each in plan] == [("re-review", 1), *[("first", None)] * 5]
    assert example_id not in {each.example_id for each in plan[1:]}
    assert len(label_packet(path)) == 6
    merged = merge_packet(connection, path)
    assert (merged.new, merged.answered, merged.conflicts) == (6, 6, ())


def test_the_bytes_say_nothing_of_the_edit(connection: Connection, dataset: Dataset, path: Path) -> None:
    connection.execute("UPDATE examples SET label_confidence = 0.8765")
    old = find_example(connection, "beekeeping:0")[1]
    make_packet(connection, dataset, "Ada", path)
    label_packet(path, say=lambda _: replace(answer(NO), comment="of Ada"))
    content = path.read_bytes()
    assert NEW.encode() in content
    secrets = [old.body, old.question, "OldComment", "Béla", "Cleo", "Zora", "SecretReason", "0.8765", "re-review"]
    held = sqlite3.connect(path).execute("SELECT name FROM sqlite_schema").fetchall()
    assert ("rulings",) in held, "the tables are a workspace's"
    for secret in secrets[:-1]:
        assert secret.encode() not in content, secret
    packet = connect(path)
    for table in ("rulings", "re_reviews", "packet_examples", "disclosures", "reservations"):
        assert packet.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    assert packet.execute("SELECT DISTINCT occasion FROM annotations").fetchall() == [("first",)]
    assert packet.execute("SELECT count(intended), count(label_confidence) FROM examples").fetchone() == (0, 0)
    packet.close()


@pytest.mark.parametrize("verdict", ["edit", "keep", "drop"])
def test_an_answer_on_a_wording_that_is_asked_no_longer_is_stored_and_told(
    connection: Connection, dataset: Dataset, path: Path, verdict: str
) -> None:
    make_packet(connection, dataset, "Ada", path)
    label_packet(path)
    if verdict == "edit":
        example_id = edit_to(connection, dataset, "I keep hornets")
    else:
        example_id = find_example(connection, "beekeeping:0")[1].id
        rule(connection, dataset, example_id, keep() if verdict == "keep" else drop("no"), by="Zora")
    ada = start_session(connection, "Ada")
    asked = next_example(connection, ada, dataset)
    assert (asked.body if asked else None) == ("I keep hornets" if verdict == "edit" else None)
    merged = merge_packet(connection, path)
    assert (merged.new, merged.extra) == (1, 1)
    assert [(each.example_id, each.why) for each in merged.conflicts] == [(example_id, "overruled")]
    assert said(connection) == []
    assert merge_packet(connection, path).new == 0
    assert outcomes(connection, dataset) == ({example_id: "dropped"} if verdict == "drop" else {})
    if asked is not None:
        assert submit(connection, ada, dataset, asked, answer(NO)).outcome == "counted"
        assert said(connection) == [NO]
    change_last(path, NO)
    merge_packet(connection, path)
    assert said(connection) == ([NO] if asked else [])


def test_who_answered_here_meanwhile_or_has_looked_counts_once_or_not(
    connection: Connection, dataset: Dataset, path: Path
) -> None:
    packet = make_packet(connection, dataset, "Ada", path)
    make_packet(connection, dataset, "Dora", path.with_name("dora.packet"))
    for name, file in (("Ada", path), ("Dora", path.with_name("dora.packet"))):
        label_packet(file, name=name)
    end_packet(connection, packet)
    ada = start_session(connection, "Ada")
    asked = next_example(connection, ada, dataset)
    assert asked is not None
    submit(connection, ada, dataset, asked, answer(NO))
    disclose(connection, dataset, "Dora", asked.id)
    for file, why in ((path, "answered"), (path.with_name("dora.packet"), "looked")):
        merged = merge_packet(connection, file)
        assert (merged.new, merged.extra) == (1, 1)
        assert [(each.example_id, each.why) for each in merged.conflicts] == [(asked.id, why)]
    assert said(connection) == [NO], "the answer given here stands"
    change_last(path, NO)
    merge_packet(connection, path)
    assert said(connection) == [NO]


def test_who_has_looked_at_the_whole_dataset_gets_no_packet(connection: Connection, path: Path) -> None:
    made = make_dataset(connection, 3)
    disclose(connection, made, "Ada")
    with pytest.raises(InputError, match="Ada has looked at the answers on beekeeping"):
        make_packet(connection, made, "Ada", path)
    assert not path.exists()
