"""Pictures of every screen but the review's, which has its own: at both sizes, in colour and without."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from db import jobs
from db.connection import Connection, write
from db.workspace import open_workspace
from review.annotation import submit
from review.assignment import end_session, next_example, start_session
from review.steering import find
from tests.support.workspaces import NO, YES, answer
from tests.tui.app_driver import (
    SIZE,
    WIDE,
    FakeStatistics,
    add_dataset,
    bees,
    fake_statistics,
    running,
    settled,
    text,
    until_shown,
)
from tests.tui.picture import FOLDER, assert_picture
from tests.tui.test_home import add_job
from tests.tui.test_release_screen import preview

NAMES = {SIZE: "80x24", WIDE: "200x60"}
SCREENS = {
    "datasets": ([], "keep labelling"),
    "dataset": (["d"], "Remove 3 exact duplicates"),
    "browse": (["b"], "▌   1  "),
    "adjudicate": (["a"], "validator B"),
    "agreement": (["g"], "raw agreement"),
    "jobs": (["j"], "of 100"),
    "release": (["s"], "label agreement"),
    "preview": (["n"], "Try out a behaviour"),
}
"""The keys that lead to each screen, and words that it shows once it is there."""


@pytest.fixture
def apiary(workspace_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStatistics:
    """Forty examples; Béla and Carla answered six each and differ on two; a paused job has written another dataset."""
    monkeypatch.chdir(tmp_path)
    connection = open_workspace(workspace_path)
    add_dataset(connection, "beekeeping", bees(40), behavior="keeps bees")
    _label(connection, "Béla", lambda place: YES)
    _label(connection, "Carla", lambda place: NO if place in {2, 4} else YES)
    job = add_job(connection, "tea", "paused")
    with write(connection):
        jobs.set_note(connection, job, "paused by hand")
    connection.close()
    return fake_statistics(tmp_path, preview=preview())


def _label(connection: Connection, name: str, label: Callable[[int], str]) -> None:
    session, dataset = start_session(connection, name), find(connection, "beekeeping")
    for place in range(6):
        example = next_example(connection, session, dataset)
        assert example is not None
        submit(connection, session, dataset, example, answer(label(place)))
    end_session(connection, session)


async def take(workspace: Path, statistics: FakeStatistics, screen: str, size: tuple[int, int], name: str) -> None:
    """Goes to a screen and compares it with its picture."""
    keys, words = SCREENS[screen]
    async with running(workspace, size=size, statistics=statistics.command) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press(*keys)
        await until_shown(pilot, words)
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        shown = ""
        while shown != (shown := await settled(pilot)):
            await asyncio.sleep(0.3)
        assert text(pilot)
        assert_picture(pilot, name)


@pytest.mark.parametrize("size", [SIZE, WIDE], ids=NAMES.get)
@pytest.mark.parametrize("screen", SCREENS)
async def test_a_picture(workspace_path: Path, apiary: FakeStatistics, screen: str, size: tuple[int, int]) -> None:
    await take(workspace_path, apiary, screen, size, f"{screen}-{NAMES[size]}")


@pytest.mark.slow
@pytest.mark.parametrize("screen", SCREENS)
async def test_a_picture_without_colour(
    workspace_path: Path, apiary: FakeStatistics, screen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    name = f"{screen}-80x24-no-color"
    await take(workspace_path, apiary, screen, SIZE, name)
    legend = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("=" * 20)[2]
    colours = re.findall("#(..)(..)(..)", legend)
    assert colours
    assert all(red == green == blue for red, green, blue in colours)
