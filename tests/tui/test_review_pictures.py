"""What the review screen looks like in each of its states, at 80 x 24 and at 200 x 60, in colour and without."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from db.store.workspace import open_workspace
from tests.tui.app_driver import LETTERS, SIZE, SIZES, WIDE, add_dataset, running, until_shown
from tests.tui.picture import FOLDER, assert_picture
from tests.tui.rest import at_rest
from tests.tui.test_review_questions import QUESTIONS
from tui.presentation.sizes import LEAST_HEIGHT, LEAST_WIDTH

pytestmark = pytest.mark.slow

LEAST = (LEAST_WIDTH, LEAST_HEIGHT)
NAMES = {SIZE: "80x24", WIDE: "200x60", LEAST: "least", (40, 10): "40x10"}
STATEMENTS = [f"I keep {number} hives behind the house, and talk to them." for number in range(3)]
GUIDELINES = "Would somebody who keeps bees say this, and others not?"


@dataclass(frozen=True)
class State:
    """A state of the screen: the keys that lead to it, and words that show when it is there."""

    name: str
    keys: tuple[str, ...]
    words: str
    dataset: str = "bees"


BEGUN = State("begun", ("y", "m"), "●  m")
ASKED = State("own-questions", ("y", "4", "2"), "▸ What is it about?", "asked")
EDIT = State("edit", ("e", *"Now "), "Now I keep")
SMALL = [
    State("skip", ("s",), "Why do you skip"),
    State("undo", ("s", "1", "u"), "Skipped ("),
    State("comment", ("c", *"odd"), "odd"),
    State("guidelines", ("g",), "Guidelines"),
    State("help", ("question_mark",), "Help"),
    State("letters", ("c",), "●  c", "letters"),
    State("thanks", ("s", "s", "s", "s", "s", "s"), "Done"),
]
TAKEN = [
    *((state, size) for state in (BEGUN, ASKED, EDIT) for size in (SIZE, WIDE)),
    *((state, SIZE) for state in SMALL),
    (BEGUN, LEAST),
    (ASKED, LEAST),
    (State("too-small", (), "larger"), (40, 10)),
]


@pytest.fixture
def apiary(workspace_path: Path) -> Path:
    """A workspace with a dataset of each kind that the screen tells apart."""
    connection = open_workspace(workspace_path)
    add_dataset(connection, "bees", STATEMENTS, guidelines=GUIDELINES)
    add_dataset(connection, "asked", STATEMENTS, questions=QUESTIONS)
    add_dataset(connection, "letters", STATEMENTS, choices=LETTERS)
    connection.close()
    return workspace_path


@pytest.mark.parametrize(("state", "size"), TAKEN, ids=lambda value: getattr(value, "name", NAMES.get(value)))
async def test_a_picture(apiary: Path, state: State, size: tuple[int, int]) -> None:
    await take(apiary, state, size, f"review-{state.name}-{NAMES[size]}")


@pytest.mark.parametrize("size", SIZES, ids=NAMES.get)
async def test_a_picture_without_colour(apiary: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    name = f"review-begun-{NAMES[size]}-no-color"
    await take(apiary, BEGUN, size, name)
    legend = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("=" * 20)[2]
    colours = re.findall("#(..)(..)(..)", legend)
    assert colours
    assert all(red == green == blue for red, green, blue in colours)
    assert "bold" in legend


async def take(workspace: Path, state: State, size: tuple[int, int], name: str) -> None:
    """Brings the screen into a state and compares it."""
    async with running(workspace, review=None if size == (40, 10) else state.dataset, size=size) as pilot:
        if size == (40, 10):
            await until_shown(pilot, "bees")
            await pilot.press("enter")
        else:
            await until_shown(pilot, "of 3 settled")
        await pilot.press(*state.keys)
        await until_shown(pilot, state.words)
        await at_rest(pilot)
        assert_picture(pilot, name)
