"""What `generate` says of money before it begins: in a dry run, and in its opening line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.calls import Call, caller
from tests.support.json_documentation import documented, problems
from tests.support.scripted_engine import BEHAVIOR


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    (tmp_path / "walks.toml").write_text(BEHAVIOR)
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return caller(monkeypatch, capsys, tmp_path)


def test_a_dry_run_says_both_figures_and_stores_nothing(call: Call, tmp_path: Path) -> None:
    said = call("generate", "walks.toml", "--engine", "anthropic", "--dry-run", "--budget-usd", "3")
    assert said.code == 0, said.err
    assert said.out.startswith("long-walks: about 5,050 calls, ")
    assert "; at most the budget, $3.00 (4 characters a token; " in said.out
    assert not list(tmp_path.glob("evalwright.db*"))
    dry = call("generate", "walks.toml", "--engine", "openai-compatible", "--model", "m", "--dry-run", "--json").json
    assert problems(documented()["generate --dry-run"], dry) == []
    (found,) = dry
    assert (found["dataset"], found["calls"], found["most_calls"]) == ("long-walks", 1_050, 10_100)
    assert (found["dollars"], found["most_dollars"], found["counted_by"]) == (None, None, "characters")
    assert found["most_tokens_read"] > found["tokens_read"]


def test_a_dry_run_refuses_what_a_run_would(call: Call, tmp_path: Path) -> None:
    assert "--rounds must be at least 1" in call("generate", "walks.toml", "--dry-run", "--rounds", "0").sentence
    assert call("generate", "walks.toml", "--engine", "anthropic", "--detach").code == 0
    assert "a dataset named long-walks already" in call("generate", "walks.toml", "--dry-run").sentence


def test_the_opening_line_says_both_figures(call: Call) -> None:
    said = call("generate", "walks.toml", "--engine", "anthropic", "--detach", "--count", "10")
    assert said.code == 0
    line = said.err.splitlines()[0]
    assert line.startswith("long-walks: about ")
    assert ": about $" in line
    assert "; at most $" in line
    local = call("generate", "walks.toml", "--dry-run", "--json", "--recipe", "persona", "--count", "9")
    assert local.code == 2  # the name is taken by now
