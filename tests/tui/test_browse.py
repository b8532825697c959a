"""Browse and search: what the list shows, what a viewer may see, every key."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from db.records import Dataset
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from generation.recipes.recipe import load_recipe
from review.annotation.disclosure import may_look
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import find
from review.lead.browse import PERSONA_QUESTION
from tests.support.workspaces import answer
from tests.tui.app_driver import SIZES, add_dataset, bees, running, text, until_not_shown, until_shown


@pytest.fixture
def reviewed(workspace_path: Path) -> Path:
    """Forty examples, of which Béla has answered five; the third has a flag, and a hostile text stands behind."""
    connection = open_workspace(workspace_path)
    add_dataset(connection, "beekeeping", bees(40))
    dataset = find(connection, "beekeeping")
    with write(connection):
        connection.execute("UPDATE examples SET body = '[/bold] \x1b[31mred' WHERE ordinal = 39")
    _answer_five(connection, dataset)
    connection.close()
    return workspace_path


def _answer_five(connection: Connection, dataset: Dataset) -> None:
    session = start_session(connection, "Béla")
    for _ in range(5):
        example = next_example(connection, session, dataset)
        assert example is not None
        submit(connection, session, dataset, example, answer())


async def browse(pilot: Pilot[None]) -> str:
    await until_shown(pilot, "▌ beekeeping")
    await pilot.press("b")
    return await until_shown(pilot, "▌   0  ")


async def search(pilot: Pilot[None], query: str) -> None:
    await pilot.press("slash", "ctrl+u", *["space" if key == " " else key for key in query], "enter")


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_shows_every_example_and_moves(reviewed: Path, size: tuple[int, int]) -> None:
    async with running(reviewed, size=size) as pilot:
        await browse(pilot)
        assert "40 · as" in text(pilot)
        await pilot.press("end")
        shown = await until_shown(pilot, "▌  39  ")
        assert "[/bold] ␛[31mred" in shown
        await pilot.press("home", "pagedown", "pageup", "down")
        await until_shown(pilot, "▌   1  ")
        await pilot.press("escape")
        await until_shown(pilot, "▌ beekeeping")


@pytest.mark.slow
async def test_words_are_found_and_nothing_is_said_so(reviewed: Path) -> None:
    async with running(reviewed) as pilot:
        await browse(pilot)
        await search(pilot, "keep 7")
        found = await until_shown(pilot, "1 · as")
        assert "▌   7  " in found
        await search(pilot, "wasp")
        await until_shown(pilot, "No example matches.")
        await search(pilot, "is:great")
        await until_shown(pilot, "isn't a state")
        await search(pilot, "")
        await until_not_shown(pilot, "isn't a state")
        await until_shown(pilot, "40 · as")


@pytest.mark.parametrize("question", ["Is the following statement something you would say?", "Would you say so?"])
async def test_the_statement_shows_and_not_the_question_that_all_share(reviewed: Path, question: str) -> None:
    connection = open_workspace(reviewed)
    with write(connection):
        connection.execute("UPDATE examples SET body = ? || char(10) || '\"' || body || '\"'", (question,))
    connection.close()
    async with running(reviewed) as pilot:
        await browse(pilot)
        await until_shown(pilot, '  "I keep 0 bees."')
        await search(pilot, "keep 7")
        await until_shown(pilot, "1 · as")
        await until_shown(pilot, '  "I keep 7 bees."')


def test_the_question_is_the_one_that_statements_are_asked_with() -> None:
    assert load_recipe("persona").question_of({"text": "I nap"}) == f'{PERSONA_QUESTION}"I nap"'


@pytest.mark.slow
async def test_answers_are_hidden_until_one_chooses_to_look(reviewed: Path) -> None:
    async with running(reviewed) as pilot:
        await browse(pilot)
        await search(pilot, "by:Béla")
        await until_shown(pilot, "choose to see the answers")
        await pilot.press("x")
        await until_shown(pilot, "not be asked about this dataset any more")
        await pilot.press("n", "x")
        await until_shown(pilot, "Show the answers?")
        await pilot.press("y")
        await until_not_shown(pilot, "show answers")
        await search(pilot, "by:Béla")
        await until_shown(pilot, "5 · as")
        await pilot.press("enter")
        life = await until_shown(pilot, "Answers")
        assert "Béla: Yes, relevance 4" in life
    connection = open_workspace(reviewed)
    assert may_look(connection, find(connection, "beekeeping"), "anna")


async def test_one_example_before_answering_shows_its_text_alone(reviewed: Path) -> None:
    async with running(reviewed) as pilot:
        await browse(pilot)
        await pilot.press("enter")
        life = await until_shown(pilot, "hidden until you have answered it")
        assert "Example beekeeping:0" in life
        assert "intended" not in life
        await pilot.press("escape", "question_mark")
        assert "confidence<0.6" in await until_shown(pilot, "Search")
