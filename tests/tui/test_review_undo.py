"""Going back: through this session and earlier ones, with what was stored, and each change a revision."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.store.workspace import open_workspace
from tests.tui.app_driver import (
    add_dataset,
    answer,
    bee,
    running,
    settled,
    stored,
    text,
    until_not_shown,
    until_shown,
)


async def test_undo_shows_the_stored_answer_and_two_keys_change_it(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        first = await answer(pilot, "y", "4")
        current = bee(pilot)
        await pilot.press("u")
        shown = await until_shown(pilot, "Answered before")
        assert bee(pilot) == first
        assert "●  y  Yes" in shown
        assert "●  4  Good" in shown
        await pilot.press("n")
        await until_shown(pilot, "Enter stores the change")
        assert bee(pilot) == first
        await pilot.press("2")
        assert "Changed." in await until_shown(pilot, current)
        assert bee(pilot) == current
    ((_, one),) = stored(hive, "beekeeping")
    assert (one.label, one.relevance, one.revision, one.occasion) == (" No", 2, 2, "first")


async def test_undo_again_goes_further_back_and_escape_returns(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        first = await answer(pilot, "y", "1")
        second = await answer(pilot, "n", "2")
        await pilot.press("y")
        current = bee(pilot)
        await pilot.press("u")
        await until_shown(pilot, second)
        await pilot.press("u")
        await until_shown(pilot, first)
        await pilot.press("u")
        await until_shown(pilot, "your first answer here")
        assert bee(pilot) == first
        await pilot.press("escape")
        await until_shown(pilot, current)
        assert "●  y  Yes" in text(pilot)
    assert all(one.revision == 1 for _, one in stored(hive, "beekeeping"))


async def test_undo_reaches_back_before_a_restart(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        first = await answer(pilot, "y", "1")
        second = await answer(pilot, "n", "2")
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("u")
        await until_shown(pilot, second)
        await pilot.press("u")
        await until_shown(pilot, first)
        await pilot.press("5")
        await until_shown(pilot, "Changed.")
    assert [(one.label, one.relevance, one.revision) for _, one in stored(hive, "beekeeping")] == [
        (" Yes", 5, 2),
        (" No", 2, 1),
    ]


async def test_enter_stores_a_changed_mark(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await answer(pilot, "y", "4")
        await pilot.press("u")
        await until_shown(pilot, "Answered before")
        await pilot.press("m")
        await until_shown(pilot, "Enter stores the change")
        await pilot.press("enter")
        await until_shown(pilot, "Changed.")
    ((_, one),) = stored(hive, "beekeeping")
    assert (one.label, one.relevance, one.ambiguous, one.revision) == (" Yes", 4, True, 2)


async def test_a_skip_can_be_answered_later_and_an_answer_skipped(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await answer(pilot, "s", "s")
        await answer(pilot, "y", "3")
        await pilot.press("u", "s", "s")
        await until_shown(pilot, "Changed.")
        await pilot.press("u", "u")
        await until_shown(pilot, "Skipped before")
        await pilot.press("n", "5")
        await until_shown(pilot, "Changed.")
    skipped, answered = (one for _, one in stored(hive, "beekeeping"))
    assert (skipped.label, skipped.relevance, skipped.skipped) == (" No", 5, False)
    assert answered.skipped


async def test_undo_with_nothing_before(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        current = bee(pilot)
        await pilot.press("u")
        await until_shown(pilot, "no earlier answer")
        assert bee(pilot) == current
        await pilot.press("y")
        await until_not_shown(pilot, "no earlier answer")


async def test_redo_goes_forward_again_step_by_step(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        first = await answer(pilot, "y", "1")
        second = await answer(pilot, "n", "2")
        current = bee(pilot)
        await pilot.press("r")
        await until_shown(pilot, "nothing to redo")
        await pilot.press("u", "u")
        await until_shown(pilot, first)
        await pilot.press("r")
        assert "●  n  No" in await until_shown(pilot, second)
        await pilot.press("r")
        await until_shown(pilot, current)
        await pilot.press("u", "u", "r", "u")
        await until_shown(pilot, first)
        await pilot.press("n", "5")
        await until_shown(pilot, "Changed.")
        assert bee(pilot) == current
        await pilot.press("u")
        await until_shown(pilot, first)  # what was done last


@pytest.mark.slow
async def test_coming_back_to_what_was_skipped(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        assert "k skipped" not in text(pilot)
        await pilot.press("k")
        await until_shown(pilot, "You have skipped nothing")
        one = await answer(pilot, "s", "1")
        await answer(pilot, "y", "4")
        other = await answer(pilot, "s", "s")
        current = bee(pilot)
        assert "2 skipped" in await until_shown(pilot, "k skipped")
        await pilot.press("k")
        await until_shown(pilot, "Skipped (I don't know…)")
        assert bee(pilot) == one
        await pilot.press("k")
        await until_shown(pilot, other)
        await pilot.press("k")  # from the beginning again
        await until_shown(pilot, one)
        await pilot.press("y", "3")
        assert "Changed." in await until_shown(pilot, "1 skipped")
        assert bee(pilot) == current
        await pilot.press("k")
        await until_shown(pilot, other)
    given = dict(stored(hive, "beekeeping"))
    assert (given[one].label, given[one].occasion, given[one].revision, given[one].skip_reason) == (
        " Yes", "first", 2, "",
    )  # fmt: skip


async def test_an_answer_faster_than_reading_is_told_once_and_stored(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    add_dataset(connection, "long", [f"I keep {number} {'very ' * 500}bees" for number in range(3)])
    connection.close()
    async with running(workspace_path, review="long") as pilot:
        await pilot.press("y", "4")
        await until_shown(pilot, "faster than most people read")
        await pilot.press("y")
        await until_not_shown(pilot, "faster than most people read")
        await pilot.press("4")
        await until_shown(pilot, "2 this time")
        assert "faster than most people read" not in await settled(pilot)
    assert len(stored(workspace_path, "long")) == 2


async def test_a_small_window_says_so_and_keeps_what_was_said(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        begun = bee(pilot)
        await pilot.press("y", "m")
        await pilot.resize_terminal(71, 24)
        assert "I keep" not in await until_shown(pilot, "Make the window larger")
        await pilot.press("n", "4", "s", "u")  # nobody answers what they can't see
        await pilot.resize_terminal(72, 19)
        await until_shown(pilot, "(at least 72 x 20)")
        await pilot.resize_terminal(72, 20)
        shown = await until_shown(pilot, begun)
        assert "●  y  Yes" in shown
        assert "●  m  ambiguous" in shown
        await pilot.resize_terminal(30, 5)
        await until_shown(pilot, "Make the window larger")
        await pilot.press("escape")
        await until_not_shown(pilot, "Make the window larger")
    assert stored(hive, "beekeeping") == []
