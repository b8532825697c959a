"""`evalwright jobs funnel`: the same numbers as the screen, and the candidates behind them."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.support.calls import Call, caller
from tests.support.written import write_job


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "evalwright.db"
    asyncio.run(write_job(path))
    return path


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, written: Path) -> Call:
    shutil.copy(written, tmp_path)
    return caller(monkeypatch, capsys, tmp_path)


def test_the_stages_add_up_and_the_candidates_behind_a_reason_are_listed(call: Call) -> None:
    funnel = call("jobs", "funnel", "1", "--json").json
    coming = 0
    for stage in funnel["stages"]:
        assert stage["in"] == coming
        stopped = sum(each["count"] for each in stage["dropped"]) + stage["used"] + stage["waiting"] + stage["selected"]
        assert stage["in"] + stage["made"] == stopped + stage["out"]
        coming = stage["out"]
    repeats = next(stage for stage in funnel["stages"] if stage["name"] == "deduplicate")["dropped"][0]
    table = call("jobs", "funnel", "1").out.splitlines()
    assert [str(repeats["count"]), *repeats["reason"].split()] in [line.split() for line in table]
    assert any(line.startswith("wording keen: ") for line in table)
    assert any(line.startswith("diversity 0.5: mean label confidence ") for line in table)

    listed = call("jobs", "funnel", "1", "--stage", "deduplicate", "--reason", repeats["reason"], "--json").json
    assert len(listed) == repeats["count"]
    for each in listed:
        assert each["twin"]["text"] == each["text"]
        assert each["original_text"] + " once more" == each["text"]
    shown = call("jobs", "funnel", "1", "--stage", "judge", "--limit", "1")
    assert "These are the first 1" in shown.err
    assert "the most probable label is another" in shown.out
    whole = call("jobs", "funnel", "1", "--candidate", str(listed[0]["id"])).json
    assert [each["stage"] for each in whole["calls"]] == ["sample", "revise"]
    assert whole["calls"][0]["prompt"]["prompt"]["user"].startswith("Suppose there is a person")


def test_what_may_still_be_asked_is_hidden(call: Call) -> None:
    said = call("jobs", "funnel", "1", "--stage", "select", "--reason", "selected", "--json")
    assert len(said.json) == 8
    assert all(each["hidden"] and not each["intended"] and not each["scores"] for each in said.json)
    assert call("jobs", "funnel", "1", "--candidate", str(said.json[0]["id"])).json["calls"] == []
    assert "--answers" in call("jobs", "funnel", "1", "--stage", "select", "--reason", "selected").err
    assert call("examples", "long-walks", "--answers", "--as", "lead", "--yes").code == 0
    shown = call("--as", "lead", "jobs", "funnel", "1", "--stage", "select", "--reason", "selected", "--json").json
    assert {each["intended"] for each in shown} == {" Yes", " No"}
    assert all(each["scores"] for each in shown)


def test_what_cannot_be_asked_is_said(call: Call) -> None:
    assert "there are sample, parse, check, revise" in call("jobs", "funnel", "1", "--stage", "tea").sentence
    assert "there is: the most" in call("jobs", "funnel", "1", "--stage", "judge", "--reason", "tea").sentence
    assert "go with --stage" in call("jobs", "funnel", "1", "--reason", "tea").sentence
    assert "has no candidate 99999" in call("jobs", "funnel", "1", "--candidate", "99999").sentence
    assert "alone" in call("jobs", "funnel", "1", "--candidate", "1", "--stage", "judge").sentence
    assert "takes it" in call("jobs", "pause", "1", "--stage", "judge").sentence
    assert "Which job?" in call("jobs", "funnel").sentence
