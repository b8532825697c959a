"""The second look on the screen, and its commands."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.annotation.second_look import arm_of
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.assignment.settings import Changes, assign
from review.datasets.find_and_close import find
from tests.review.test_second_look import argument_row, write_arguments
from tests.support.calls import Call, caller
from tests.support.terminal import Terminal
from tests.support.workspaces import DEAD_PID, NO, YES, answer, make_dataset
from tests.tui.app_driver import SIZES, add_dataset, running, settled, text, until, until_shown

DOCS = (Path(__file__).parents[2] / "docs" / "measurements.md").read_text(encoding="utf-8")
HALVES = ("What a model argues", "Look at it once more")
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


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
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
                await pilot.press("escape")  # closed on purpose
            else:
                await pilot.press("n" if argued else "enter")
                expected.append(("argument", NO) if argued else ("", YES))
            await until(lambda: "Second look" not in text(pilot))
    assert second(apiary) == expected
    assert len(set(expected)) == 2
    blind = apiary.execute("SELECT label, count(*) FROM annotations WHERE occasion = 'first' GROUP BY label").fetchall()
    assert blind == [(YES, 8)]


@pytest.mark.slow
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


@pytest.mark.slow
async def test_windows_that_were_cut_short_open_again_before_the_next_example(
    apiary: Connection, workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.second_look.GRACE_SECONDS", 0.0)
    dataset = find(apiary, "beekeeping")
    bodies = []
    for _ in range(2):
        window = start_session(apiary, "anna")
        example = next_example(apiary, window, dataset)
        assert example is not None
        assert submit(apiary, window, dataset, example, answer(YES)).look is not None
        apiary.execute("UPDATE sessions SET pid = ?, process = '' WHERE id = ?", (DEAD_PID, window.id))
        bodies.append(example.body)
    async with running(workspace_path, review="beekeeping") as pilot:
        for place in range(2):
            await until_shown(pilot, f"│  {bodies[place]} ")
            await until_shown(pilot, "●  y")
            await pilot.press(("n", "escape")[place])
        await until(lambda: "Second look" not in text(pilot))
        assert "○  y" in await settled(pilot)
        await pilot.press("y", "4")
        await until_shown(pilot, "Second look")
        await pilot.press("ctrl+q")  # leaves it, without closing it on purpose
    assert [label for _, label in second(apiary)] == [NO]
    async with running(workspace_path, review="beekeeping") as pilot:
        await until_shown(pilot, "Second look")
        await pilot.press("escape")
        await until(lambda: "Second look" not in text(pilot))
    async with running(workspace_path, review="beekeeping") as pilot:
        assert "Second look" not in await settled(pilot)
    assert apiary.execute(
        "SELECT outcome, count(*) FROM second_look_offers GROUP BY 1 ORDER BY 1"
    ).fetchall() == [("answered", 1), ("declined", 2)]  # fmt: skip


@pytest.mark.slow
def test_a_killed_app_offers_the_same_again_once(apiary: Connection, workspace_path: Path) -> None:
    command = [sys.executable, "-m", "tui", "--workspace", str(workspace_path), "--as", "anna", "review", "beekeeping"]
    seen = set()
    for _ in range(4):  # both halves come up
        with Terminal(command) as app:
            app.wait_for("keeps bees", "○  y")
            app.press("y4")
            shown = looked_at(app)
            app.kill()
        seen.add(shown[0])
        with Terminal(command) as app:
            assert looked_at(app) == shown
            app.press_until("n", lambda: "Second look" not in app.text)
        with Terminal(command) as app:
            assert "Second look" not in app.wait_for("keeps bees", "○  y")
    assert seen == set(HALVES)
    assert [label for _, label in second(apiary)] == [NO] * 4
    assert apiary.execute("SELECT outcome FROM second_look_offers").fetchall() == [("answered",)] * 4


def looked_at(app: Terminal) -> list[str]:
    """What the window is about, once it is whole: which half it is of, and the statement."""
    app.wait_for("Second look", "Your answer is stored", "●  y")
    while not any(half in app.text for half in HALVES):
        app.read()
    return [*(half for half in HALVES if half in app.text), *re.findall(r"│  (I keep \d+ bees)", app.text)]


async def test_a_second_answer_that_can_not_be_stored_stays_on_the_screen(
    apiary: Connection, workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.store.connection.WRITE_PATIENCE", 0.1)
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
