import json
from pathlib import Path

import pytest

from tests.support.calls import caller, is_sentence
from tests.support.json_documentation import documented, problems
from tests.support.messages_server import KEY, MessagesServer
from tests.support.scripted_engine import HAND_WRITTEN


@pytest.mark.slow
def test_a_preview_shows_prompts_as_sent_and_stores_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "walks.toml").write_text(HAND_WRITTEN)
    call = caller(monkeypatch, capsys, tmp_path)
    with MessagesServer() as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        said = call("generate", "walks.toml", "--preview", "4", "--engine", "anthropic")
        assert said.code == 0, said.err
        assert "On your own examples the model is right in" in said.out
        assert "sample, as sent:" in said.out
        assert "Suppose there is a person who enjoys long walks in any weather." in said.out
        assert "4. meant as" in said.out
        assert not list(tmp_path.glob("evalwright.db*"))
        found = json.loads(call("generate", "walks.toml", "--preview", "4", "--engine", "anthropic", "--json").out)
        assert problems(documented()["generate --preview"], found) == []
        done = call("generate", "walks.toml", "--engine", "anthropic", "--count", "2", "--rounds", "1", "--json")
        assert done.code == 0, done.err
        assert problems(documented()["generate"], done.json) == []
        assert "long-walks: On your own examples the model is right in" in done.err
    assert len(found["candidates"]) == 4
    assert found["comprehension"]["accuracy"] is not None


def test_without_a_key_the_preview_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "walks.toml").write_text(HAND_WRITTEN)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    said = caller(monkeypatch, capsys, tmp_path)("generate", "walks.toml", "--preview", "4", "--engine", "anthropic")
    assert said.code == 2
    assert is_sentence(said.err.strip().splitlines()[-1])
