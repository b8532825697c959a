"""The second look on the screen, and its commands."""

import json
import re
import shlex
from pathlib import Path

import pytest

from db.connection import Connection
from db.workspace import open_workspace
from review.assigning import Changes, assign
from review.assignment import next_example, start_session
from review.second_look import arm_of
from review.steering import find
from tests.review.test_second_look import argument_row, write_arguments
from tests.support.calls import Call, caller
from tests.support.workspaces import NO, YES, make_dataset
from tests.tui.app_driver import SIZE, WIDE, add_dataset, running, settled, text, until, until_shown

DOCS = (Path(__file__).parents[2] / "docs" / "measurements.md").read_text(encoding="utf-8")
HOSTILE = "[bold]the keeper\x1b[31m says so"


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    return tmp_path / "evalwright.db"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


@pytest.fixture
def apiary(connection: Connection, tmp_path: Path) -> Connection:
    """Twelve examples, all argued about."""
    made = make_dataset(connection, 12)
    path = write_arguments(
        tmp_path / "ARGUMENTS.jsonl", [argument_row(number, **{"for": HOSTILE}) for number in range(12)]
    )
    assign(connection, made, Changes(second_look=True, arguments=path))
    return connection


def second(connection: Connection) -> list[tuple[str, str]]:
    """Returns what was disclosed and said in second looks, in order."""
    found = connection.execute(
        "SELECT disclosed, label FROM annotations WHERE occasion = 'second look' ORDER BY id"
    ).fetchall()
    return [(disclosed.split(" ")[0], label) for disclosed, label in found]


@pytest.mark.parametrize("size", [SIZE, WIDE])
async def test_both_halves_of_the_second_look(
    apiary: Connection, workspace_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.second_look.GRACE_SECONDS", 0.0)
    expected = []
    async with running(workspace_path, review="beekeeping", size=size) as pilot:
        for place in range(8):
            await until(lambda: "Second look" not in text(pilot) and "I keep" in text(pilot))
            await pilot.press("y", "4")
            shown = await until_shown(pilot, "Second look")
            assert "●  y" in shown  # what was answered is marked
            argued = "What a model argues" in shown
            if argued:
                assert "For Yes" in shown
                assert "Against Yes" in shown
                assert "[bold]the keeper␛[31m says so" in shown
                assert "contra" in shown
            else:
                assert "Look at it once more" in shown
            if place == 7:
                await pilot.press("escape")
            else:
                await pilot.press("n" if argued else "enter")
                expected.append(("argument", NO) if argued else ("", YES))
            await until(lambda: "Second look" not in text(pilot))
    assert second(apiary) == expected
    assert len(set(expected)) == 2
    blind = apiary.execute("SELECT label, count(*) FROM annotations WHERE occasion = 'first' GROUP BY label").fetchall()
    assert blind == [(YES, 8)]


async def test_what_is_typed_ahead_answers_no_second_look_and_its_time_is_not_the_next_one_s(
    apiary: Connection, workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.second_look.GRACE_SECONDS", 1000.0)
    async with running(workspace_path, review="beekeeping") as pilot:
        await pilot.press("y", "4", "n", "2")
        await until_shown(pilot, "Second look")
        assert second(apiary) == []
        monkeypatch.setattr("tui.screens.second_look.GRACE_SECONDS", 0.5)
        await pilot.pause(1.2)
        await pilot.press("enter")
        await until(lambda: len(second(apiary)) == 1)
        await until(lambda: "Second look" not in text(pilot))
        assert "○  y" in await settled(pilot)
        await pilot.press("n", "4")
        await until_shown(pilot, "Second look")
    times = apiary.execute("SELECT occasion, seconds FROM annotations ORDER BY id").fetchall()
    assert [occasion for occasion, _ in times] == ["first", "second look", "first"]
    assert times[1][1] > 1.0
    assert times[2][1] < times[1][1] + 1.0


async def test_a_second_answer_that_can_not_be_stored_stays_on_the_screen(
    apiary: Connection, workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.connection.WRITE_PATIENCE", 0.1)
    monkeypatch.setattr("tui.screens.second_look.GRACE_SECONDS", 0.0)
    async with running(workspace_path, review="beekeeping") as pilot:
        await pilot.press("y", "4")
        await until_shown(pilot, "Second look")
        apiary.execute("BEGIN IMMEDIATE")
        await pilot.press("n")
        await until_shown(pilot, "! Another process kept")
        apiary.execute("ROLLBACK")
        await pilot.press("n")
        await until(lambda: "Second look" not in text(pilot))
    assert [label for _, label in second(apiary)] == [NO]


async def test_a_long_text_scrolls_and_the_choices_stay(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    add_dataset(connection, "long", ["I keep bees and bees. " * 100])
    row = argument_row(0, question="I keep bees and bees. " * 100, against="the very end")
    path = write_arguments(tmp_path / "ARGUMENTS.jsonl", [row])
    dataset = find(connection, "long")
    anna = start_session(connection, "anna")
    assign(connection, dataset, Changes(second_look=True, arguments=path))
    argued = arm_of(dataset, anna.annotator_id, 1) == "argument"
    async with running(workspace_path, review="long") as pilot:
        await pilot.press("y", "4")
        shown = await until_shown(pilot, "Second look")
        assert "●  y  Yes   ○  n  No" in shown
        await pilot.press("end")
        shown = await until_shown(pilot, "the very end" if argued else "Look at it once more")
        assert "●  y  Yes   ○  n  No" in shown


def test_the_commands_of_the_documentation(call: Call, workspace_path: Path, tmp_path: Path) -> None:
    connection = open_workspace(workspace_path)
    made = make_dataset(connection, 4)
    section = DOCS.split("## Second look\n")[1]
    row = re.findall(r"```json\n(.*?)```", section, flags=re.DOTALL)[0]
    assert set(json.loads(row)) == {"question", "label", "for", "against", "model"}
    write_arguments(tmp_path / "ARGUMENTS.jsonl", [{**json.loads(row), **argument_row(0)}])
    lines = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)[0].splitlines()
    done = [call(*shlex.split(line.replace("DATASET", "beekeeping"))[1:]) for line in lines]
    assert [each.code for each in done] == [0] * 4
    assert "second look  on, 1 examples with arguments" in done[0].out
    assert done[1].out.splitlines()[0].split() == ["argument", "reconsideration"]
    assert "right on gold, second" in done[1].out
    assert [arm["arm"] for arm in done[2].json["arms"]] == ["argument", "reconsideration"]
    assert (done[2].json["on"], done[2].json["argued"]) == (True, 1)
    assert done[2].json["arms"][0]["towards"]["undefined"] == "undefined: there is nothing to measure yet"
    assert "second look  off" in done[3].out
    ada = start_session(connection, "Ada")
    assert next_example(connection, ada, made) is not None
    assert {arm_of(made, ada.annotator_id, number) for number in range(40)} == {"argument", "reconsideration"}
