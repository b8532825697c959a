"""Packets on the command line and in a terminal, as the documentation has them."""

import re
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from db.store.connection import Connection, connect
from db.store.workspace import open_workspace
from tests.review.test_packets_refused import WITH_A_JOB
from tests.support.calls import Call, caller
from tests.support.packets import label_packet
from tests.support.terminal import Terminal
from tests.support.workspaces import NO, YES, answer, make_dataset

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "assignment.md").read_text(encoding="utf-8")


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "evalwright.db"


def packets_block() -> list[str]:
    blocks: list[str] = re.findall(r"```sh\n(.*?)```", DOCS, re.DOTALL)
    return next(block for block in blocks if "packet" in block).splitlines()


@pytest.mark.slow
def test_a_packet_is_labelled_in_a_terminal_and_merged(connection: Connection, call: Call, tmp_path: Path) -> None:
    """The commands of the documentation, one after the other."""
    make_dataset(connection, 3)
    make, review, merge, listing, end = [
        shlex.split(line.replace("DATASET", "beekeeping"))[1:] for line in packets_block()
    ]
    made = call(*make)
    assert re.fullmatch(r"ada\.packet: 3 examples of beekeeping for Ada, until \d{4}-\d\d-\d\d\n", made.out)
    with Terminal(
        [sys.executable, "-m", "tui", *review], folder=tmp_path, environment={"PYTHONPATH": str(ROOT)}
    ) as app:
        for number in range(3):
            app.wait_for("I keep", "as Ada", "3 in this packet", f"{number} answered")
            app.press("y5")
        app.wait_for("Done: you have answered all 3 examples", "Now send the file back.")
        app.press("q")
        assert app.wait_to_end() == 0
    merged = call(*merge)
    assert merged.out == "ada.packet: 3 new answers, 0 known; Ada has answered 3 of 3\n"
    assert call(*listing).out.splitlines()[1].split() == ["1", "beekeeping", "Ada", "3", "of", "3", "0", "done"]
    assert call(*end).err == "0 examples of packet 1 may be asked of others again.\n"
    assert connection.execute("SELECT label, relevance FROM annotations").fetchall() == [(" Yes", 5)] * 3


def test_conflicts_are_told_example_by_example(connection: Connection, call: Call, tmp_path: Path) -> None:
    make_dataset(connection, 2)
    call("packet", "make", "beekeeping", "--for", "Ada", "--to", "ada.packet")
    label_packet(tmp_path / "ada.packet", most=1)
    connection.execute("UPDATE examples SET body = 'another text'")
    done = call("packet", "merge", "ada.packet", "absent.packet")
    assert done.code == 2
    assert re.fullmatch(
        r"ada\.packet: 1 new answers, 1 of them extra, 0 known; Ada has answered 1 of 2\n"
        r"  beekeeping:[01]: its text is another one now: stored as extra\n",
        done.out,
    )
    assert done.err == "evalwright: absent.packet does not exist.\n"
    done = call("packet", "merge", "ada.packet", "--json")
    assert (done.code, done.json[0]["new"], done.json[0]["known"]) == (0, 0, 1)
    assert call("packet", "list", "--json").json[0]["state"] == "out"


def test_copies_that_differ_are_told_with_what_each_says(connection: Connection, call: Call, tmp_path: Path) -> None:
    make_dataset(connection, 2)
    call("packet", "make", "beekeeping", "--for", "Ada", "--to", "ada.packet")
    shutil.copy(tmp_path / "ada.packet", tmp_path / "copy.packet")
    label_packet(tmp_path / "ada.packet", say=lambda _: replace(answer(YES), ambiguous=True))
    label_packet(tmp_path / "copy.packet", say=lambda example: answer(NO if example.id == 1 else None))
    done = call("packet", "merge", "ada.packet", "copy.packet")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[:2] == [
        "ada.packet: 2 new answers, 0 known; Ada has answered 2 of 2",
        "copy.packet: 2 new answers, 2 of them extra, 0 known; Ada has answered 2 of 2",
    ]
    why = "copies of the packet differ: none counts, and its validator is asked to answer it here"
    assert {re.sub(r":[01]:", ":", line, count=1) for line in lines[2:]} == {
        f"  beekeeping: {why}: No, relevance 4; Yes, relevance 4, ambiguous",
        f"  beekeeping: {why}: skipped; Yes, relevance 4, ambiguous",
    }
    assert {line.split(":")[1] for line in lines[2:]} == {"0", "1"}
    (again,) = call("packet", "merge", "ada.packet", "--json").json
    assert (again["new"], again["extra"], again["same"]) == (0, 0, 0)
    assert {(one["dataset"], one["row"], one["why"]) for one in again["conflicts"]} == {
        ("beekeeping", 0, "copies"),
        ("beekeeping", 1, "copies"),
    }
    assert again["conflicts"][0]["says"][1] == {"label": YES, "relevance": 4, "ambiguous": True, "answers": {}}
    assert call("packet", "list").out.splitlines()[1].split()[3:] == ["2", "of", "2", "2", "done"]
    assert call("packet", "list", "--json").json[0]["differing"] == 2


@pytest.mark.parametrize("command", ["gate", "agreement", "lint", "worker", "jobs", "packet list", "assign beekeeping"])
def test_what_makes_no_sense_in_a_packet_is_refused(
    connection: Connection, call: Call, tmp_path: Path, command: str
) -> None:
    make_dataset(connection, 2)
    call("packet", "make", "beekeeping", "--for", "Ada", "--to", "ada.packet")
    before = (tmp_path / "ada.packet").read_bytes()
    sentence = call("--workspace", "ada.packet", *command.split()).sentence
    name = command.split(maxsplit=1)[0]
    assert sentence.startswith("ada.packet is a packet, which can be reviewed and nothing else;")
    assert f"call `evalwright {name}` in" in sentence
    assert (tmp_path / "ada.packet").read_bytes() == before


@pytest.mark.slow
def test_a_packet_is_for_one_validator(connection: Connection, call: Call, tmp_path: Path) -> None:
    make_dataset(connection, 2)
    call("packet", "make", "beekeeping", "--for", "Ada", "--to", "ada.packet")
    with Terminal(
        [sys.executable, "-m", "tui", "--workspace", "ada.packet", "review", "--as", "Eve"],
        folder=tmp_path,
        environment={"PYTHONPATH": str(ROOT)},
    ) as terminal:
        terminal.wait_for("The packet ada.packet is for Ada")
    assert open_workspace(tmp_path / "ada.packet").execute("SELECT count(*) FROM annotators").fetchone() == (0,)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["make", "beekeeping", "--for", "Ada", "--to", "evalwright.db"], "evalwright.db exists already"),
        (["make", "beekeeping", "--for", " ", "--to", "ada.packet"], "The name after --for is empty"),
        (["make", "beekeeping", "--for", "Ada", "--to", "ada.packet", "--count", "501"], "1 to 500 examples"),
        (["make", "beekeeping", "--for", "Ada", "--to", "absent/ada.packet"], "can't be written"),
        (["make", "absent", "--for", "Ada", "--to", "ada.packet"], "There is no dataset named absent"),
        (["end", "7"], "There is no packet 7"),
        ([], "Missing command"),
    ],
)
def test_what_cant_be_done_is_a_sentence(connection: Connection, call: Call, arguments: list[str], says: str) -> None:
    make_dataset(connection, 2)
    assert says in call("packet", *arguments).sentence


@pytest.mark.parametrize("name", ["theirs.packet", "THEIRS.PACKET"])
@pytest.mark.parametrize("command", [("review",), (), ("datasets",), ("import", "x.jsonl"), ("jobs",)])
def test_what_is_named_like_a_packet_and_is_none_is_refused(
    connection: Connection, call: Call, tmp_path: Path, name: str, command: tuple[str, ...]
) -> None:
    assert "There is no packet at" in call("--workspace", name, *command).sentence
    assert not (tmp_path / name).exists()
    shutil.copy(tmp_path / "evalwright.db", tmp_path / name)
    assert "is named like a packet and is none; ask who sent it" in call("--workspace", name, *command).sentence


def test_a_packet_with_a_job_is_refused_when_it_is_opened(
    connection: Connection, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dataset(connection, 2)
    call("packet", "make", "beekeeping", "--for", "Ada", "--to", "ada.packet")
    file = connect(tmp_path / "ada.packet")
    file.execute(WITH_A_JOB)
    file.close()
    monkeypatch.setenv("TEXTUAL_DRIVER", "shown elsewhere")
    for command in ((), ("review",)):
        said = call("--workspace", "ada.packet", *command).sentence
        assert said == "ada.packet is no packet of evalwright's: it holds jobs; don't use it, and ask who sent it."
