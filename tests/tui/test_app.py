"""The app as a whole: colours, errors before it starts, the worker at hand."""

from __future__ import annotations

import gc
import time
from itertools import count
from pathlib import Path

import pytest
from textual import _time

from db.errors import InputError, WorkspaceError
from db.store.workspace import open_workspace
from generation.worker.supervisor import WorkerChild
from tests.tui.app_driver import running, strips, text, until, until_shown
from tui.app import actions
from tui.app.actions import Action
from tui.app.app import EvalwrightApp
from tui.screens.dataset import DatasetScreen
from tui.screens.datasets import DatasetsScreen
from tui.screens.diversity import DiversityScreen
from tui.screens.edit import EditScreen
from tui.screens.head_to_head import HeadToHeadScreen
from tui.screens.jobs import JobsScreen
from tui.screens.review import ReviewScreen
from tui.screens.text import TextScreen
from tui.screens.words import WordsScreen


@pytest.mark.parametrize(
    "screen",
    [
        DatasetScreen,
        DatasetsScreen,
        DiversityScreen,
        EditScreen,
        HeadToHeadScreen,
        JobsScreen,
        ReviewScreen,
        TextScreen,
        WordsScreen,
    ],
)
def test_every_action_has_its_method_and_no_key_two_actions(screen: type[ReviewScreen]) -> None:
    keys = [key for action in screen.ACTIONS for key in action.keys.split(",")]
    assert len(keys) == len(set(keys))
    for action in screen.ACTIONS:
        assert callable(getattr(screen, f"action_{action.name}"))
        assert action.sentence.endswith(".")


def test_an_action_is_found_by_any_of_its_keys() -> None:
    action = Action("undo", "u,U", "undo", "Go back.")
    assert actions.by_key([action], "U") is action
    assert actions.by_key([action], "x") is None


async def test_a_new_size_is_taken_up_even_by_a_machine_that_stands_still(
    hive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever Textual looks at its clock, two hundredths of a second are lost."""
    began, looks = time.monotonic(), count()

    def widths() -> set[int]:
        return {strip.cell_length for strip in strips(pilot)}

    async with running(hive, review="beekeeping") as pilot:
        await until_shown(pilot, "I keep")
        monkeypatch.setattr(_time, "get_time", lambda: time.monotonic() - began + next(looks) * 0.02)
        await pilot.resize_terminal(100, 30)
        await until(lambda: widths() == {100})
        await pilot.resize_terminal(120, 30)
        await until(lambda: widths() == {120})


async def test_garbage_is_collected_once_the_app_has_started(hive: Path) -> None:
    """Whoever opens it turns the collection off, for the first screen to show sooner."""
    gc.disable()
    try:
        async with running(hive):
            await until(gc.isenabled)
        assert gc.get_freeze_count() > 0
    finally:
        gc.enable()
        gc.unfreeze()


async def test_without_colour_marks_say_what_is_chosen(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("y", "m")
        shown = await until_shown(pilot, "●  m")
        assert "●  y  Yes" in shown
        assert "○  n  No" in shown
        assert pilot.app.theme == "evalwright-plain"
        assert not pilot.app.current_theme.ansi


def test_a_dataset_that_is_not_there_is_refused_before_the_screen(hive: Path) -> None:
    with pytest.raises(InputError, match="no dataset named bees; there are beekeeping"):
        EvalwrightApp(hive, "anna", "bees")


def test_a_foreign_file_is_refused_before_the_screen(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("not a database, and long enough to be told from one" * 20)
    with pytest.raises(WorkspaceError):
        EvalwrightApp(tmp_path / "notes.db", "anna")


async def test_a_worker_is_kept_at_hand_and_told_to_stop(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(WorkerChild, "ensure", lambda self, connection: told.append("ensure"))
    monkeypatch.setattr(WorkerChild, "stop", lambda self: told.append("stop"))
    async with running(hive):
        await until(lambda: "ensure" in told)
        assert "stop" not in told
    await until(lambda: "stop" in told)


async def test_a_worker_that_cannot_start_is_told_once(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: WorkerChild, connection: object) -> None:
        raise OSError("no [/more] processes")

    monkeypatch.setattr(WorkerChild, "ensure", fail)
    monkeypatch.setattr("tui.app.app.WORKER_SECONDS", 0.05)
    async with running(hive) as pilot:
        await until_shown(pilot, "no [/more] processes")
        await pilot.press("escape")
        await until_shown(pilot, "▌ beekeeping")
        await pilot.pause(0.2)
        assert "no [/more] processes" not in text(pilot)


async def test_a_workspace_that_breaks_while_it_is_shown_is_told(hive: Path) -> None:
    async with running(hive) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        connection = open_workspace(hive)
        connection.execute("ALTER TABLE dataset_counters RENAME TO gone")
        await until_shown(pilot, "can't be used now")
        connection.execute("ALTER TABLE gone RENAME TO dataset_counters")
        connection.close()
        await until(lambda: "can't be used now" not in text(pilot))
