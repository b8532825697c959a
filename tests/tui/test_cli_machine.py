"""The commands about a machine: is everything there, and a workspace to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.store.connection import Connection
from tests.support.calls import Call, caller


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "evalwright.db"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


def test_doctor(call: Call, monkeypatch: pytest.MonkeyPatch, connection: Connection) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-secret-key")
    done = call("doctor")
    assert done.code == 0
    assert "a-secret-key" not in done.out
    facts = call("doctor", "--json").json
    assert facts["ANTHROPIC_API_KEY"] == "set"
    assert facts["workspace"].startswith("evalwright.db: version ")
    assert facts["terminal"] == "none: output goes to a file or a pipe"
    assert call("--workspace", "absent.db", "doctor", "--json").json["workspace"] == "absent.db: none yet"
    Path("foreign.db").write_text("not a database at all, but some text that is long enough to be read as one")
    assert "foreign.db isn't a SQLite file" in call("--workspace", "foreign.db", "doctor", "--json").json["workspace"]


# demo


def test_demo_makes_its_workspace_once(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.cli.demo._fetch_model", lambda: None)
    monkeypatch.setattr(
        "review.datasets.importing.secrets.randbits", lambda _: 7
    )  # in a few orders they differ on nothing yet
    for _ in range(2):
        done = call("demo", "--no-app")
        assert (done.code, done.out) == (0, "")
        assert done.err == "The demo is in evalwright.db; `evalwright` opens it.\n"
        by_hand, by_model = call("datasets", "--json").json
        assert (by_hand["state"], by_model["state"], by_model["examples"]) == ("closed", "open", 0)
        assert 0 < by_hand["reviewed"] < by_hand["examples"]
        assert [job["dataset"] for job in call("jobs", "--json").json] == [by_model["name"]]
    label, relevance, _ = call("agreement", by_hand["name"], "--json").json["questions"]
    assert 0 < label["alpha"] < 1  # a newcomer sees people who agree, and not on everything
    assert relevance["alpha"] is not None
    (decision,) = call("gate", by_hand["name"], "--json").json
    assert decision["decision"] == "keep_labelling"


# The workspace, and the names of things
