"""Trying out a behaviour file in the app: candidates, prompts as sent, wordings side by side, and the job."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from db import jobs
from db.store.workspace import open_workspace
from generation.jobs.funnel import Funnel
from generation.jobs.jobs import create_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe
from generation.trials.preview import Preview
from tests.support.messages_server import KEY, MessagesServer
from tests.support.scripted_engine import HAND_WRITTEN
from tests.tui.app_driver import SIZE, WIDE, running, text, until, until_shown
from tui.app.store import Store
from tui.processes.preview_process import PreviewProcess
from tui.screens.preview import PreviewScreen

ROOT = Path(__file__).parents[2]
PROCESS_SECONDS = 60
"""How long a preview's process may take on a busy machine."""

PREVIEW = Preview("long-walks", "anthropic", "", (), Funnel((), (), None), None, 0, 0)
OTHER = 'name = "walks"\ndescription = "would rather walk than drive"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with two behaviour files, and a server that stands in for the model."""
    (tmp_path / "long-walks.toml").write_text(HAND_WRITTEN)
    (tmp_path / "other.toml").write_text(OTHER)
    monkeypatch.chdir(tmp_path)
    with MessagesServer() as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        yield tmp_path


async def answered(pilot: Pilot[None], words: str) -> str:
    """Waits for what the preview's process says."""
    async with asyncio.timeout(PROCESS_SECONDS):
        while words not in text(pilot):
            await asyncio.sleep(0.05)
    return await until_shown(pilot, words)


async def ask(pilot: Pilot[None], files: str) -> None:
    """Opens the screen and names the files."""
    await until_shown(pilot, "evalwright import FILE")
    await pilot.press("n")
    await until_shown(pilot, "Try out a behaviour")
    await pilot.press("tab", "ctrl+u", *"anthropic", "shift+tab")
    await pilot.press("ctrl+u", *["space" if key == " " else key for key in files], "enter")


@pytest.mark.slow
async def test_candidates_their_prompts_and_the_job(workspace_path: Path, folder: Path) -> None:
    async with running(workspace_path, size=WIDE) as pilot:
        await ask(pilot, "long-walks.toml")
        shown = await answered(pilot, "of 8 kept")
        assert "On your own examples the model is right in" in shown
        assert "as sent" not in shown
        await pilot.press("p")
        assert "Suppose there is a person who enjoys long walks" in await until_shown(pilot, "sample, as sent")
        await pilot.press("p", "w")
        shown = await until_shown(pilot, "A job will write 100 examples for long-walks")
        assert "long-walks: about 5,050 calls" in shown
        assert "at most $2" in " ".join(shown.split())
        await pilot.press("y")
        await until_shown(pilot, "queued: job 1 for long-walks")
    (job,) = jobs.all_jobs(open_workspace(workspace_path))
    assert (job.dataset, job.engine, job.count) == ("long-walks", "anthropic", 100)


@pytest.mark.slow
async def test_two_files_stand_side_by_side_and_a_changed_file_is_read_again(
    workspace_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(workspace_path, size=WIDE) as pilot:
        await ask(pilot, "long-walks.toml other.toml")
        await answered(pilot, "of 8 kept")
        assert any(line.count("of 8 kept") == 2 for line in text(pilot).splitlines())
        (folder / "other.toml").write_text(OTHER.replace('"walks"', '"walks-again"'))
        await pilot.press("r")
        await answered(pilot, "walks-again")


@pytest.mark.slow
async def test_what_is_wrong_is_said_and_the_keys_are_told(workspace_path: Path, folder: Path) -> None:
    async with running(workspace_path, size=SIZE) as pilot:
        await ask(pilot, "absent.toml")
        await answered(pilot, "! absent.toml")
        (folder / "long-walks.toml").write_text('name = "x"\n')
        await pilot.press("slash", "ctrl+u", *"long-walks.toml", "enter")
        await answered(pilot, "description")
        await pilot.press("question_mark")
        await until_shown(pilot, "Show or hide the prompts")
        await pilot.press("escape", "escape")
        await until_shown(pilot, "There is nothing in this workspace yet")


class Prompt(PreviewProcess):
    """Answers at once, with the same preview."""

    async def run(self, files: Sequence[str], **asked: Any) -> tuple[Preview, ...]:
        return (PREVIEW,)


@pytest.mark.parametrize("taken", ["long-walks", ""])
async def test_a_dataset_that_is_there_already_is_said_before_anything_is_asked(
    workspace_path: Path, folder: Path, taken: str
) -> None:
    connection = open_workspace(workspace_path)
    if taken:
        create_job(connection, parse_behavior("long-walks.toml", HAND_WRITTEN), load_recipe("persona"), engine="local")
    else:
        (folder / "other.toml").write_text(OTHER.replace('"walks"', '"long-walks"'))
    connection.close()
    async with running(workspace_path, size=WIDE) as pilot:
        store = Store(workspace_path)
        screen = PreviewScreen(store, Prompt())
        pilot.app.push_screen(screen)
        await until_shown(pilot, "Try out a behaviour")
        screen.files.value = "long-walks.toml" if taken else "long-walks.toml other.toml"
        await pilot.press("enter")
        await until_shown(pilot, "of 0 kept")
        await pilot.press("w")
        shown = await until_shown(
            pilot, "! There is a dataset named long-walks already" if taken else "! Two of the files"
        )
        assert "Write the dataset?" not in shown
        store.close(wait=True)


@pytest.mark.slow
async def test_names_that_are_none_are_said(workspace_path: Path) -> None:
    async with running(workspace_path) as pilot:
        await until_shown(pilot, "evalwright import FILE")
        await pilot.press("n")
        for name, words in (('"walks', "No closing quotation"), ("~nobody-of-this-name/x", "home directory")):
            await pilot.press("ctrl+u", *name, "enter")
            await until_shown(pilot, words)


def shown_time(pilot: Pilot[None]) -> int:
    """Returns the seconds that a running preview shows; the machine decides which of them can be seen."""
    found = re.search(r"the first call is under way · (\d+):(\d\d)", text(pilot))
    assert found is not None
    return 60 * int(found[1]) + int(found[2])


async def test_while_a_preview_runs_the_time_passes(
    workspace_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.preview.TICK_SECONDS", 0.02)
    held = asyncio.Event()

    class Held(PreviewProcess):
        async def run(self, files: Sequence[str], **asked: Any) -> tuple[Preview, ...]:
            asked["tell"]("the first call is under way · 0:10")
            await held.wait()
            return (PREVIEW,)

    async with running(workspace_path, size=SIZE) as pilot:
        store = Store(workspace_path)
        pilot.app.push_screen(PreviewScreen(store, Held()))
        await until_shown(pilot, "Try out a behaviour")
        await pilot.press("ctrl+u", *"long-walks.toml", "enter")
        await until_shown(pilot, "the first call is under way · ")
        first = shown_time(pilot)
        await until(lambda: shown_time(pilot) > first)
        held.set()
        assert "under way" not in await until_shown(pilot, "of 0 kept")
        store.close(wait=True)


async def test_a_function_key_is_written_as_on_the_keyboard(workspace_path: Path) -> None:
    async with running(workspace_path) as pilot:
        await until_shown(pilot, "evalwright import FILE")
        await pilot.press("n")
        await until_shown(pilot, "F5 again")


@pytest.mark.slow
async def test_the_editor_that_cant_be_had_is_said(
    workspace_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", str(folder / "no-editor"))
    async with running(workspace_path) as pilot:
        await ask(pilot, "absent.toml")
        await answered(pilot, "! absent.toml")
        await pilot.press("e")
        await until(lambda: "can't be started here" in text(pilot))
