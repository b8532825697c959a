"""`evalwright assign`, as its documentation has it."""

import json
import re
import shlex
from pathlib import Path

import pytest

from db.store.workspace import open_workspace
from review.assignment.serving import start_session
from tests.support.calls import Call, caller
from tests.support.workspaces import make_dataset, persona_row

DOCS = (Path(__file__).parents[2] / "docs" / "assignment.md").read_text(encoding="utf-8")


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "evalwright.db"


def test_the_commands_of_the_documentation(call: Call, workspace_path: Path, tmp_path: Path) -> None:
    connection = open_workspace(workspace_path)
    make_dataset(connection, 30)
    start_session(connection, "Ada")
    (tmp_path / "GOLD.jsonl").write_text(json.dumps(persona_row(900)) + "\n" + json.dumps(persona_row(901)) + "\n")
    block = re.findall(r"```sh\n(.*?)```", DOCS, flags=re.DOTALL)[0]
    done = [call(*shlex.split(line.replace("DATASET", "beekeeping"))[1:]) for line in block.splitlines()]
    assert [each.code for each in done] == [0] * 6
    assert done[0].out.splitlines()[1].split(maxsplit=1) == ["overlap", "always three annotators"]
    assert done[-1].json == {
        "format": 1,
        "dataset": "beekeeping",
        "overlap": "third-on-disputes",
        "limit": 200,
        "allowed": ["Ada", "Béla"],
        "gold": 2,
        "gold_rate": 0.05,
        "repeat_rate": 0.02,
        "second_look": False,
        "argued": 0,
    }
    table = call("assign", "beekeeping", "--allow-all").out.splitlines()
    assert [line.split()[0] for line in table] == ["beekeeping", "overlap", "limit", "who", "gold", "repeats", "second"]
    assert table[3].split() == ["who", "everybody"]
    assert table[4] == "gold         2 examples, 5% of what is served"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["absent"], "There is no dataset named absent"),
        (["beekeeping", "--gold-rate", "0.1"], "no gold examples to mix in"),
        (["beekeeping", "--gold-rate", "0.9"], "0.9 is not in the range"),
        (["beekeeping", "--limit", "-1"], "-1 is not in the range"),
        (["beekeeping", "--allow", "Ada", "--allow-all"], "give one of them"),
        (["beekeeping", "--gold", "absent.jsonl"], "absent.jsonl does not exist"),
    ],
)
def test_what_cant_be_assigned_is_a_sentence(call: Call, workspace_path: Path, arguments: list[str], says: str) -> None:
    make_dataset(open_workspace(workspace_path), 3)
    done = call("assign", *arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_review_refuses_who_is_not_on_the_list(call: Call, workspace_path: Path) -> None:
    make_dataset(open_workspace(workspace_path), 3)
    call("assign", "beekeeping", "--allow", "Ada")
    done = call("review", "beekeeping", "--as", "Eve")
    assert done.code == 2
    assert "Eve isn't on it" in done.err
    assert "needs a terminal" in call("review", "beekeeping", "--as", "Ada").err
