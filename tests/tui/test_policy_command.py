"""`evalwright policy`: one policy for screens and commands, kept in the workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from db.store.workspace import open_workspace
from review.gate.kept_policy import default_text
from tests.support.annotators import Annotators, Truth
from tests.support.calls import Call, caller, is_sentence
from tests.support.workspaces import make_dataset
from tests.tui.app_driver import WIDE, running, until_shown
from tui.processes.child_commands import COMMAND

EASY = (
    'name = "easy"\nleast_examples = 20\n'
    '[[criterion]]\nquestion = "label"\nstatistic = "agreement"\nbound = "lower"\nthreshold = "0.8"\n'
)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    """The command line in a folder whose workspace has a reviewed dataset; half of it is ambiguous."""
    connection = open_workspace(tmp_path / "evalwright.db")
    dataset = make_dataset(connection, 60)
    truth = Truth(hard=0.0, slip=0.0, ambiguous=0.5)
    Annotators(connection, dataset, truth, seed=1, names=("Ada", "Béla")).answer_all()
    connection.close()
    return caller(monkeypatch, capsys, tmp_path)


@pytest.fixture
def easy(tmp_path: Path) -> str:
    (tmp_path / "easy.toml").write_text(EASY)
    return "easy.toml"


def test_it_shows_what_must_be_reached(call: Call) -> None:
    said = call("policy")
    assert said.out.startswith("default: at least 50 examples")
    assert "label agreement       at least 0.90" in said.out
    told = call("policy", "--json").json
    assert (told["name"], told["criteria"][0]["threshold"]) == ("default", 0.9)
    assert call("policy", "--toml").out == default_text()


def test_a_policy_that_is_kept_is_what_everything_judges_by(call: Call, easy: str, tmp_path: Path) -> None:
    assert call("policy", easy).out.startswith("easy: at least 20 examples")
    (decision,) = call("gate", "--json").json
    assert (decision["policy"], decision["decision"]) == ("easy", "ship")
    assert call("report", "--json").json["policy"] == "easy"
    (tmp_path / "default.toml").write_text(default_text())
    assert call("gate", "--json", "--policy", "default.toml").json[0]["policy"] == "default", "for once"
    assert call("gate", "--json").json[0]["policy"] == "easy"
    shipped = call("ship", "beekeeping", "--to", "out")
    assert shipped.code == 0, shipped
    assert (tmp_path / "out" / "policy.toml").read_text() == EASY
    assert json.loads((tmp_path / "out" / "report.json").read_text())["policy"] == "easy"
    assert call("policy", "--default").out.startswith("default: ")
    assert call("gate", "--json").json[0]["policy"] == "default"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("policy", "absent.toml"), "absent.toml"),
        (("policy", "odd.toml"), "odd.toml: name is missing"),
        (("policy", "odd.toml", "--default"), "not both"),
    ],
)
def test_what_can_not_be_kept_is_a_sentence(call: Call, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    (tmp_path / "odd.toml").write_text('nmae = "odd"\n')
    said = call(*words)
    assert said.code == 2
    assert is_sentence(said.sentence), said
    assert says in said.sentence
    assert call("policy").out.startswith("default: ")


@pytest.mark.slow
async def test_the_screens_judge_by_it_and_know_what_has_shipped(call: Call, easy: str, tmp_path: Path) -> None:
    call("gate")
    workspace = tmp_path / "evalwright.db"
    async with running(workspace, size=WIDE, statistics=COMMAND) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("d")
        await until_shown(pilot, "ambiguous share")
    call("policy", easy)
    async with running(workspace, size=WIDE, statistics=COMMAND) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("d")
        shown = await until_shown(pilot, "may ship by the policy easy")
        assert "ambiguous share" not in shown
    call("ship", "beekeeping", "--to", "out")
    call("policy", "--default")
    async with running(workspace, size=WIDE, statistics=COMMAND) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("d")
        shown = await until_shown(pilot, "✓ shipped 20")
        assert "/out by the policy easy" in shown
