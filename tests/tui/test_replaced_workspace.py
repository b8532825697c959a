"""A workspace that is replaced under an open window: a sentence, and the answer is there when it is opened again."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from db.store.backups import back_up
from tests.support.terminal import Terminal
from tests.support.workspaces import needs_wal
from tests.tui.app_driver import answer, bee, running, settled, stored, text, until_shown

pytestmark = needs_wal

ROOT = str(Path(__file__).parents[2])


def move_over(workspace: Path, copy: Path) -> None:
    os.replace(copy, workspace)


def copy_over(workspace: Path, copy: Path) -> None:
    """By another process: what this one closes would drop the app's locks."""
    subprocess.run(["cp", copy, workspace], check=True)


def as_the_readme_said(workspace: Path, copy: Path) -> None:
    for suffix in ("-wal", "-shm"):
        workspace.with_name(workspace.name + suffix).unlink()
    copy_over(workspace, copy)


WAYS = [move_over, copy_over, as_the_readme_said]
Way = Callable[[Path, Path], None]


def kept(workspace: Path) -> list[Path]:
    return sorted(workspace.parent.glob(f"{workspace.name}.kept-*.json"))


@pytest.mark.parametrize("way", WAYS)
async def test_the_answer_is_told_kept_and_found_again_as_a_draft(hive: Path, way: Way) -> None:
    copy = hive.with_name("copy.db")
    async with running(hive, review="beekeeping") as pilot:
        first = await answer(pilot, "y", "4")
        back_up(hive, copy)
        lost = await answer(pilot, "n", "1")
        way(hive, copy)
        begun = bee(pilot)
        await pilot.press("f", "n", "5")
        shown = " ".join((await until_shown(pilot, "while it was open here")).split())
        (file,) = kept(hive)
        what = "replaced or moved" if way is move_over else "overwritten"
        assert (
            f"✗ The workspace {hive.name} was {what} while it was open here: "
            f"your answer is kept beside it, in {file.name}; quit, and open it again."
        ) in shown
        assert bee(pilot) == begun
        await pilot.press("enter")
        await until_shown(pilot, "while it was open here")
        assert kept(hive) == [file]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [body for body, _ in stored(hive, "beekeeping")] == [first]
    async with running(hive, review="beekeeping") as pilot:
        assert kept(hive) == []
        while bee(pilot) != begun:
            assert await answer(pilot, "y", "2") == lost, "which the backup doesn't have"
        shown = await settled(pilot)
        assert "●  n  No" in shown
        assert "●  5  Amazing" in shown
        assert "●  f  flag" in shown
        await answer(pilot, "enter")
    body, one = stored(hive, "beekeeping")[-1]
    assert (body, one.label, one.relevance, one.flagged, one.revision) == (begun, " No", 5, True, 1)


async def test_only_whose_answer_it_was_finds_it(hive: Path) -> None:
    copy = hive.with_name("copy.db")
    async with running(hive, review="beekeeping") as pilot:
        back_up(hive, copy)
        await answer(pilot, "y", "4")
        move_over(hive, copy)
        begun = bee(pilot)
        await pilot.press("y", "4")
        await until_shown(pilot, "while it was open here")
    async with running(hive, annotator="ben", review="beekeeping") as pilot:
        assert len(kept(hive)) == 1
        assert "●" not in text(pilot)
    async with running(hive, review="beekeeping") as pilot:
        while bee(pilot) != begun:
            await answer(pilot, "y", "2")
        assert "●  4  Good" in await settled(pilot)


async def test_an_example_that_has_an_answer_keeps_it_and_the_file_stays(hive: Path) -> None:
    copy = hive.with_name("copy.db")
    async with running(hive, review="beekeeping") as pilot:
        begun = await answer(pilot, "y", "4")
        back_up(hive, copy)
        await pilot.press("u")
        await until_shown(pilot, "Answered before")
        move_over(hive, copy)
        await pilot.press("n", "1")
        await until_shown(pilot, "while it was open here")
    async with running(hive, review="beekeeping"):
        (file,) = kept(hive)
    assert (json.loads(file.read_text())["body"], json.loads(file.read_text())["said"]["label"]) == (begun, " No")
    ((_, one),) = stored(hive, "beekeeping")
    assert one.label == " Yes"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"annotator": "anna", "dataset": "beekeeping"}', "[" * 10_000])
async def test_a_file_that_is_none_of_ours_hinders_nothing(hive: Path, content: str) -> None:
    file = hive.with_name(f"{hive.name}.kept-123456abcdef.json")
    file.write_text(content)
    async with running(hive, review="beekeeping") as pilot:
        await answer(pilot, "y", "4")
    assert file.read_text() == content


async def test_a_draft_that_cannot_be_kept_any_more_is_told(hive: Path) -> None:
    copy = hive.with_name("copy.db")
    async with running(hive, review="beekeeping") as pilot:
        back_up(hive, copy)
        move_over(hive, copy)
        await pilot.press("m")
        await until_shown(pilot, "What you have begun is not stored yet.")


@pytest.mark.slow
def test_in_a_terminal_and_by_restore(hive: Path) -> None:
    """What is told can be done, by processes of their own."""
    environment = {"PYTHONPATH": ROOT, "TEXTUAL_ANIMATIONS": "none"}
    evalwright = [sys.executable, "-m", "tui", "--workspace", str(hive)]
    review = [*evalwright, "--as", "anna", "review", "beekeeping"]

    def call(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [*evalwright, *arguments],
            cwd=hive.parent,
            env={**os.environ, **environment},
            capture_output=True,
            check=False,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    with Terminal(review, folder=hive.parent, environment=environment) as terminal:
        terminal.wait_for("Which answer would they give?")
        terminal.press("y4")
        terminal.wait_for("1 this time")
        assert call("backup", "copy.db")[0] == 0
        code, said = call("restore", "copy.db")
        assert (code, "end the app" in said) == (2, True), said
        terminal.press("n2")
        terminal.wait_for("2 this time")
        as_the_readme_said(hive, hive.with_name("copy.db"))
        terminal.press("n5")
        terminal.wait_for("while it was open here", "open it again.")
        terminal.press("\x11")
        assert terminal.wait_to_end() == 0
    code, said = call("restore", "copy.db")
    assert (code, "restored from copy.db" in said) == (0, True), said
    with Terminal(review, folder=hive.parent, environment=environment) as terminal:
        terminal.wait_for("Which answer would they give?")
        terminal.press("y3")
        terminal.wait_for("1 this time")
        terminal.wait_for("●  n  No", "●  5  Amazing")
        terminal.press("\r")
        terminal.wait_for("2 this time")
        terminal.press("\x11")
        assert terminal.wait_to_end() == 0
    assert [one.label for _, one in stored(hive, "beekeeping")] == [" Yes", " Yes", " No"]
    assert kept(hive) == []
