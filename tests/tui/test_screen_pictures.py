"""What every screen but the review's looks like, and every window over one, at both sizes, in colour and without."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.app_driver import SIZE, WIDE, fake_statistics, running
from tests.tui.picture import FOLDER, assert_picture
from tests.tui.pictured import make_argued, make_pairs, tried_out
from tests.tui.rest import at_rest, wait_at_rest_alone
from tests.tui.test_release_screen import preview
from tui.app.store import Store
from tui.processes.preview_process import PreviewProcess
from tui.screens.preview import PreviewScreen
from tui.screens.text import TextScreen

NEVER = 3600.0
LOOKS = {"80x24": SIZE, "200x60": WIDE, "80x24-no-color": SIZE, "200x60-no-color": WIDE}
IN_CI = {"80x24", "200x60-no-color"}


@dataclass(frozen=True)
class Stop:
    """A place on a way through the app: the keys that lead there from the stop before, and its picture's name."""

    keys: tuple[str, ...]
    name: str = ""


LEAD = [
    Stop(("down",), "datasets"),
    Stop(("question_mark",), "datasets-help"),
    Stop(("escape", "up", "d"), "dataset"),
    Stop(("end",), "dataset-end"),
    Stop(("escape", "j"), "jobs"),
    Stop(("c",), "jobs-cancel"),
    Stop(("escape", "down"), "jobs-done"),
    Stop(("f",), "funnel"),
    Stop(("end", "enter"), "candidates"),
    Stop(("enter",), "candidate-hidden"),
    Stop(("escape", "x"), "candidates-look"),
    Stop(("y",), "candidates-open"),
    Stop(("enter",), "candidate"),
    Stop(("escape", "escape", "escape", "escape", "down", "b"), "browse"),
    Stop(("slash", *"is:", "enter"), "browse-not-understood"),
    Stop(("slash", "ctrl+u", *"calm", "enter"), "browse-found"),
    Stop(("enter",), "example-hidden"),
    Stop(("escape", "x", "y")),
    Stop(("slash", "ctrl+u", *"sun", "enter"), "browse-open"),
    Stop(("enter",), "example"),
    Stop(("escape", "escape", "g"), "agreement-questions"),
    Stop(("2",), "agreement-validators"),
    Stop(("3",), "agreement-pairs"),
    Stop(("4",), "agreement-answers"),
    Stop(("5",), "agreement-bounds"),
    Stop(("escape", "s"), "release-evidence"),
    Stop(("2",), "release-files"),
    Stop(("3",), "release-card"),
    Stop(("s",), "release-override"),
    Stop((*"Yes", "enter"), "release-where"),
    Stop(("escape", "escape", "a"), "adjudicate"),
    Stop(("w",), "adjudicate-names"),
    Stop(("k",), "ruling-keep"),
    Stop(("escape", "l"), "ruling-relabel"),
    Stop(("escape", "d", "enter"), "ruling-drop"),
    Stop(("escape", "right", "e"), "ruling-edit"),
]
PAIRS = [
    Stop(("d", "v"), "diversity"),
    Stop(("4", "u"), "diversity-again"),
    Stop(("escape", "3", "3"), "diversity-done"),
    Stop(("escape", "h"), "head-to-head"),
    Stop(("question_mark",), "head-to-head-help"),
]
ARGUED = [Stop(("y", "4"), "second-look-1"), Stop(("escape", "y", "4"), "second-look-2")]
EMPTY = [
    Stop((), "empty"),
    Stop(("n",), "preview-empty"),
    Stop(("enter",), "preview-nothing-named"),
]

SAMPLES = [Stop(("enter",), "preview"), Stop(("p",), "preview-prompts"), Stop(("w",), "preview-write")]


@pytest.fixture(params=[pytest.param(look, marks=[pytest.mark.long] * (look not in IN_CI)) for look in LOOKS])
def look(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """How one looks: a size, with colour or without."""
    name = str(request.param)
    monkeypatch.chdir(tmp_path)
    wait_at_rest_alone(monkeypatch)
    monkeypatch.setattr("tui.app.app.WORKER_SECONDS", NEVER)
    for screen in ("dataset", "datasets", "funnel", "jobs", "review"):  # what they look at doesn't change
        monkeypatch.setattr(f"tui.screens.{screen}.POLL_SECONDS", NEVER)
    if name.endswith("no-color"):
        monkeypatch.setenv("NO_COLOR", "1")
    return name


async def tour(pilot: Pilot[None], look: str, stops: Sequence[Stop]) -> None:
    """Goes from stop to stop, and compares each with its picture; what differs is told at the end."""
    different = []
    for stop in stops:
        await at_rest(pilot)
        for key in stop.keys:
            await pilot.press("space" if key == " " else key)
            await at_rest(pilot)
        if stop.name:
            try:
                assert_picture(pilot, f"{stop.name}-{look}")
            except AssertionError as error:
                different.append(str(error))
    assert not different, "\n\n".join(different)


@pytest.mark.slow
async def test_what_a_lead_looks_at(led: tuple[Path, dict[str, Any]], workspace_path: Path, look: str) -> None:
    made, agreement = led
    shutil.copy(made, workspace_path)
    statistics = fake_statistics(workspace_path.parent, agreement=agreement, preview=preview())
    async with running(workspace_path, size=LOOKS[look], statistics=statistics.command) as pilot:
        await tour(pilot, look, LEAD)


@pytest.mark.slow
async def test_what_compares_examples(workspace_path: Path, look: str) -> None:
    make_pairs(workspace_path)
    async with running(workspace_path, size=LOOKS[look]) as pilot:
        await tour(pilot, look, PAIRS)


@pytest.mark.slow
async def test_second_looks(workspace_path: Path, look: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.second_look.GRACE_SECONDS", 0.0)
    monkeypatch.setattr("tui.haste.WORDS_A_MINUTE", 1e9)  # An answer here comes as fast as the machine is.
    make_argued(workspace_path)
    async with running(workspace_path, review="beekeeping", size=LOOKS[look]) as pilot:
        await tour(pilot, look, ARGUED)


@pytest.mark.slow
async def test_an_empty_workspace_and_samples_of_a_behaviour(workspace_path: Path, look: str) -> None:
    async with running(workspace_path, size=LOOKS[look]) as pilot:
        await tour(pilot, look, EMPTY)
        store = Store(workspace_path)
        pilot.app.push_screen(PreviewScreen(store, PreviewProcess(await tried_out(workspace_path.parent))))
        await tour(pilot, look, SAMPLES)
        store.close()
        pilot.app.push_screen(TextScreen.error("The key is not set; set ANTHROPIC_API_KEY, and resume the job."))
        await tour(pilot, look, [Stop((), "error")])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*-no-color.txt")), ids=lambda path: path.stem)
def test_without_colour_there_is_none_and_bold_tells_what_matters(path: Path) -> None:
    legend = path.read_text(encoding="utf-8").split("=" * 20)[2]
    colours = re.findall("#(..)(..)(..)", legend)
    assert colours
    assert all(red == green == blue for red, green, blue in colours)
    assert "bold" in legend
