"""Going back: through this session and earlier ones, with what was stored, and each change a revision."""

from __future__ import annotations

from pathlib import Path

from tests.tui.app_driver import answer, bee, running, stored, text, until_not_shown, until_shown


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
        await answer(pilot, "s")
        await answer(pilot, "y", "3")
        await pilot.press("u", "s")
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
