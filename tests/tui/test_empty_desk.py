"""A validator who has nothing to answer while a model writes: the screen looks, and bothers nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.store.workspace import open_workspace
from generation.jobs.jobs import create_job, move_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe
from tests.tui.app_driver import running, until
from tui.app.reading import ReviewStatus
from tui.desk import Desk
from tui.widgets.review_table import ReviewTable


async def test_an_empty_desk_asks_for_nothing_while_only_a_job_s_figures_move(
    hive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = open_workspace(hive)
    job = create_job(
        connection, parse_behavior("new.toml", 'name = "new"\ndescription = "keeps bees"\n'), load_recipe("persona"),
        engine="local",
    )  # fmt: skip
    move_job(connection, job.id, "pause")
    asked = []
    monkeypatch.setattr("tui.desk.next_example", lambda *arguments: asked.append(arguments))
    monkeypatch.setattr("tui.screens.review.POLL_SECONDS", 0.02)
    monkeypatch.setattr("tui.screens.review.LOOK_AGAIN_SECONDS", 1e9)
    looked: list[ReviewStatus] = []
    show_status = ReviewTable.show_status

    def note(table: ReviewTable, status: ReviewStatus, desk: Desk) -> None:
        looked.append(status)
        show_status(table, status, desk)

    monkeypatch.setattr(ReviewTable, "show_status", note)
    async with running(hive, review="new"):
        await until(lambda: len(looked) > 3)
        before = len(asked)
        for figure in range(1, 4):
            connection.execute("UPDATE jobs SET candidates = ?", (figure,))
            await until(lambda: looked[-1].job is not None and looked[-1].job.candidates == figure)  # noqa: B023
        assert len(asked) == before
        connection.execute("UPDATE dataset_counters SET examples = 1 WHERE dataset_id = ?", (job.dataset_id,))
        await until(lambda: len(asked) > before)
    connection.close()
