"""`evalwright backup`: a whole copy of one moment, while people label, or nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from db.records import Dataset
from db.store.connection import Connection
from db.store.workspace import is_sound, open_workspace
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from tests.support.calls import Call, caller
from tests.support.workspaces import answer, make_dataset


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "evalwright.db"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


def test_it_holds_what_was_answered_before_it_also_while_people_label(
    connection: Connection, workspace_path: Path, call: Call, tmp_path: Path
) -> None:
    dataset = make_dataset(connection, 1000)
    log, over = tmp_path / "answered.log", Event()
    with ThreadPoolExecutor(1) as others:
        labelling = others.submit(label, workspace_path, dataset, log, over)
        try:
            while len(answered(log)) < 20:
                assert not labelling.done()
            before = answered(log)
            done = call("backup", "copy.db")
        finally:
            over.set()
    copy = tmp_path / "copy.db"
    assert (done.code, done.out, done.err) == (0, f"copy.db: {copy.stat().st_size:,} bytes\n", "")
    assert len(answered(log)) > len(before)
    opened = open_workspace(copy, create=False)
    assert is_sound(opened)
    stored = {submission for (submission,) in opened.execute("SELECT submission FROM annotations")}
    opened.close()
    assert set(before) <= stored
    assert not list(tmp_path.glob("*.partial"))
    assert call("--workspace", "copy.db", "datasets").code == 0


def label(workspace: Path, dataset: Dataset, log: Path, over: Event) -> None:
    """Labels until it is over, and writes down what was acknowledged."""
    connection = open_workspace(workspace)
    session = start_session(connection, "Ada")
    example = next_example(connection, session, dataset)
    with log.open("w", buffering=1) as file:
        while example is not None and not over.is_set():
            given = answer()
            example = submit(connection, session, dataset, example, given).next
            file.write(f"{given.submission}\n")
    connection.close()


def answered(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_nothing_is_overwritten(connection: Connection, call: Call, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    done = call("backup", "copy.db")
    assert done.code == 2
    assert "copy.db exists already" in done.err
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_where_there_is_no_workspace(call: Call, tmp_path: Path) -> None:
    done = call("backup", "copy.db")
    assert done.code == 2
    assert "There is no workspace" in done.err
    assert list(tmp_path.iterdir()) == []


def test_where_it_cant_be_written(connection: Connection, call: Call, tmp_path: Path) -> None:
    done = call("backup", "nowhere/copy.db")
    assert done.code == 2
    assert "name another place" in done.err


def test_it_is_restored_by_one_line(connection: Connection, workspace_path: Path, call: Call, tmp_path: Path) -> None:
    make_dataset(connection, 3)
    connection.close()
    assert call("backup", "copy.db").code == 0
    connection = open_workspace(workspace_path)
    make_dataset(connection, 3, name="wasps")
    refused = call("restore", "copy.db")
    assert "Somebody has the workspace evalwright.db open; end the app" in refused.sentence
    connection.close()
    done = call("restore", "copy.db")
    (kept,) = tmp_path.glob("evalwright.db.before-restore-*")
    said = f"evalwright.db: restored from copy.db\n{kept.name}: what was there before\n"
    assert (done.code, done.out, done.err) == (0, said, "")
    assert [row["name"] for row in call("datasets", "--json").json] == ["beekeeping"]
    assert len(call("--workspace", kept, "datasets", "--json").json) == 2


def test_a_workspace_that_is_gone_is_restored(call: Call, tmp_path: Path) -> None:
    open_workspace(tmp_path / "another.db").close()
    assert call("--workspace", "another.db", "backup", "copy.db").code == 0
    done = call("restore", "copy.db")
    assert (done.code, done.out) == (0, "evalwright.db: restored from copy.db\n")
    assert call("datasets").code == 0
