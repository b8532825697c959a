"""A half-given answer is there again: after leaving, after undo, after kill -9, in another window."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from db.store.connection import connect
from tests.support.terminal import Terminal
from tests.tui.app_driver import (
    answer,
    bee,
    running,
    settled,
    stored,
    text,
    until,
    until_not_shown,
    until_shown,
)

ROOT = str(Path(__file__).parents[2])


def drafts(workspace: Path) -> list[str]:
    """Every draft that is stored."""
    connection = connect(workspace)
    found = [draft for (draft,) in connection.execute("SELECT draft FROM drafts")]
    connection.close()
    return found


@pytest.mark.slow
async def test_leaving_an_example_keeps_what_was_said_of_it(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        begun = bee(pilot)
        await pilot.press("n", "m", "c")
        await until_shown(pilot, "What should the author")
        await pilot.press(*"odd", "enter")
        await until_shown(pilot, "“odd”")
        await pilot.press("escape")
        await until_shown(pilot, "Enter review")
        await pilot.press("enter")
        shown = await until_shown(pilot, "“odd”")
        assert begun in shown
        assert "●  n  No" in shown
        assert "●  m  ambiguous" in shown
        await answer(pilot, "5")
    ((body, one),) = stored(hive, "beekeeping")
    assert (body, one.label, one.relevance, one.ambiguous, one.comment) == (begun, " No", 5, True, "odd")
    assert drafts(hive) == []


async def test_a_change_that_was_begun_after_undo_is_there_when_one_comes_back(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        first = await answer(pilot, "y", "4")
        await pilot.press("u")
        await until_shown(pilot, "Answered before")
        await pilot.press("n")
        await until_shown(pilot, "Enter stores the change")
        await pilot.press("escape")
        await until_not_shown(pilot, first)
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("u")
        assert "●  n  No" in await until_shown(pilot, "Enter stores the change")
        await pilot.press("enter")
        await until_shown(pilot, "Changed.")
    ((_, one),) = stored(hive, "beekeeping")
    assert (one.label, one.relevance, one.revision) == (" No", 4, 2)


async def test_what_is_taken_back_leaves_no_draft(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("m")
        await until(lambda: len(drafts(hive)) == 1)
        await pilot.press("m")
        await until(lambda: drafts(hive) == [])


async def test_a_line_that_is_being_written_is_kept_too(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("c")
        await until_shown(pilot, "What should the author")
        await pilot.press(*"half a li")
        await until(lambda: any("half a li" in draft for draft in drafts(hive)))
        await pilot.press("escape")
        await until(lambda: drafts(hive) == [])
        assert "○  c  comment" in await settled(pilot)


async def test_another_window_finds_what_was_begun_in_this_one(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        answered = await answer(pilot, "y", "4")
        await pilot.press("u")
        await until_shown(pilot, "Answered before")
        await pilot.press("f")
        await until(lambda: len(drafts(hive)) == 1)
        async with running(hive, review="beekeeping") as other:
            await other.press("u")
            assert answered in await until_shown(other, "●  f  flag")
        async with running(hive, annotator="ben", review="beekeeping") as ben:
            while bee(ben) != answered:
                await answer(ben, "y", "4")
            assert "○  f  flag" in text(ben)


async def test_a_draft_that_cannot_be_stored_is_told_and_hinders_nothing(
    hive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from db.errors import WorkspaceError

    def fail(*_: object) -> None:
        raise WorkspaceError("The disk is full.")

    monkeypatch.setattr("tui.desk.keep_draft", fail)
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("m")
        await until_shown(pilot, "What you have begun is not stored yet. The disk is full.")
        await answer(pilot, "y", "4")
    ((_, one),) = stored(hive, "beekeeping")
    assert one.ambiguous


@pytest.mark.slow
def test_kill_9_loses_nothing_that_was_pressed(hive: Path) -> None:
    command = [sys.executable, "-m", "tui", "--workspace", str(hive), "review", "beekeeping", "--as", "anna"]
    environment = {"PYTHONPATH": ROOT, "TEXTUAL_ANIMATIONS": "none"}
    with Terminal(command, folder=hive.parent, environment=environment) as terminal:
        terminal.wait_for("Which answer would they give?")
        terminal.press("ys1n")
        terminal.wait_for("●  n  No", "1 skipped")
        terminal.press("m")
        terminal.wait_for("●  m  ambiguous")
        while not any('"ambiguous": true' in draft for draft in drafts(hive)):
            terminal.read()
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait_to_end()
    with Terminal(command, folder=hive.parent, environment=environment) as terminal:
        terminal.wait_for("●  n  No", "●  m  ambiguous")
        terminal.press("4")
        terminal.wait_for("1 this time")
        terminal.press("\x11")
        assert terminal.wait_to_end() == 0
    skipped, one = (given for _, given in stored(hive, "beekeeping"))
    assert (skipped.label, skipped.skip_reason) == (None, "I don't know enough about it")
    assert (one.label, one.relevance, one.ambiguous) == (" No", 4, True)
