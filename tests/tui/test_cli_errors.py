"""Every call that is wrong: exit code 2, nothing on standard output, and one sentence that says what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from db.store.connection import Connection, write
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import find
from review.formats.jsonl import write_file
from tests.support.calls import Call, caller, is_sentence
from tests.support.scripted_engine import BEHAVIOR, make_job
from tests.support.workspaces import answer, make_dataset, persona_row, write_rows
from tui.presentation.text import HOSTILE

EVIL = "x\x1b[31m\x1b]0;owned\x07\x9b2J\u202egnp\x00\n[/red] {text}"


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "evalwright.db"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


# The workspace

NEED_A_WORKSPACE = [
    ("datasets",),
    ("close", "x"),
    ("reopen", "x"),
    ("jobs",),
    ("jobs", "pause", "1"),
    ("worker",),
    ("review",),
    ("agreement", "x"),
    ("lint",),
    ("lint", "x"),
    ("gate",),
    ("ship", "x", "--to", "release"),
]


@pytest.mark.parametrize("arguments", NEED_A_WORKSPACE, ids=" ".join)
def test_no_workspace(call: Call, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert call(*arguments).sentence == (
        "There is no workspace at evalwright.db; `evalwright import`, `evalwright generate` or `evalwright demo` makes "
        "one, or name another with --workspace."
    )
    assert list(tmp_path.iterdir()) == []


FOREIGN = [*NEED_A_WORKSPACE, ("import", "bees.jsonl"), ("generate", "walks.toml"), ("demo", "--no-app")]


@pytest.mark.parametrize("arguments", FOREIGN, ids=" ".join)
def test_a_sqlite_file_of_another_program(call: Call, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    foreign = sqlite3.connect(tmp_path / "foreign.db")
    foreign.execute("CREATE TABLE things (name)")
    foreign.close()
    write_rows(tmp_path / "bees.jsonl", 2)
    (tmp_path / "walks.toml").write_text(BEHAVIOR)
    before = (tmp_path / "foreign.db").read_bytes()
    assert "foreign.db is a SQLite file of another program" in call("--workspace", "foreign.db", *arguments).sentence
    assert (tmp_path / "foreign.db").read_bytes() == before


def test_other_files_that_are_no_workspace(call: Call, tmp_path: Path, connection: Connection) -> None:
    (tmp_path / "text.db").write_text("This is not a database. " * 100)
    assert "text.db isn't a SQLite file" in call("--workspace", "text.db", "datasets").sentence
    (tmp_path / "folder.db").mkdir()
    assert "'folder.db' is a directory" in call("--workspace", "folder.db", "datasets").sentence
    connection.execute("PRAGMA user_version = 99")
    assert "was made by a newer evalwright" in call("datasets").sentence


def test_a_damaged_workspace(call: Call, tmp_path: Path, connection: Connection, workspace_path: Path) -> None:
    make_dataset(connection, 2000)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = bytearray(workspace_path.read_bytes())
    data[8192 : len(data)] = b"\x07" * (len(data) - 8192)
    workspace_path.write_bytes(data)
    said = [call(*arguments).sentence for arguments in (("datasets",), ("lint",), ("gate",), ("jobs",))]
    assert all("can't be read" in sentence or "damaged" in sentence for sentence in said), said


# Names of things that aren't there


@pytest.mark.parametrize(
    "arguments",
    [
        ("close", "wasps"),
        ("reopen", "wasps"),
        ("review", "wasps"),
        ("agreement", "wasps"),
        ("lint", "wasps"),
        ("gate", "wasps"),
        ("gate", "beekeeping", "wasps"),
        ("ship", "wasps", "--to", "release"),
    ],
    ids=" ".join,
)
def test_an_unknown_dataset(call: Call, connection: Connection, arguments: tuple[str, ...]) -> None:
    make_dataset(connection, 2)
    assert call(*arguments).sentence == "There is no dataset named wasps; there are beekeeping."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("import", "absent.jsonl"), "absent.jsonl does not exist."),
        (("import", "a.jsonl", "b.jsonl", "--dataset", "x"), "--dataset names one dataset, and there are several"),
        (("import", "bees.jsonl", "--dataset", ""), "--dataset must be one line of at most 100 visible characters"),
        (("import", "bees.jsonl", "--dataset", "a\nb"), "--dataset must be one line of"),
        (("import", "bees.jsonl", "--dataset", EVIL.replace("\0", "")), "--dataset must be one line of"),
        (("import", "bees.jsonl", "--dataset", "x" * 101), "--dataset must be one line of"),
        (("import", "bees.jsonl", "--dataset", "beekeeping"), "There is a dataset named beekeeping already"),
        (("import", "x" * 300), "can't be read: File name too long."),
        (("import", f"{'x' * 300}.csv"), "can't be read: File name too long."),
        (("backup", "x" * 300), "can't be used (File name too long); check its name"),
        (("lint", "absent.jsonl"), "absent.jsonl can't be read: there is no such file."),
        (("generate", "absent.toml"), "absent.toml can't be read (No such file or directory)"),
        (("generate", "bad.toml"), "bad.toml: this isn't valid TOML"),
        (("generate", "walks.toml", "--engine", "abacus"), "There is no engine named abacus; there are local,"),
        (("generate", "walks.toml", "--recipe", "persnoa"), "no recipe named persnoa; there are few-shot, persona"),
        (("generate", "walks.toml", "--recipe", "x.toml"), "x.toml can't be read"),
        (("generate", "walks.toml", "--count", "1"), "--count must be at least 2"),
        (("generate", "walks.toml", "--count", "9" * 30), "and at most 1,000,000"),
        (("generate", "walks.toml", "--rounds", "0"), "--rounds must be at least 1."),
        (("generate", "taken.toml"), "There is a dataset named beekeeping already"),
        (("gate", "--policy", "absent.toml"), "absent.toml can't be read"),
        (("gate", "--policy", "bad.toml"), "bad.toml: this isn't valid TOML"),
        (("gate", "--policy", "walks.toml"), "walks.toml: criterion is missing"),
        (("ship", "beekeeping", "--to", "there"), "there exists already, and a release is never overwritten"),
        (("jobs", "pause"), "Which job?"),
        (("demo", "--no-app"), "This workspace holds datasets of yours"),
    ],
    ids=lambda value: " ".join(value)[:40].encode("ascii", "replace").decode() if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_wrong_call(
    call: Call, tmp_path: Path, connection: Connection, arguments: tuple[str, ...], says: str
) -> None:
    make_dataset(connection, 2)
    write_rows(tmp_path / "bees.jsonl", 2)
    (tmp_path / "walks.toml").write_text(BEHAVIOR)
    (tmp_path / "taken.toml").write_text('name = "beekeeping"\ndescription = "x"\n')
    (tmp_path / "bad.toml").write_text("name = ")
    (tmp_path / "there").mkdir()
    sentence = call(*arguments).sentence
    assert says in sentence
    assert is_sentence(sentence), sentence
    assert connection.execute("SELECT count(*) FROM datasets").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
    assert list((tmp_path / "there").iterdir()) == []


# Files that are broken in every way


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"[1, 2]\n", "line 1 is JSON, but not an object"),
        (b"not json\n", "line 1 is not JSON"),
        (b'{"question": "q"}\n', "line 1"),
        (b'{"question": 7, "answer_matching_behavior": " (A)"}\n', 'line 1: "question" has to be text'),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"\x00\x01\x02\n", "NUL byte"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b'{"question": "\\ud800", "answer_matching_behavior": " (A)"}\n', "half a surrogate pair"),
        (b"{" * 100_000 + b"\n", "line 1"),
    ],
)
def test_a_broken_file(call: Call, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "bees.jsonl").write_bytes(content)
    for command in ("import", "lint"):
        sentence = call(command, "bees.jsonl").sentence
        assert says in sentence
        assert "bees.jsonl" in sentence
    assert call("datasets", "--json").json == []


# The call itself


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("wasps",), "No such command 'wasps'; `evalwright --help` shows how it is called."),
        (("--wasp-nests",), "No such option '--wasp-nests'; `evalwright --help` shows how it is called."),
        (("--workspac",), "Did you mean '--workspace'? `evalwright --help` shows how it is called."),
        (("datasets", "--wasps"), "No such option '--wasps'; `evalwright datasets --help` shows how it is called."),
        (("datasets", "extra"), "unexpected extra argument"),
        (("import",), "Missing argument 'FILES...'; `evalwright import --help`"),
        (("ship", "x"), "Say where with --to FOLDER"),
        (("ship", "--to", "x"), "Name a dataset to ship, or give --all"),
        (("ship", "--all", "--to", "x", "--override", "y"), "--override is for one dataset"),
        (("ship", "x", "--to", "y", "--format", "z"), "There is no format z"),
        (("verify", "x"), "x is no release"),
        (("jobs", "dance", "1"), "'dance' is not one of"),
        (("jobs", "pause", "one"), "'one' is not a valid integer"),
        (("generate", "b.toml", "--count", "many"), "'many' is not a valid integer"),
        (("agreement", "--level", "nominal"), "--level belongs to --ratings"),
        (("close", "caf\udce9"), "is not UTF-8 text"),
    ],
    ids=lambda value: " ".join(value).encode("ascii", "replace").decode() if isinstance(value, tuple) else "",
)
def test_a_call_that_is_not_understood(call: Call, arguments: tuple[str, ...], says: str) -> None:
    sentence = call(*arguments).sentence
    assert says in sentence
    assert is_sentence(sentence)


def test_the_app_needs_a_terminal(call: Call, connection: Connection) -> None:
    make_dataset(connection, 2)
    for arguments in ((), ("review",), ("review", "beekeeping"), ("--as", "Ada")):
        assert call(*arguments).sentence == (
            "The app needs a terminal; `evalwright --help` lists the commands that work without one."
        )


def test_a_mistake_of_ours_is_a_sentence_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(EVIL)

    monkeypatch.setattr("tui.cli.datasets.open_workspace", broken)
    sentence = call("datasets").sentence
    assert sentence.startswith("Something went wrong that should not (ZeroDivisionError: x␛[31m")
    assert "EVALWRIGHT_TRACEBACK=1" in sentence
    monkeypatch.setenv("EVALWRIGHT_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        call("datasets")


def test_an_interruption_is_130(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tui.cli.datasets.open_workspace", interrupted)
    done = call("datasets")
    assert (done.code, done.out, done.err.strip()) == (130, "", "")


# Names and texts that would act on a terminal


def test_hostile_names_and_texts_are_harmless_wherever_they_are_printed(
    call: Call, connection: Connection, tmp_path: Path
) -> None:
    """`call` itself fails on anything that a terminal would act on."""
    make_dataset(connection, 1, name=EVIL)
    make_job(connection)
    with write(connection):
        connection.execute("UPDATE datasets SET behavior = ?, origin = ?, guidelines = ?", (EVIL, EVIL, EVIL))
        connection.execute("UPDATE jobs SET note = ?, model = ?", (EVIL, EVIL))
        connection.execute("UPDATE examples SET question = ?, body = ?", (EVIL, EVIL))
    session = start_session(connection, "Ada")
    connection.execute("UPDATE annotators SET name = ?", (EVIL,))
    dataset = find(connection, EVIL)
    example = next_example(connection, session, dataset)
    assert example is not None
    submit(connection, session, dataset, example, answer())
    assert call("datasets", "--json").json[0]["name"] == EVIL
    assert call("jobs", "--json").json[0]["note"] == EVIL
    assert call("gate", "--json").json[0]["name"] == EVIL
    assert "x␛[31m" in call("datasets").out
    for arguments in (("jobs",), ("gate",), ("lint",), ("lint", "--json"), ("jobs", "retry", "1"), ("doctor",)):
        call(*arguments)
    assert "x␛[31m" in call("gate", "wasps").sentence
    assert "x␛[31m" in call("close", EVIL).err
    assert call("agreement", EVIL).code == 0
    done = call("ship", EVIL, "--to", "release", "--override", EVIL)
    assert done.code == 0
    assert not HOSTILE.search((tmp_path / "release" / "README.md").read_text())


def test_hostile_file_names_and_contents_are_harmless(call: Call, tmp_path: Path) -> None:
    evil = EVIL.replace("\0", "").replace("/", "")
    write_file(tmp_path / f"{evil}.jsonl", [persona_row(number) for number in range(2)])
    assert call("import", f"{evil}.jsonl").code == 0
    (tmp_path / f"{evil}.ndjson").write_text("{")
    assert "line 1 is not JSON" in call("import", f"{evil}.ndjson").sentence
    (tmp_path / f"{evil}.toml").write_text(f'name = "x"\ndescription = "y"\n"{"k" * 3}" = 1\n')
    assert "kkk isn't known here" in call("generate", f"{evil}.toml").sentence
    assert "is not one of" in call("jobs", EVIL.replace("\0", "")).sentence
    row = {**persona_row(1), "statement": EVIL, "question": f'Would you say "{EVIL}"?'}
    write_file(tmp_path / "evil.jsonl", [row, row])
    (finding, *_) = call("lint", "evil.jsonl", "--json").json["findings"]
    assert "[/red] {text}" in finding["examples"][0]["text"]
