from pathlib import Path

import pytest

from tests.support.calls import caller
from tests.support.json_documentation import documented, problems
from tests.support.messages_server import KEY, MessagesServer
from tests.support.workspaces import write_rows


def test_arguments_are_written_and_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call = caller(monkeypatch, capsys, tmp_path)
    call("import", write_rows(tmp_path / "bees.jsonl", 6))
    with MessagesServer() as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        done = call("argue", "bees", "--to", "arguments.jsonl", "--engine", "anthropic", "--limit", "4")
        again = call("argue", "bees", "--to", "arguments.jsonl", "--engine", "anthropic", "--limit", "4", "--json").json
    assert (done.code, done.out) == (0, "arguments.jsonl: 4 arguments written, 0 there before\n"), done.err
    assert (again["written"], again["known"]) == (0, 4)
    assert problems(documented()["argue"], again) == []
    taken = call("assign", "bees", "--second-look", "--arguments", "arguments.jsonl", "--json")
    assert taken.code == 0, taken.err
