"""The release screen: evidence, files and card by keyboard; shipping with a reason where the gate says no."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from db import decisions
from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.datasets.find_and_close import find
from review.release.verify import verify
from tests.support.workspaces import make_dataset
from tests.tui.app_driver import (
    GATE,
    SIZES,
    add_dataset,
    bees,
    fake_statistics,
    running,
    text,
    until_not_shown,
    until_shown,
)
from tui.processes.child_commands import COMMAND

CARD = (
    "---\nlicense: unknown\n---\n\n# bees\n\nTests for \\[/b\\] bees.\n\n| what | n |\n| --- | --- |\n| label | 7 |\n"
)


def preview(**changes: Any) -> dict[str, Any]:
    found = {
        "decision": {**GATE, "name": "bees", "provisional": False},
        "examples": 12,
        "files": {"README.md": 1234, "data/bees.jsonl": 56},
        "left_out": ["bees is left out of big-bench: [/no] reason."],
        "card": CARD,
        "refused": "bees may not ship (missing: label agreement).",
    }
    return {**found, **changes}


async def opened(pilot: Pilot[None], shown: str) -> str:
    await until_shown(pilot, "bee")
    await pilot.press("s")
    return await until_shown(pilot, shown)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_evidence_files_and_card(
    connection: Connection, workspace_path: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    add_dataset(connection, "bees", bees(3))
    statistics = fake_statistics(tmp_path, preview=preview())
    async with running(workspace_path, size=size, statistics=statistics.command) as pilot:
        first = await opened(pilot, "label agreement")
        assert "keep labelling" in first
        assert "may not ship (missing: label agreement)" in " ".join(first.split())
        assert "s ship" in first
        await pilot.press("2")
        files = await until_shown(pilot, "data/bees.jsonl")
        assert "12 examples in 2 files, 1,290 bytes" in files
        assert "[/no] reason" in files
        await pilot.press("right")
        card = await until_shown(pilot, "Tests for [/b] bees.")
        assert "license" not in card
        await pilot.press("left", "left")
        await until_shown(pilot, "label agreement")


async def test_an_open_dataset_cannot_ship(connection: Connection, workspace_path: Path, tmp_path: Path) -> None:
    add_dataset(connection, "bees", bees(3))
    still_open = preview(decision={**GATE, "name": "bees"}, refused="bees may not ship, because it is still open.")
    statistics = fake_statistics(tmp_path, preview=still_open)
    async with running(workspace_path, statistics=statistics.command) as pilot:
        shown = await opened(pilot, "because it is still open")
        assert "s ship" not in shown
        await pilot.press("s")
        assert "Override" not in text(pilot)


async def test_what_fails_is_told(connection: Connection, workspace_path: Path, tmp_path: Path) -> None:
    add_dataset(connection, "bees", bees(3))
    statistics = fake_statistics(tmp_path, fail="The disk is full [/b].")
    async with running(workspace_path, statistics=statistics.command) as pilot:
        shown = await opened(pilot, "! The disk is full [/b].")
        assert "s ship" not in shown


@pytest.mark.slow
async def test_a_release_is_written_with_the_reason_that_was_given(
    connection: Connection, workspace_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real command in a process of its own."""
    make_dataset(connection, 5)
    monkeypatch.chdir(tmp_path)
    async with running(workspace_path, statistics=COMMAND) as pilot:
        await opened(pilot, "s ship")
        await pilot.press("s")
        await until_shown(pilot, "Why ship it all the same?")
        await pilot.press("escape")
        await until_not_shown(pilot, "Why ship it")
        assert not (tmp_path / "releases").exists()
        await pilot.press("s")
        await until_shown(pilot, "Why ship it all the same?")
        await pilot.press(*"test", "enter")
        await until_shown(pilot, "releases/beekeeping")
        await pilot.press("enter")
        await until_shown(pilot, "✓ shipped 5 examples to releases/beekeeping")
        await pilot.press("s")
        await until_shown(pilot, "Why ship it all the same?")
        await pilot.press("x", "enter", "enter")
        await until_shown(pilot, "exists already, and a release is never overwritten")
    found = verify(tmp_path / "releases" / "beekeeping")
    assert found.intact
    assert "outside the guarantee: test" in (tmp_path / "releases" / "beekeeping" / "README.md").read_text()
    again = open_workspace(workspace_path)
    assert decisions.last_override(again, find(again, "beekeeping").id) == "test"
    again.close()
