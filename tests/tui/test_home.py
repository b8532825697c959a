"""The list of datasets: what it shows, every key, jobs that go on under one's eyes."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from db import datasets, jobs, worker_lease
from db.job_records import JobState, JobTexts
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from generation.jobs.consent import agree
from tests.tui.app_driver import (
    SIZES,
    WIDE,
    FakeStatistics,
    add_dataset,
    answer,
    bees,
    fake_statistics,
    running,
    text,
    until,
    until_not_shown,
    until_shown,
)


def add_job(connection: Connection, name: str, state: JobState, note: str = "") -> int:
    """Stores a job that has selected 40 of 100, and a lease that keeps a worker from being started."""
    with write(connection):
        lease = worker_lease.Lease("test", socket.gethostname(), os.getpid(), time.time() + 1000)
        worker_lease.store_lease(connection, lease)
        dataset_id = datasets.insert_dataset(
            connection, name=name, behavior="likes tea", guidelines="", kind="persona", origin="recipe persona",
            seed=1, closed=False, visible=True,
        )  # fmt: skip
        job_id = jobs.insert_job(
            connection, dataset_id=dataset_id, recipe="persona", texts=JobTexts("", "", {}), engine="local",
            model="tiny", count=100, rounds=5, seed=1, keep_open=False,
        )  # fmt: skip
        jobs.set_state(connection, job_id, state, note)
        jobs.begin_round(connection, job_id, 2)
        connection.execute("UPDATE jobs SET candidates = 132, selected = 40 WHERE id = ?", (job_id,))
    agree(connection, job_id)
    return job_id


async def test_an_empty_workspace_says_what_to_do_and_fills_by_itself(workspace_path: Path) -> None:
    async with running(workspace_path) as pilot:
        assert "evalwright demo" in await until_shown(pilot, "evalwright import FILE...")
        await pilot.press("enter", "d", "j")
        connection = open_workspace(workspace_path)
        add_dataset(connection, "beekeeping", bees(3))
        connection.close()
        await until_shown(pilot, "▌ beekeeping")


@pytest.mark.parametrize("size", SIZES)
async def test_coverage_agreement_and_gate(hive: Path, statistics: FakeStatistics, size: tuple[int, int]) -> None:
    async with running(hive, statistics=statistics.command, size=size) as pilot:
        await until_shown(pilot, "0 %")
        await until_shown(pilot, "nothing answered yet")
        assert not statistics.asked()
        await pilot.press("enter")
        await until_shown(pilot, "I keep")
        for _ in range(3):
            await answer(pilot, "y", "4")
        await pilot.press("escape")
        shown = await until_shown(pilot, "95 %")
        assert "labelling so far" in shown
        assert ("95 %, alpha 0.87" in shown) == (size == WIDE)
        (heading,) = (line for line in shown.split("\n") if "examples  reviewed" in line)
        (line,) = (line for line in shown.split("\n") if "▌ beekeeping" in line)
        assert heading.index("agreement") == line.index("95 %")
        shown = await until_shown(pilot, "About 90 more")
        for words in ("50 %", "You: 3 answered", "Remove 3 exact duplicates"):
            assert words in shown
    assert statistics.asked() == ["gate beekeeping", "agreement beekeeping"]


async def test_what_the_statistics_say_in_vain(hive: Path, tmp_path: Path) -> None:
    broken = fake_statistics(tmp_path, fail="There is no [/policy] here.")
    async with running(hive, review="beekeeping", statistics=broken.command) as pilot:
        await answer(pilot, "y", "4")
        await pilot.press("escape")
        await until_shown(pilot, "There is no [/policy] here.")


async def test_the_highlight_moves_and_tells(hive: Path) -> None:
    connection = open_workspace(hive)
    for number in range(40):
        add_dataset(connection, f"set-{number:02}", bees(1), behavior=f"counts to {number}")
    connection.close()
    async with running(hive) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("down", "down")
        assert "counts to 1" in await until_shown(pilot, "▌ set-01")
        await pilot.press("end")
        assert "counts to 39" in await until_shown(pilot, "▌ set-39")
        await pilot.press("up", "pageup")
        assert "▌" in await until_not_shown(pilot, "▌ set-39")
        await pilot.press("home")
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("pagedown", "r")
        await until_shown(pilot, "Which answer would they give?")


async def test_help_and_quit(hive: Path) -> None:
    async with running(hive) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("question_mark")
        await until_shown(pilot, "Show the evidence, the agreement")
        await pilot.press("escape")
        await until_not_shown(pilot, "Show the evidence, the agreement")
        await pilot.press("escape")
        assert not pilot.app._exit
        await pilot.press("q")
        await until(lambda: pilot.app._exit)


async def test_jobs_show_live_and_can_be_paused_and_resumed(hive: Path) -> None:
    connection = open_workspace(hive)
    job_id = add_job(connection, "tea", "running", "fetching the embedded model, 43 % of 92 MB")
    async with running(hive) as pilot:
        shown = await until_shown(pilot, "round 2 of 5")
        for words in ("tea", "running", "40 of 100 selected, 132 written", "43 % of 92 MB"):
            assert words in shown
        with write(connection):
            jobs.set_note(connection, job_id, "")
            connection.execute("UPDATE jobs SET candidates = 140, selected = 50, items = 60, items_done = 57")
        await until_shown(pilot, "50 of 100 selected")
        await until_shown(pilot, "140 written")
        await until_shown(pilot, "round 2 of 5 · 57 of 60 calls")
        await pilot.press("j")
        await until_shown(pilot, "p pause")
        await pilot.press("p")
        await until_shown(pilot, "paused")
        await pilot.press("p")
        await until_shown(pilot, "there is nothing to pause")
        await pilot.press("r")
        await until_shown(pilot, "queued")
        await pilot.press("escape")
        await until_not_shown(pilot, "p pause")
    found = jobs.get_job(connection, job_id)
    connection.close()
    assert found is not None
    assert found.state == "queued"


async def test_a_paused_job_says_why_in_full(hive: Path) -> None:
    connection = open_workspace(hive)
    add_job(connection, "tea", "paused", "The key is not set; set it\x1b[31m, and resume the job.")
    add_job(connection, "coffee", "done")
    connection.close()
    async with running(hive) as pilot:
        await until_shown(pilot, "paused")
        await pilot.press("j")
        await until_shown(pilot, "p pause")
        shown = await until_shown(pilot, "The key is not set")
        assert "set it␛[31m, and resume the job" in shown
        await pilot.press("down", "r")
        await until_shown(pilot, "there is nothing to resume")


async def test_review_tells_what_the_model_is_doing(workspace_path: Path) -> None:
    connection = open_workspace(workspace_path)
    add_job(connection, "tea", "running")
    connection.close()
    async with running(workspace_path, review="tea") as pilot:
        shown = await until_shown(pilot, "The model is still writing")
        assert "the model is writing" in shown
        await pilot.press("escape")
        await until_shown(pilot, "▌ tea")
        assert "running" in text(pilot)
