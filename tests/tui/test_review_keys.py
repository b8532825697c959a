"""Every key of the review screen and of its windows does what the table of actions says."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.records import Choice, Question
from db.store.workspace import open_workspace
from tests.tui.app_driver import add_dataset, running, settled, text, until_not_shown, until_shown
from tests.tui.test_review_questions import QUESTIONS
from tui.app.actions import EDIT, REVIEW, TEXT, WORDS, Action

LONG = "\n".join(f"line {number}" for number in range(60))
ALL = (*QUESTIONS, Question("why", "text", "Why is that?", ()))

# Each key, what shows then, and the keys that lead back.
SAYS: list[tuple[str, str, tuple[str, ...]]] = [
    *((key, "●  m  ambiguous", (key,)) for key in "mM"),
    *((key, "●  f  flag", (key,)) for key in "fF"),
    *((key, "What should the author", ("escape",)) for key in "cC"),
    *((key, "Suggest an edit", ("escape",)) for key in "eE"),
    *((key, "Why is that?", ("escape",)) for key in "tT"),
    ("tab", "▸ How harmful", ("shift+tab",)),
    ("shift+tab", "▸ Is it clear?", ("tab",)),
    *((key, "Why do you skip it?", ("escape",)) for key in "sS"),
    *((key, "You have skipped nothing", ()) for key in "kK"),
    *((key, "You have no earlier answer", ()) for key in "uU"),
    *((key, "nothing to redo", ()) for key in "rR"),
    *((key, "Guidelines", ("escape",)) for key in "gG"),
    *((key, "Help", ("escape",)) for key in ("question_mark", "f1")),
]
SCROLLS = [
    *((on, back) for on in ("space", "pagedown") for back in ("b", "B", "pageup", "backspace")),
    ("down", "up"),
]
LEAVES = ("escape", "q", "Q")


@pytest.fixture
def asked(workspace_path: Path) -> Path:
    """A workspace with a dataset that has a long text, questions of every kind and guidelines."""
    connection = open_workspace(workspace_path)
    add_dataset(connection, "asked", [LONG, LONG], questions=ALL, guidelines="Mind the bees.")
    connection.close()
    return workspace_path


def test_no_key_is_left_out() -> None:
    tried = {key for key, _, _ in SAYS} | {key for pair in SCROLLS for key in pair} | {*LEAVES, "enter"}
    assert tried == {key for action in REVIEW for key in action.keys.split(",")}


@pytest.mark.slow
async def test_what_keys_show(asked: Path) -> None:
    async with running(asked, review="asked") as pilot:
        for key, shown, back in SAYS:
            await pilot.press(key)
            await until_shown(pilot, shown)
            await pilot.press(*back)
            if back:
                await until_not_shown(pilot, shown)
        assert "●" not in await settled(pilot)


@pytest.mark.slow
async def test_keys_that_scroll(asked: Path) -> None:
    async with running(asked, review="asked") as pilot:
        for on, back in SCROLLS:
            assert "line 0 " in await settled(pilot)
            await pilot.press(on)
            await until_not_shown(pilot, "line 0 ")
            await pilot.press(back)
            await until_shown(pilot, "line 0 ")


@pytest.mark.slow
async def test_enter_stores_and_keys_that_leave(asked: Path) -> None:
    async with running(asked, review="asked") as pilot:
        for key in LEAVES:
            await pilot.press(key)
            await until_shown(pilot, "Enter review")
            await pilot.press("enter")
            await until_shown(pilot, "line 0 ")
        await pilot.press("y", "1", "1", "1", "1")
        await until_shown(pilot, "1 this time")
        await pilot.press("u", "n", "enter")
        await until_shown(pilot, "Changed.")


@pytest.mark.parametrize(
    ("opens", "window", "actions"),
    [("g", "Guidelines", TEXT), ("c", "What should the author", WORDS), ("e", "Suggest an edit", EDIT)],
)
async def test_keys_that_close_windows(asked: Path, opens: str, window: str, actions: tuple[Action, ...]) -> None:
    async with running(asked, review="asked") as pilot:
        for key in [key for action in actions for key in action.keys.split(",")]:
            await pilot.press(opens)
            await until_shown(pilot, window)
            await pilot.press(key)
            await until_not_shown(pilot, window)


@pytest.mark.slow
async def test_ten_choices_have_their_letters_and_actions_their_capitals(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    letters = [Choice(f" ({letter})", f"answer {letter}") for letter in "ABCDEFGHIJ"]
    add_dataset(connection, "letters", ["x"], choices=letters)
    connection.close()
    async with running(workspace_path, review="letters") as pilot:
        assert "F  flag   ○  E  edit   ○  C  comment" in text(pilot)
        for letter in "abcdefghij":
            await pilot.press(letter)
            await until_shown(pilot, f"●  {letter}  answer {letter.upper()}")
        for key, shown in (("C", "What should the author"), ("E", "Suggest an edit"), ("G", "Guidelines")):
            await pilot.press(key)
            await until_shown(pilot, shown)
            await pilot.press("escape")
            await until_not_shown(pilot, shown)
