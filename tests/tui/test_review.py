"""Labelling: two keys an example, every key of the screen, nothing shown that could sway."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.store.workspace import open_workspace
from tests.tui.app_driver import (
    LETTERS,
    SIZES,
    WIDE,
    add_dataset,
    answer,
    bee,
    bees,
    running,
    stored,
    text,
    until,
    until_not_shown,
    until_shown,
)


async def test_two_keys_store_an_answer_and_show_the_next_example(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        first = await answer(pilot, "y", "4")
        second = await answer(pilot, "n", "1")
        assert first != second
    given = stored(hive, "beekeeping")
    assert [(body, one.label, one.relevance) for body, one in given] == [(first, " Yes", 4), (second, " No", 1)]
    assert all(one.occasion == "first" and one.seconds > 0 for _, one in given)


async def test_relevance_first_waits_for_the_label(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        before = bee(pilot)
        await pilot.press("3")
        assert "●  3  Okay" in await until_shown(pilot, "●  3")
        assert bee(pilot) == before
        await answer(pilot, "n")
    assert [(one.label, one.relevance) for _, one in stored(hive, "beekeeping")] == [(" No", 3)]


async def test_the_first_key_can_be_changed_before_the_second(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("y")
        assert "●  y  Yes" in text(pilot)
        await pilot.press("n")
        assert "○  y  Yes" in text(pilot)
        assert "●  n  No" in text(pilot)
        await answer(pilot, "5")
    assert [one.label for _, one in stored(hive, "beekeeping")] == [" No"]


async def test_marks_and_comment_are_stored_with_the_answer(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("m", "f", "f", "f", "c")
        await until_shown(pilot, "What should the author")
        await pilot.press(*"odd y4", "enter")
        shown = await until_shown(pilot, "“odd y4”")
        assert "●  m  ambiguous" in shown
        assert "●  f  flag" in shown
        await answer(pilot, "y", "2")
        assert "○  m  ambiguous" in text(pilot)
    ((_, one),) = stored(hive, "beekeeping")
    assert (one.ambiguous, one.flagged, one.comment) == (True, True, "odd y4")


async def test_a_comment_that_is_left_stays_as_it_was(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("c")
        await until_shown(pilot, "What should the author")
        await pilot.press("x", "escape")
        await until_not_shown(pilot, "What should the author")
        await answer(pilot, "y", "2")
    ((_, one),) = stored(hive, "beekeeping")
    assert one.comment == ""


async def test_skip_is_stored_as_no_answer(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await answer(pilot, "s", "s")
    ((_, one),) = stored(hive, "beekeeping")
    assert one.skipped
    assert (one.label, one.relevance) == (None, None)


@pytest.mark.parametrize("size", SIZES)
async def test_everything_needed_is_on_screen_and_nothing_that_sways(hive: Path, size: tuple[int, int]) -> None:
    async with running(hive, review="beekeeping", size=size) as pilot:
        await until_shown(pilot, "0 of 6 settled")
        if size == WIDE:
            await until_shown(pilot, "The relevance")
        shown = await until_shown(pilot, "Esc leave")
        for words in ("beekeeping", "A person or AI who keeps bees", "I keep", "y  Yes", "n  No", "1  Horrible",
                      "2  Bad", "3  Okay", "4  Good", "5  Amazing", "m  ambiguous", "f  flag", "c  comment",
                      "s skip", "u undo", "g guidelines", "? help", "Esc leave"):  # fmt: skip
            assert words in shown
        for words in ("0.98", "intended", "confidence"):
            assert words not in shown
        assert ("The relevance" in shown) == (size == WIDE)


async def test_others_answers_are_not_shown(hive: Path) -> None:
    async with running(hive, annotator="ben", review="beekeeping") as pilot:
        await pilot.press("f", "c")
        await until_shown(pilot, "What should the author")
        await pilot.press(*"secret", "enter")
        await until_shown(pilot, "secret")
        theirs = await answer(pilot, "n", "1")
    async with running(hive, review="beekeeping") as pilot:
        while bee(pilot) != theirs:
            await answer(pilot, "y", "4")
        shown = text(pilot)
        assert "secret" not in shown
        assert "●" not in shown


async def test_lettered_choices_and_the_capitals_of_actions(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    add_dataset(connection, "letters", bees(3), choices=LETTERS)
    connection.close()
    async with running(workspace_path, review="letters") as pilot:
        shown = text(pilot)
        assert "c  answer C" in shown
        assert "C  comment" in shown
        await answer(pilot, "c", "4")
        await pilot.press("C")
        await until_shown(pilot, "What should the author")
        await pilot.press(*"hm", "enter")
        await until_shown(pilot, "“hm”")
        await answer(pilot, "D", "5")
    given = [one for _, one in stored(workspace_path, "letters")]
    assert [one.label for one in given] == [" (C)", " (D)"]
    assert [one.comment for one in given] == ["", "hm"]


async def test_a_dataset_without_a_behaviour(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    add_dataset(connection, "plain", bees(1), behavior="")
    connection.close()
    async with running(workspace_path, review="plain") as pilot:
        shown = text(pilot)
        assert "A person or AI who" not in shown
        assert "Which answer is right?" in shown
        await pilot.press("question_mark")
        assert "what it is about" in await until_shown(pilot, "The relevance")


async def test_help_and_guidelines(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    add_dataset(connection, "guided", bees(1), guidelines="Think of [bold]honey[/bold].")
    connection.close()
    async with running(workspace_path, review="guided") as pilot:
        await pilot.press("g")
        assert "Think of [bold]honey[/bold]." in await until_shown(pilot, "Guidelines")
        await pilot.press("escape")
        await until_not_shown(pilot, "Guidelines")
        await pilot.press("question_mark")
        assert "The answer that someone who fits the behaviour would give" in await until_shown(pilot, "Help")
        await pilot.press(*["pagedown"] * 3)
        assert "Go back to the example you answered before" in await until_shown(pilot, "Skip the example")
        await pilot.press("y", "escape")
        await until_not_shown(pilot, "Help")
        assert "○  y  Yes" in text(pilot)


@pytest.mark.slow
async def test_the_last_example_is_followed_by_thanks_and_undo_still_works(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        for _ in range(6):
            last = await answer(pilot, "y", "4")
        assert "answered all 6 examples" in await until_shown(pilot, "Done")
        await pilot.press("u")
        await until_shown(pilot, last)
        await pilot.press("escape")
        await until_shown(pilot, "Done")
        await pilot.press("escape")
        await until_shown(pilot, "Enter review")


async def test_an_example_that_comes_later_shows_by_itself(workspace_path: Path) -> None:
    from tests.tui.app_driver import add_to_dataset

    connection = open_workspace(workspace_path)
    add_dataset(connection, "growing", [], closed=False)
    async with running(workspace_path, review="growing") as pilot:
        await until_shown(pilot, "no examples yet")
        from db.store.connection import write
        from review.datasets.find_and_close import find

        with write(connection):
            add_to_dataset(connection, find(connection, "growing").id, ["I keep one queen."])
        await until_shown(pilot, "I keep one queen.")
        await pilot.press("y", "4")
        await until_shown(pilot, "Done")
    connection.close()
    assert len(stored(workspace_path, "growing")) == 1


@pytest.mark.slow
async def test_progress_counts(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        for _ in range(4):
            await answer(pilot, "y", "4")
        shown = await until_shown(pilot, "4 answered · 4 this time")
        assert "a minute" in shown
    async with running(hive, review="beekeeping") as pilot:
        await until_shown(pilot, "4 answered · 0 this time")
    async with running(hive, annotator="ben", review="beekeeping") as pilot:
        for _ in range(6):
            await answer(pilot, "y", "4")
        await until_shown(pilot, "4 of 6 settled")


@pytest.mark.slow
async def test_two_validators_at_once_settle_each_example_once(hive: Path) -> None:
    async with running(hive, annotator="anna", review="beekeeping") as anna:
        async with running(hive, annotator="ben", review="beekeeping") as ben:
            for _ in range(6):
                await answer(anna, "y", "4")
                await answer(ben, "y", "5")
            await until_shown(ben, "Done")
        await until_shown(anna, "6 of 6 settled")
    for name in ("anna", "ben"):
        bodies = [body for body, _ in stored(hive, "beekeeping", name)]
        assert sorted(bodies) == bees(6)


async def test_two_windows_of_one_validator_show_different_examples(hive: Path) -> None:
    async with running(hive, review="beekeeping") as one, running(hive, review="beekeeping") as other:
        assert bee(one) != bee(other)
        await answer(one, "y", "4")
        await answer(other, "n", "2")
        assert bee(one) != bee(other)
    bodies = [body for body, _ in stored(hive, "beekeeping")]
    assert len(set(bodies)) == 2


async def test_leaving_gives_the_example_back(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        held = bee(pilot)
        await pilot.press("escape")
        await until_shown(pilot, "Enter review")
        async with running(hive, annotator="ben", review="beekeeping") as ben:
            await until(lambda: bee(ben) == held)


async def test_the_palette_offers_what_the_screen_can_do(hive: Path) -> None:
    async with running(hive, review="beekeeping") as pilot:
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Search")
        await pilot.press(*"ambig")
        await until_shown(pilot, "Say that the right answer is unclear")
        await pilot.press("enter")
        await pilot.pause()
        if "Search" in text(pilot):
            await pilot.press("enter")
        await until_shown(pilot, "●  m  ambiguous")
