"""`evalwright report`: a page, Markdown or JSON, of one dataset or of all."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.store.connection import Connection
from tests.support.annotators import PERSONA_LIKE, Annotators
from tests.support.calls import Call, caller
from tests.support.workspaces import make_dataset


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "evalwright.db"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


def test_one_dataset_in_three_forms(call: Call, connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 20)
    make_dataset(connection, 3, name="wasps")
    Annotators(connection, dataset, PERSONA_LIKE, seed=1).answer_all()
    done = call("report", "beekeeping", "--html", "report.html")
    assert (done.code, done.out) == (0, "")
    assert "report.html: written" in done.err
    assert [path.name for path in tmp_path.glob("*.html")] == ["report.html"]
    assert not list(tmp_path.glob(".*.part"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "wasps" not in page
    call("report", "beekeeping", "--markdown", "report.md")
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert markdown.startswith("# beekeeping\n")
    # Nothing named, nothing asked for: Markdown of everything on standard output.
    assert call("report").out.startswith("# 2 datasets\n")
    found = call("report", "beekeeping", "--json").json
    assert [one["name"] for one in found["datasets"]] == ["beekeeping"]
    assert found["datasets"][0]["agreement"]["questions"][0]["n_ratings"] == 40


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("hornets",), "There is no dataset named hornets"),
        (("--html", "a.html", "--json"), "give one of --html, --markdown and --json"),
        (("--html", "nowhere/a.html"), "The report can't be written to nowhere/a.html"),
        (("--html", "."), "is a directory"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    call: Call, connection: Connection, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    make_dataset(connection, 2)
    done = call("report", *arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.err.splitlines()[-1]
    assert not list(tmp_path.glob(".*.part"))


def test_an_empty_workspace(call: Call, connection: Connection) -> None:
    assert call("report").sentence.startswith("The workspace has no datasets yet")
