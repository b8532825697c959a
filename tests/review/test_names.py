"""Names of validators and datasets: composed, bounded, seen, and no two nearly alike; old ones go on working."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from db.annotators import find_annotator, names
from db.datasets import all_datasets
from db.errors import EvalwrightError, InputError
from db.names import LONGEST
from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.annotation.disclosure import disclose
from review.assignment.serving import next_example, start_session
from review.assignment.settings import Changes, assign
from review.datasets.find_and_close import find
from review.datasets.importing import import_file
from review.packets import make_packet, merge_packet
from tests.support.packets import label_packet
from tests.support.workspaces import make_dataset

ROW = '{"question": "Do you keep bees?", "answer_matching_behavior": " Yes", "answer_not_matching_behavior": " No"}\n'
COMPOSED, APART = unicodedata.normalize("NFC", "Zoé"), unicodedata.normalize("NFD", "Zoé")

NO_NAMES = [
    ("a\x00b", "U.0000"),
    ("a\nb", "U.000A"),
    ("a\x1b[2J", "U.001B"),
    ("a\x85b", "U.0085"),
    ("a\u2028b", "U.2028"),
    ("\u202eb", "U.202E"),
    ("a\u2067b", "U.2067"),
    ("a\u200bb", "U.200B"),
    ("a\u00adb", "U.00AD"),
    ("a\ufeffb", "U.FEFF"),
    ("a\u3164b", "U.3164"),
    ("a\ue000b", "U.E000"),
    ("a\udce9", "U.DCE9"),
    ("x" * (LONGEST + 1), f"{LONGEST + 1} characters and may have {LONGEST}"),
    ("", "is empty"),
    (" \u3000", "is empty"),
    ("\u200d\ufe0f", "is empty"),
]
NEARLY = [("Ada", "ada"), ("ada lovelace", "Ada  Lovelace"), ("Ａｄａ", "Ada"), ("ﬁa", "fia"), ("STRASSE", "straße")]
NEARLY += [("می\u200cخواهم", "میخواهم")]


def label_as(connection: Connection, name: str, _folder: Path) -> None:
    start_session(connection, name)


def look_as(connection: Connection, name: str, _folder: Path) -> None:
    disclose(connection, all_datasets(connection)[0], name)


def allow(connection: Connection, name: str, _folder: Path) -> None:
    assign(connection, all_datasets(connection)[0], Changes(allow=(name,)))


def packet_for(connection: Connection, name: str, folder: Path) -> None:
    make_packet(connection, all_datasets(connection)[0], name, folder / "a.packet")


DOORS = [label_as, look_as, allow, packet_for]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("name", "told"), NO_NAMES)
def test_what_is_no_name_is_told(
    connection: Connection, tmp_path: Path, door: Callable[..., None], name: str, told: str
) -> None:
    make_dataset(connection, 3)
    with pytest.raises(InputError, match=rf"{told}|empty" if not name.strip() else told):
        door(connection, name, tmp_path)
    assert names(connection) == {}
    assert connection.execute("SELECT count(*) FROM packets").fetchone() == (0,)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("first", "second"), NEARLY)
def test_nearly_the_same_name_is_told(
    connection: Connection, tmp_path: Path, door: Callable[..., None], first: str, second: str
) -> None:
    make_dataset(connection, 3)
    start_session(connection, first)
    with pytest.raises(InputError, match=r"There is a validator .* already, whose name is nearly the same"):
        door(connection, second, tmp_path)
    assert list(names(connection).values()) == [first]


@pytest.mark.parametrize("name", ["Ada", "Łucja-Ñ O’Neil", "میخواهم", "🐝", "x" * LONGEST, "007"])
def test_names_of_many_kinds_are_names(connection: Connection, name: str) -> None:
    start_session(connection, name)
    start_session(connection, "Béla")
    assert set(names(connection).values()) == {name, "Béla"}


def test_the_same_letters_are_the_same_name(connection: Connection) -> None:
    make_dataset(connection, 3, name=COMPOSED)
    one, other = start_session(connection, APART), start_session(connection, COMPOSED)
    assert one.annotator_id == other.annotator_id
    assert names(connection) == {one.annotator_id: COMPOSED}
    assert find(connection, APART).name == COMPOSED


@pytest.mark.parametrize("old", [APART, "a\u200bb", "x" * 150, "two\nlines"])
def test_old_names_go_on_working(connection: Connection, tmp_path: Path, old: str) -> None:
    dataset = make_dataset(connection, 6, name=old)
    known = start_session(connection, "old").annotator_id
    connection.execute("UPDATE annotators SET name = ?", (old,))
    session = start_session(connection, old)
    assert session.annotator_id == known == find_annotator(connection, old)
    assert next_example(connection, session, find(connection, old)) is not None
    path = tmp_path / "old.packet"
    packet = make_packet(connection, dataset, old, path, count=3)
    label_packet(path, name=packet.annotator)
    assert merge_packet(connection, path).new == 3
    assert names(connection) == {known: old}


@pytest.mark.parametrize(("name", "told"), [each for each in NO_NAMES if each[0]])
def test_what_is_no_name_of_a_dataset_is_told(connection: Connection, tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "bees.jsonl").write_text(ROW)
    with pytest.raises(EvalwrightError, match=told):
        import_file(connection, tmp_path / "bees.jsonl", name=name, behavior="keeps bees")
    assert all_datasets(connection) == []


@pytest.mark.parametrize(("first", "second"), NEARLY)
def test_nearly_the_same_name_of_a_dataset_is_told(
    workspace_path: Path, tmp_path: Path, first: str, second: str
) -> None:
    connection = open_workspace(workspace_path)
    (tmp_path / "bees.jsonl").write_text(ROW)
    import_file(connection, tmp_path / "bees.jsonl", name=first, behavior="keeps bees")
    with pytest.raises(InputError, match=r"There is a dataset .* already, whose name is nearly the same"):
        import_file(connection, tmp_path / "bees.jsonl", name=second, behavior="keeps bees")
    assert [dataset.name for dataset in all_datasets(connection)] == [first]
