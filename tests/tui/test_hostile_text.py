"""Text that would act on a terminal or on markup shows as what it is, everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from db.records import Choice, Question
from db.store.workspace import open_workspace
from review.assignment.serving import start_session
from review.datasets.find_and_close import find
from review.datasets.importing import import_file
from review.formats.example import write_row
from review.lead.rulings import as_source
from tests.tui.app_driver import (
    WIDE,
    FakeStatistics,
    add_dataset,
    iterate,
    running,
    settled,
    stored,
    text,
    until_not_shown,
    until_shown,
)

HOSTILE = "[bold red]x[/foo] \x1b[31mred\x1b]0;t\x07 \u202eevil\u202c \x9b2J nul\x00 end"
HARMLESS = "[bold red]x[/foo] ␛[31mred␛]0;t␇ ‹U+202E›evil‹U+202C› ‹U+009B›2J nul␀ end"


@pytest.fixture
def snake_pit(workspace_path: Path) -> Path:
    """A workspace whose every text is hostile."""
    connection = open_workspace(workspace_path)
    add_dataset(
        connection,
        "[/x]\x1b[2J",
        [f"{HOSTILE} {number}" for number in range(2)],
        behavior=HOSTILE,
        guidelines=HOSTILE,
        choices=[Choice("a\x1b", f"A {HOSTILE}"), Choice("b", "[/B]")],
    )
    start_session(connection, "anna")
    connection.execute(
        "UPDATE annotators SET name = ? WHERE name = 'anna'", ("a[/n]\x1bna",)
    )  # as older workspaces may have them
    connection.close()
    return workspace_path


@pytest.mark.slow
async def test_nothing_hostile_reaches_the_screen(snake_pit: Path, statistics: FakeStatistics) -> None:
    async with running(snake_pit, annotator="a[/n]\x1bna", statistics=statistics.command, size=WIDE) as pilot:
        await until_shown(pilot, "▌ [/x]␛[2J")
        seen = [text(pilot)]
        await pilot.press("enter")
        shown = await until_shown(pilot, "Which answer would they give?")
        assert f"{HARMLESS} " in shown
        assert f"a  A {HARMLESS}" in shown
        assert "b  [/B]" in shown
        seen.append(shown)
        await pilot.press("g")
        await until_shown(pilot, "Guidelines")
        seen.append(text(pilot))
        await pilot.press("escape", "a", "4")
        await until_shown(pilot, "1 this time")
        await pilot.press("u")
        await until_shown(pilot, "Answered before")
        await pilot.press("escape", "escape")
        await until_shown(pilot, "Enter review")
        await pilot.press("d")
        await until_shown(pilot, "label agreement")
        seen.append(text(pilot))
    for shown in seen:
        assert not {"\x1b", "\x07", "\x00", "\x9b", "\u202e"} & set(shown)
    ((body, one),) = stored(snake_pit, "[/x]\x1b[2J", "a[/n]\x1bna")
    assert body.startswith(HOSTILE)
    assert one.label == "a\x1b"


@pytest.mark.slow
async def test_own_questions_words_and_suggestions_are_harmless_too(workspace_path: Path) -> None:
    question = Question("harm", "scale", HOSTILE, (HOSTILE, "[/none]"))
    connection = open_workspace(workspace_path)
    add_dataset(connection, "own", [HOSTILE], questions=(question, Question("why", "text", HOSTILE, ())))
    connection.close()
    seen = []
    async with running(workspace_path, review="own", size=WIDE) as pilot:
        seen.append(await until_shown(pilot, f"1  {HARMLESS}"))
        for key, window in (("g", "Guidelines"), ("e", "Suggest an edit"), ("t", "Why")):
            await pilot.press(key)
            seen.append(await until_shown(pilot, window))
            await pilot.press("escape")
        await pilot.press("e")
        await until_shown(pilot, "Suggest an edit")
        await pilot.press("!", "ctrl+s", "y", "4", "1")
        await until_shown(pilot, "1 this time")
    for shown in seen:
        assert not {"\x1b", "\x07", "\x00", "\x9b", "\u202e"} & set(shown)
    ((_, one),) = stored(workspace_path, "own")
    assert (one.answers, one.suggested_edit) == ({"harm": 1}, f"!{HARMLESS}")


async def test_whatever_a_text_holds_is_shown_harmlessly_and_ships_unchanged(workspace_path: Path) -> None:
    odd = "tab\there nul\x00 join\u200dfamily 👩\u200d👩\u200d👧 mark\u200frtl zero\u200bwidth עברית \x1b[2J \u2028end"
    rows = [
        {
            "question": f'Is the following statement something you would say?\n"{text}"',
            "statement": text,
            "label_confidence": 0.9,
            "answer_matching_behavior": " Yes",
            "answer_not_matching_behavior": " No",
        }
        for text in (odd, f"{odd} " + "x\t\x00" * 33_000)
    ]
    path = workspace_path.with_name("odd.jsonl")
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    connection = open_workspace(workspace_path)
    import_file(connection, path, name="odd", behavior="")
    async with running(workspace_path, review="odd") as pilot:
        for _ in rows:
            shown = await settled(pilot)
            assert "tab    here nul␀ join\u200dfamily" in shown
            assert "‹U+200F›" in shown
            assert not {"\x1b", "\x00", "\t", "\u200f", "\u200b", "\u2028"} & set(shown)
            await pilot.press("space", "y", "4")
            await until_not_shown(pilot, "●  y")
        await until_shown(pilot, "Done")
    found = find(connection, "odd")
    assert [write_row(as_source(found, one)) for one in iterate(connection, found.id)] == rows
    connection.close()


@pytest.mark.slow
async def test_a_long_text_is_read_in_parts_with_the_keys_in_sight(workspace_path: Path) -> None:
    words = " ".join(f"w{number}" for number in range(16_000))
    connection = open_workspace(workspace_path)
    add_dataset(
        connection, "long", [words], choices=[Choice("a", "long " * 200 + "tail"), Choice("b", "b"), Choice("c", "c")]
    )
    connection.close()
    async with running(workspace_path, review="long") as pilot:
        shown = await until_shown(pilot, "part 1 of")
        assert "w0 w1" in shown
        assert "Space read on" in await until_shown(pilot, "Space read on")
        await pilot.press("space")
        assert "w0 w1 " not in await until_shown(pilot, "part 1 of")
        for key in ("pageup", "down", "down", "up", "up"):
            await pilot.press(key)
        await until_shown(pilot, "w0 w1")
        for _ in range(400):
            if "part 2 of" in text(pilot):
                break
            await pilot.press("space")
        assert "a  long long" in text(pilot)
        assert "5  Amazing" in text(pilot)
        await pilot.press("pageup")
        await until_shown(pilot, "part 1 of")
        await pilot.press("c", "4")
        await until_shown(pilot, "Done")
