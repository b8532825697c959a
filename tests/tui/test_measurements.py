"""Diversity and head to head: the screens by their keys, the commands of the documentation."""

import re
import shlex
from pathlib import Path

import pytest

from db import datasets
from db.store.connection import Connection
from review.comparisons.diversity import next_handful, rate
from review.comparisons.head_to_head import judge_pair, next_pair
from tests.review.test_diversity import both_origins, finish
from tests.support.calls import Call, caller
from tests.support.workspaces import make_dataset
from tests.tui.app_driver import SIZES, running, text, until, until_shown

DOCS = (Path(__file__).parents[2] / "docs" / "measurements.md").read_text(encoding="utf-8")


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "evalwright.db"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


def commands(heading: str) -> list[list[str]]:
    """Returns the commands of a section of the documentation, in words."""
    section = DOCS.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = "".join(re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)).splitlines()
    for name, dataset in {"DATASET": "by-hand", "FIRST": "by-model", "SECOND": "by-hand"}.items():
        lines = [line.replace(name, dataset) for line in lines]
    return [shlex.split(line)[1:] for line in lines]


@pytest.fixture
def finished(connection: Connection) -> Connection:
    """Two datasets for one behaviour, 25 examples of each finished by anna."""
    for dataset in both_origins(connection, 40):
        finish(connection, dataset, "anna", 25)
    return connection


def rows(connection: Connection, statement: str) -> list[int]:
    return [row[0] for row in connection.execute(statement)]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_handfuls_are_rated_by_one_key_each(
    finished: Connection, workspace_path: Path, size: tuple[int, int]
) -> None:
    stored = "SELECT rating FROM diversity_ratings ORDER BY id"
    async with running(workspace_path, size=size) as pilot:
        await until_shown(pilot, "by-model")
        await pilot.press("d")
        await until_shown(pilot, "Esc back")
        await pilot.press("v")
        shown = await until_shown(pilot, "How far do the topics")
        assert "keeps bees" in shown.lower()
        assert "by-model" not in shown  # nothing says which is which
        assert all(f"{number:>2}  I keep" in shown for number in range(1, 11))
        assert "1  All alike  ○  2  Alike" in shown
        await pilot.press("4")
        await until_shown(pilot, "1 done")
        await pilot.press("9", "2")
        await until_shown(pilot, "2 done")
        await pilot.press("u")
        assert "●  2  Alike" in await until_shown(pilot, "the newest answer counts")
        await pilot.press("5")
        await until(lambda: rows(finished, stored) == [4, 2, 5])
        await until_shown(pilot, "○  2  Alike")
        await pilot.press("question_mark")
        assert "`evalwright lint` finds such twins" in " ".join((await until_shown(pilot, "such twins")).split())
        await pilot.press("escape", "3", "3")
        shown = await until_shown(pilot, "There is no handful for you now")
        assert "○" not in shown
        await pilot.press("1", "escape")
        await until_shown(pilot, "r review")
    assert rows(finished, stored) == [4, 2, 5, 3, 3]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_pairs_are_judged_by_one_key_each(
    finished: Connection, workspace_path: Path, size: tuple[int, int]
) -> None:
    stored = "SELECT better FROM pair_answers ORDER BY id"
    async with running(workspace_path, size=size) as pilot:
        await until_shown(pilot, "by-model")
        await pilot.press("d")
        await until_shown(pilot, "Esc back")
        await pilot.press("h")
        shown = await until_shown(pilot, "Which of them tests this better?")
        line = next(line for line in shown.splitlines() if "I keep" in line)
        assert len(re.findall(r"I keep \d+ bees", line)) == 2
        assert "by-model and by-hand" in shown
        assert "o other" not in shown
        for place, key in enumerate(("1", "right", "0"), start=1):
            await pilot.press(key)
            await until_shown(pilot, f"{place} done")
        await pilot.press("u")
        await until_shown(pilot, "●  0  equal")
        await pilot.press("left")
        await until(lambda: len(rows(finished, stored)) == 4)
        await until_shown(pilot, "○  0  equal")
    sides = finished.execute(
        "SELECT p.swapped, a.better FROM pair_answers AS a JOIN pairs AS p ON p.id = a.pair_id ORDER BY a.id"
    ).fetchall()
    said = {(0, "first"): "left", (1, "second"): "left", (0, "second"): "right", (1, "first"): "right"}
    assert [said.get((swapped, better), better) for swapped, better in sides] == ["left", "right", "tie", "left"]


async def test_alone_or_with_nothing_finished_the_screen_says_so(connection: Connection, workspace_path: Path) -> None:
    make_dataset(connection, 3)
    async with running(workspace_path) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("d")
        await until_shown(pilot, "Esc back")
        await pilot.press("h")
        await until_shown(pilot, "no other dataset for this behaviour")
        await pilot.press("1", "u", "escape")
        await until_shown(pilot, "r review")
        make_dataset(connection, 3, name="second")
        await pilot.press("h")
        await until_shown(pilot, "There is no pair for you now")
        assert "Label some more of both datasets" in " ".join(text(pilot).split())


async def test_an_answer_that_can_not_be_stored_is_kept_and_tried_again(
    finished: Connection, workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.store.connection.WRITE_PATIENCE", 0.1)
    async with running(workspace_path) as pilot:
        await until_shown(pilot, "by-model")
        await pilot.press("d")
        await until_shown(pilot, "Esc back")
        await pilot.press("v")
        await until_shown(pilot, "How far do the topics")
        finished.execute("BEGIN IMMEDIATE")
        await pilot.press("4")
        await until_shown(pilot, "Enter tries again")
        await pilot.press("2")
        finished.execute("ROLLBACK")
        await pilot.press("enter")
        await until_shown(pilot, "1 done")
    assert rows(finished, "SELECT rating FROM diversity_ratings") == [4]


def test_the_commands_on_diversity(call: Call, finished: Connection) -> None:
    first, _ = datasets.all_datasets(finished)
    for rating in (2, 4, 5, 5):
        shown = next_handful(finished, first, "anna")
        assert shown is not None
        rate(finished, shown.id, "anna", rating, seconds=1.0, submission=f"{shown.id}")
    table, as_json = (call(*words) for words in commands("Diversity"))
    assert (table.code, as_json.code) == (0, 0)
    assert [line.split()[0] for line in table.out.splitlines()[:3]] == ["dataset", "by-model", "by-hand"]
    by_hand, by_model = as_json.json
    assert (by_hand["dataset"], by_hand["written_by"], by_hand["handfuls"]) == ("by-hand", "people", 2)
    assert by_model["written_by"] == "model"
    assert by_hand["mean"]["value"] + by_model["mean"]["value"] == 8.0
    assert by_model["mean"]["seed"] == first.seed
    assert call("diversity", "absent").sentence.startswith("There is no dataset named absent")


def test_the_commands_on_head_to_head(call: Call, finished: Connection) -> None:
    first, second = datasets.all_datasets(finished)
    for place in range(8):
        pair = next_pair(finished, first, second, "anna")
        assert pair is not None
        judge_pair(finished, pair, "tie" if place < 2 else "left", seconds=1.0, submission=f"{place}")
    table, as_json = (call(*words) for words in commands("Head to head"))
    assert (table.code, as_json.code) == (0, 0)
    assert "8 pairs, judged by 1; the left one was chosen in 6" in table.out
    found = as_json.json
    assert (found["first"], found["second"], found["pairs"], found["ties"]) == ("by-model", "by-hand", 8, 2)
    assert found["share"]["value"] == (found["first_better"] + 1) / 8
    assert "can't be compared with itself" in call("head-to-head", "by-hand", "by-hand").sentence
