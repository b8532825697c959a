"""The windows of the review screen, and every key in them: why one skips, another wording, words."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Paste
from textual.widgets import Input, TextArea

from db.records import Question
from db.store.workspace import open_workspace
from tests.tui.app_driver import (
    add_dataset,
    answer,
    bees,
    running,
    settled,
    stored,
    text,
    until,
    until_not_shown,
    until_shown,
)
from tui.skipping import REASONS

LONG = " ".join(f"w{number}" for number in range(16_000))


@pytest.mark.slow
async def test_two_keys_skip_with_a_reason(hive: Path) -> None:
    keys = [*REASONS, "S"]
    async with running(hive, review="beekeeping") as pilot:
        for number, key in enumerate(keys, start=1):
            await pilot.press("s")
            assert REASONS[key.lower()] in await until_shown(pilot, "Why do you skip it?")
            await pilot.press(key)
            await until_shown(pilot, f"{number} skipped")
    given = [(one.skipped, one.skip_reason) for _, one in stored(hive, "beekeeping")]
    assert given == [(True, REASONS[key.lower()]) for key in keys]


async def test_a_reason_in_ones_own_words_and_a_skip_that_is_left(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("s")
        await until_shown(pilot, "Why do you skip it?")
        await pilot.press("escape")
        await until_not_shown(pilot, "Why do you skip it?")
        await pilot.press("s", "o")
        await until_shown(pilot, "Why do you skip this example?")
        await pilot.press(*"1 so", "enter")
        await until_shown(pilot, "1 skipped")
        await pilot.press("u")
        await until_shown(pilot, "Skipped (1 so)")
        await pilot.press("enter")
        await until_shown(pilot, "Changed.")
    ((_, one),) = stored(hive, "beekeeping")
    assert (one.skipped, one.skip_reason, one.revision) == (True, "1 so", 2)


async def test_an_edit_is_stored_with_the_answer_and_the_example_stays(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("e")
        await until_shown(pilot, "Suggest an edit")
        await pilot.press(*"Now ", "ctrl+s")
        await until_shown(pilot, "●  e  edit suggested")
        body = await answer(pilot, "y", "4")
        assert "○  e  edit" in text(pilot)
        await pilot.press("u")
        await until_shown(pilot, "●  e  edit suggested")
        await pilot.press("e")
        await until_shown(pilot, "Now I keep")
        await pilot.press("end", "!", "escape")
        await until_not_shown(pilot, "Suggest an edit")
    ((stored_body, one),) = stored(hive, "beekeeping")
    assert stored_body == body
    assert one.suggested_edit == f"Now {body}"


async def test_an_edit_that_changes_nothing_is_none(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("e")
        await until_shown(pilot, "Suggest an edit")
        await pilot.press("x", "backspace", "ctrl+s")
        await until_not_shown(pilot, "Suggest an edit")
        assert "○  e  edit" in text(pilot)
        await pilot.press("e")
        await until_shown(pilot, "Suggest an edit")
        await pilot.press("x", "escape")
        await until_not_shown(pilot, "Suggest an edit")
        assert "○  e  edit" in text(pilot)


@pytest.mark.slow
async def test_a_long_text_can_be_edited_and_what_is_pasted_is_harmless(workspace_path: Path) -> None:
    from textual import events

    connection = open_workspace(workspace_path)
    add_dataset(connection, "long", [LONG])
    connection.close()
    async with running(workspace_path, review="long") as pilot:
        await pilot.press("e")
        await until_shown(pilot, "Suggest an edit")
        pilot.app.screen.query_one(TextArea).post_message(events.Paste("[/x]\x1b[2J\x00"))
        await until_shown(pilot, "[/x]␛[2J␀w0 w1")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "●  e  edit suggested")
        await pilot.press("y", "4")
        await until_shown(pilot, "Done")
    ((body, one),) = stored(workspace_path, "long")
    assert one.suggested_edit == f"[/x]␛[2J␀{body}"


async def test_questions_in_words_are_asked_one_after_another(workspace_path: Path) -> None:
    questions = (Question("why", "text", "Why [/so]?", ()), Question("who", "text", "Who says it?", ()))
    connection = open_workspace(workspace_path)
    add_dataset(connection, "words", bees(2), questions=questions)
    connection.close()
    async with running(workspace_path, review="words") as pilot:
        await pilot.press("t")
        await until_shown(pilot, "Why [/so]?")
        await pilot.press(*"y4", "enter")
        await until_shown(pilot, "Who says it?")
        await pilot.press("escape")
        assert "●  t  why, who" in await settled(pilot)
        await answer(pilot, "y", "4")
        await answer(pilot, "n", "2")
    assert [one.answers for _, one in stored(workspace_path, "words")] == [{"why": "y4"}, {}]


async def test_keys_that_come_while_a_window_opens_answer_nothing(hive: Path) -> None:
    from textual import events

    async with running(hive, review="beekeeping") as pilot:
        below = pilot.app.screen
        await pilot.press("c")
        await until_shown(pilot, "What should the author")
        for key in "y4":  # typed before the window showed, they still reach the screen below
            below.post_message(events.Key(key, key))
        await pilot.pause()
        await pilot.press("escape")
        await until_not_shown(pilot, "What should the author")
        await pilot.press("f")
        shown = await until_shown(pilot, "●  f  flag")
        assert shown.count("●") == 1
    assert stored(hive, "beekeeping") == []


async def test_what_is_too_long_is_not_taken_and_what_was_written_stays(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("c")
        await until_shown(pilot, "Comment")
        await pilot.press("s", "o")
        line = pilot.app.screen.query_one(Input)
        line.post_message(Paste("x" * 9_998))
        await until(lambda: len(line.value) == 10_000)
        line.post_message(Paste("lost"))
        await until_shown(pilot, "At most 10,000 characters; no more is taken")
        assert line.value == "so" + "x" * 9_998
        await pilot.press("backspace")
        await until_not_shown(pilot, "no more is taken")
        await pilot.press("enter")
        await until_not_shown(pilot, "Comment")
        await pilot.press("e")
        await until_shown(pilot, "Suggest an edit")
        area = pilot.app.screen.query_one(TextArea)
        before = area.text
        area.post_message(Paste("x" * 200_000))
        await until_shown(pilot, "At most 200,000 characters; no more is taken")
        assert area.text == before
        await pilot.press("!")
        await until_not_shown(pilot, "no more is taken")
        await pilot.press("ctrl+s")
        await until_not_shown(pilot, "Suggest an edit")
        await answer(pilot, "y", "5")
    ((_, one),) = stored(hive, "beekeeping")
    assert one.comment == "so" + "x" * 9_997
    assert one.suggested_edit is not None
    assert sorted(one.suggested_edit) == sorted(before + "!")
