"""The jobs screen and `evalwright jobs`: the same figures, and what a person can do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db import jobs
from db.jobs import NewItem
from db.store.connection import write
from db.store.workspace import open_workspace
from tests.support.calls import Call, caller
from tests.support.jobs import make_history
from tests.tui.app_driver import SIZES, running, text, until, until_shown
from tests.tui.test_home import add_job
from tui.presentation.sizes import LEAST_HEIGHT, LEAST_WIDTH


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    return caller(monkeypatch, capsys, tmp_path)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "evalwright.db"
    connection = open_workspace(path)
    job_id = add_job(connection, "tea", "running")
    with write(connection):
        connection.execute("UPDATE jobs SET engine = 'anthropic', model = 'claude-haiku-5-5'")
    make_history(connection, job_id, calls=20, failures=3)
    connection.close()
    return path


@pytest.mark.parametrize("size", SIZES)
async def test_the_highlighted_job_is_shown_in_full(workspace: Path, size: tuple[int, int]) -> None:
    async with running(workspace, size=size) as pilot:
        await until_shown(pilot, "waiting")
        await pilot.press("j")
        shown = await until_shown(pilot, "Last errors")
        for words in (
            "20 of about 58 · 3 failed · 20 a minute",
            "18,000 read · 2,000 written · 20,000 a minute",
            "$0.002 · about $0.01 in all",
            "about 2 min, if it goes on like this",
            "sample, 3 x: The reply can't be read.",
            "<html>␛[31mred</html>",
        ):
            assert words in shown, words


@pytest.mark.parametrize("size", SIZES)
async def test_while_the_first_call_is_under_way_the_time_passes(workspace_path: Path, size: tuple[int, int]) -> None:
    connection = open_workspace(workspace_path)
    job_id = add_job(connection, "tea", "running")
    with write(connection):
        jobs.insert_items(connection, job_id, 1, [NewItem("sample", 0, {})])
    started = datetime.now(UTC) - timedelta(minutes=3)
    connection.execute("UPDATE jobs SET started_at = ?", (started.isoformat(),))
    connection.close()
    async with running(workspace_path, size=size) as pilot:
        await until_shown(pilot, "running")
        await pilot.press("j")
        first = re.search(r"3:\d\d · the first call is under way", await until_shown(pilot, "Time"))
        assert first
        await until(lambda: "the first call is under way" in text(pilot) and first[0] not in text(pilot))


async def test_failed_calls_can_be_retried_and_the_job_cancelled_after_a_question(workspace: Path) -> None:
    connection = open_workspace(workspace)

    def states() -> list[tuple[str, int]]:
        return list(connection.execute("SELECT state, count(*) FROM work_items GROUP BY state ORDER BY state"))

    async with running(workspace) as pilot:
        await until_shown(pilot, "waiting")
        await pilot.press("j")
        await until_shown(pilot, "Last errors")
        await pilot.press("t")
        await until_shown(pilot, "3 failed calls will be made again")
        assert states() == [("done", 20), ("waiting", 3)]
        await pilot.press("c")
        await until_shown(pilot, "Cancel the job?")
        await pilot.press("escape")
        await until_shown(pilot, "c cancel")
        assert connection.execute("SELECT state FROM jobs").fetchone() == ("running",)
        await pilot.press("c")
        await until_shown(pilot, "ends for good")
        await pilot.press("y")
        await until(lambda: connection.execute("SELECT state FROM jobs").fetchone() == ("cancelled",))
    connection.close()


def test_the_command_says_the_same(call: Call, workspace: Path) -> None:
    (job,) = call("jobs", "--json").json
    assert job["cost_usd"] == 0.002
    assert job["figures"]["calls_a_minute"] == 20
    assert job["figures"]["calls_expected"] == 58
    assert job["figures"]["errors"] == [
        {"stage": "sample", "error": "The reply can't be read.", "reply": "<html>\x1b[31mred</html>", "waiting": False,
         "times": 3},
    ]  # fmt: skip
    assert "$0.002" in call("jobs").out
    shown = call("jobs", "list", "1").out
    assert "! sample, 3 x: The reply can't be read." in shown
    assert "  reply: <html>␛[31mred</html>" in shown


def test_a_job_is_resumed_with_a_bigger_budget(call: Call, workspace: Path) -> None:
    assert call("jobs", "pause", "1").code == 0
    assert "takes them" in call("jobs", "pause", "1", "--budget-usd", "2").sentence
    assert "must be an amount" in call("jobs", "resume", "1", "--budget-usd", "two").sentence
    assert call("jobs", "resume", "1", "--budget-usd", "2.50", "--concurrency", "64").code == 0
    (job,) = call("jobs", "--json").json
    assert (job["state"], job["limits"]["budget_usd"], job["limits"]["concurrency"]) == ("queued", 2.5, 64)


async def test_in_the_least_window_each_job_has_its_line_and_no_key_is_cut_off(workspace: Path) -> None:
    async with running(workspace, size=(LEAST_WIDTH, LEAST_HEIGHT)) as pilot:
        await until_shown(pilot, "waiting")
        await pilot.press("j")
        lines = (await until_shown(pilot, "? help  Esc back ─╯")).splitlines()
        place = next(place for place, line in enumerate(lines) if "▌" in line)
        assert "40 of 100" in lines[place]
        assert not lines[place + 1].strip(" │")
