"""The funnel on the dataset screen, on its own screen, and down to the single candidate."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot

from db import candidates
from db.job_records import NewCandidate
from db.store.connection import write
from db.store.workspace import open_workspace
from generation.jobs.funnel import Funnel, read_funnel
from review.annotation.disclosure import may_look
from review.datasets.find_and_close import find
from tests.support.written import write_job
from tests.tui.app_driver import SIZES, WIDE, running, settled, text, until_not_shown, until_shown
from tests.tui.rest import at_rest
from tests.tui.test_home import add_job


@pytest.fixture(scope="module")
def written_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "workspace.db"
    asyncio.run(write_job(path))
    return path


@pytest.fixture
def written(written_once: Path, workspace_path: Path) -> Path:
    """A workspace that a job has written."""
    return Path(shutil.copy(written_once, workspace_path))


def funnel_of(path: Path) -> Funnel:
    connection = open_workspace(path)
    try:
        return read_funnel(connection, 1)
    finally:
        connection.close()


async def go_to(pilot: Pilot[None], words: str) -> None:
    """Moves the highlight down to a line."""
    for _ in range(60):
        if any(words in line and line.lstrip().startswith("▌") for line in text(pilot).splitlines()):
            return
        await pilot.press("down")
    raise AssertionError(f"no line {words!r} in\n{text(pilot)}")


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_from_the_numbers_to_the_single_candidate_and_its_twin(written: Path, size: tuple[int, int]) -> None:
    funnel = funnel_of(written)
    stages = {stage.name: stage for stage in funnel.stages}
    repeats = dict(stages["deduplicate"].dropped)["repeats an earlier one"]
    async with running(written, size=size) as pilot:
        await until_shown(pilot, "▌ long-walks")
        await pilot.press("d")
        await until_shown(pilot, "f funnel")
        await pilot.press("end")
        assert funnel.cost is not None
        cost = f"{funnel.cost.confidence:.3f}, plain top-k {funnel.cost.plain_confidence:.3f}"
        await at_rest(pilot)
        await pilot.press("end")  # again, once what came late is there
        shown = await until_shown(pilot, cost)
        lines = [line.split() for line in shown.splitlines()]
        for name in ("deduplicate", "judge"):
            assert [name, str(stages[name].into), str(stages[name].kept)] in [line[:3] for line in lines]
        assert ["−", str(repeats), "repeats", "an", "earlier", "one"] in lines
        for wording in funnel.wordings:
            line = next(line for line in lines if line[:2] == ["wording", wording.name])
            assert (line[2], line[4]) == (str(wording.made), str(wording.selected))

        await pilot.press("f")
        await until_shown(pilot, "▌ parse")
        await go_to(pilot, "repeats an earlier one")
        await pilot.press("enter")
        listed = await until_shown(pilot, "conf.")
        assert "deduplicate: repeats an earlier one" in listed
        assert sum("I walk on [/red] roads" in line for line in listed.splitlines()) >= 2
        await pilot.press("enter")
        shown = await until_shown(pilot, "It repeats candidate")
        assert "Before it was rewritten" in shown
        for words in ("Suppose there is a person", "reply"):
            for _ in range(20):
                if words not in text(pilot):
                    await pilot.press("pagedown")
            await until_shown(pilot, words)


async def test_the_highlight_starts_on_the_first_line_that_has_something_to_open(written: Path) -> None:
    async with running(written) as pilot:
        await until_shown(pilot, "▌ long-walks")
        await pilot.press("d")
        await until_shown(pilot, "f funnel")
        await pilot.press("f")
        shown = await until_shown(pilot, "▌ parse")
        assert "Enter list" in shown
        await pilot.press("home")
        await until_shown(pilot, "▌ sample")
        assert "Enter list" not in await settled(pilot)


@pytest.mark.slow
async def test_what_one_may_be_asked_about_stays_hidden_until_one_looks(written: Path) -> None:
    connection = open_workspace(written)
    async with running(written) as pilot:
        await until_shown(pilot, "▌ long-walks")
        await pilot.press("j")
        await until_shown(pilot, "f funnel")
        await pilot.press("f")
        await until_shown(pilot, "▌ parse")
        await pilot.press("end")
        await pilot.press("enter")
        shown = await until_shown(pilot, "···")
        assert "select: selected" in shown
        assert " Yes " not in shown
        await pilot.press("enter")
        shown = await until_shown(pilot, "Its prompts and replies are hidden")
        assert "Suppose there is a person" not in shown
        await pilot.press("escape", "x")
        await until_shown(pilot, "you will not be asked")
        dataset = find(connection, "long-walks")
        assert not may_look(connection, dataset, "anna")
        await pilot.press("y")
        await until_not_shown(pilot, "···")
        assert may_look(connection, dataset, "anna")
        assert "show labels" not in await settled(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "scores: judge")
    connection.close()


@pytest.mark.slow
async def test_a_job_whose_recipe_cannot_be_read_still_shows_what_became_of_its_candidates(
    workspace_path: Path,
) -> None:
    connection = open_workspace(workspace_path)
    job_id = add_job(connection, "tea", "done")
    hostile = NewCandidate(2, " Yes", "?", "sample", problem="no \x1b[1mstatement")
    new = [NewCandidate(0, " Yes", "tea", "sample"), NewCandidate(1, " Yes", "tea", "sample"), hostile]
    with write(connection):
        candidates.insert_candidates(connection, job_id, 1, new)
        candidates.move_candidates(connection, [candidates.Move(2, "deduplicate", "dropped", "repeats one", 1)])
    connection.close()
    async with running(workspace_path, size=WIDE) as pilot:
        await until_shown(pilot, "▌ tea")
        await pilot.press("d")
        for words in ("! In and out of each stage can't be told.", "− 1  no ␛[1mstatement", "… 1  still waiting"):
            assert words in await until_shown(pilot, words)
        await pilot.press("f")
        await go_to(pilot, "repeats one")
        await pilot.press("enter")
        await until_shown(pilot, "deduplicate: repeats one")
        await until_shown(pilot, "tea")


@pytest.mark.slow
async def test_a_long_list_is_read_a_page_at_a_time(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    job_id = add_job(connection, "tea", "done")
    with write(connection):
        new = [NewCandidate(number, " Yes", f"text {number}.", "sample", problem="empty") for number in range(250)]
        candidates.insert_candidates(connection, job_id, 1, new)
    connection.close()
    async with running(workspace_path) as pilot:
        await until_shown(pilot, "▌ tea")
        await pilot.press("d")
        await until_shown(pilot, "f funnel")
        await pilot.press("f")
        await go_to(pilot, "empty")
        await pilot.press("enter")
        await until_shown(pilot, "text 0.")
        for last in ("text 99.", "text 199.", "text 249."):
            await pilot.press("end")
            await until_shown(pilot, last)
