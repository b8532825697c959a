"""Adjudication as a lead uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from db import rulings
from db.examples import get_blind
from db.records import Answers
from db.rulings import Ruling
from db.store.sqlite import OperationalError
from db.store.workspace import open_workspace
from review.annotation.submitting import submit
from review.assignment.serving import end_session, start_session
from review.datasets.find_and_close import find
from tests.tui.app_driver import (
    SIZES,
    FakeStatistics,
    add_dataset,
    running,
    settled,
    text,
    until,
    until_shown,
)

HOSTILE = "I keep \x1b[31mred [bold]bees\u202e."


@pytest.fixture
def quarrel(workspace_path: Path) -> Path:
    """A workspace with a disputed example, one that all answered against its label, and one that is agreed."""
    connection = open_workspace(workspace_path)
    add_dataset(connection, "beekeeping", ["I keep 0 bees.", HOSTILE, "I keep 2 bees."])
    dataset = find(connection, "beekeeping")
    ids = [row[0] for row in connection.execute("SELECT id FROM examples ORDER BY ordinal")]
    said = {"Ada": [" Yes", " No", " Yes"], "Béla": [" No", " No", " Yes"]}
    for name, labels in said.items():
        session = start_session(connection, name)
        for key, label in zip(ids, labels, strict=True):
            given = Answers(
                label, 3, 71.0, f"{name} {key}", comment=f"{name[0].lower()} comment [/]", flagged=label == " No",
                suggested_edit="I keep many bees." if name == "Ada" and key == ids[0] else None,
            )  # fmt: skip
            submit(connection, session, dataset, get_blind(connection, key), given)
        end_session(connection, session)
    connection.close()
    return workspace_path


def ruled(workspace: Path) -> list[Ruling]:
    connection = open_workspace(workspace)
    ids = [row[0] for row in connection.execute("SELECT id FROM examples ORDER BY ordinal")]
    found = [ruling for key in ids for ruling in rulings.rulings_on(connection, key)]
    connection.close()
    return sorted(found, key=lambda ruling: ruling.id)


@pytest.mark.parametrize("size", SIZES)
async def test_everything_side_by_side_and_nobody_named(quarrel: Path, size: tuple[int, int]) -> None:
    async with running(quarrel, adjudicate="beekeeping", annotator="lea", size=size) as pilot:
        shown = await until_shown(pilot, "validator A")
        for words in (
            "dispute · 1 of 2", "I keep 0 bees.", "Meant as Yes", "validator B", "✓ Yes as intended", "✗ No",
            "relevance 3", "flagged", "“a comment [/]”", "suggests I keep many", "1 min 11 s", "k keep", "Esc back",
        ):  # fmt: skip
            assert words in shown or words in await until_shown(pilot, words)
        assert "Ada" not in shown
        await pilot.press("w")
        shown = await until_shown(pilot, "Ada")
        assert "Béla" in shown
        await pilot.press("right")
        shown = await until_shown(pilot, "contradiction · 2 of 2")
        assert "I keep ␛[31mred [bold]bees‹U+202E›." in shown
        await pilot.press("right")
        await until_shown(pilot, "dispute · 1 of 2")


@pytest.mark.slow
async def test_four_rulings_and_undo(quarrel: Path) -> None:
    async with running(quarrel, adjudicate="beekeeping", annotator="lea") as pilot:
        await until_shown(pilot, "I keep 0 bees.")
        await pilot.press("d")
        await until_shown(pilot, "Say why")
        await pilot.press("enter")
        await until_shown(pilot, "needs a reason")
        await pilot.press(*"unclear", "enter")
        await until_shown(pilot, "Ruled; 1 left")
        await until_shown(pilot, "contradiction · 2 of 2")
        await pilot.press("l")
        await until_shown(pilot, "Which answer matches")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "Ruled relabelled to No")
        await until_shown(pilot, "that was the last one")
        await pilot.press("u")
        await until_shown(pilot, "Rule anew")
        await pilot.press("u")
        await until_shown(pilot, "Ruled dropped: unclear  by lea")
        await pilot.press("k")
        await until_shown(pilot, "ships as it is")
        await pilot.press("enter")
        await until(lambda: len(ruled(quarrel)) == 3)
    assert [(ruling.verdict, ruling.label, ruling.reason, ruling.ruled_by) for ruling in ruled(quarrel)] == [
        ("drop", None, "unclear", "lea"), ("relabel", " No", "", "lea"), ("keep", None, "", "lea"),
    ]  # fmt: skip


async def test_a_suggested_wording_is_taken_and_can_be_left(quarrel: Path) -> None:
    async with running(quarrel, adjudicate="beekeeping", annotator="lea") as pilot:
        await until_shown(pilot, "I keep 0 bees.")
        await pilot.press("e")
        await until_shown(pilot, "Ctrl+T takes a suggestion")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "is the text of example")
        await pilot.press("ctrl+t", "escape")
        await until(lambda: "Ctrl+T" not in text(pilot))
        assert ruled(quarrel) == []
        await pilot.press("e")
        await until_shown(pilot, "Ctrl+T takes a suggestion")
        await pilot.press("ctrl+t", "ctrl+s")
        await until_shown(pilot, "Ruled; 1 left")
    (ruling,) = ruled(quarrel)
    assert (ruling.verdict, ruling.body) == ("edit", "I keep many bees.")


async def test_nothing_waits(workspace_path: Path, statistics: FakeStatistics) -> None:
    connection = open_workspace(workspace_path)
    add_dataset(connection, "beekeeping", ["I keep 0 bees."])
    connection.close()
    async with running(workspace_path, annotator="lea", statistics=statistics.command) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("a")
        shown = await until_shown(pilot, "Nothing waits for a ruling here.")
        await pilot.press("k", "d", "right", "u", "w")
        assert "Keep" not in await settled(pilot)
        assert "k keep" not in shown
        await pilot.press("escape")
        await until_shown(pilot, "Enter review")


@pytest.mark.slow
async def test_who_labels_the_dataset_too_is_asked_before_anything_is_shown(quarrel: Path) -> None:
    async with running(quarrel, annotator="Ada") as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("a")
        shown = await until_shown(pilot, "You label this dataset yourself.")
        assert "validator A" not in shown
        await pilot.press("escape")
        await until_shown(pilot, "Enter review")
        connection = open_workspace(quarrel)
        assert connection.execute("SELECT count(*) FROM disclosures").fetchone() == (0,)
        await pilot.press("a")
        await until_shown(pilot, "You label this dataset yourself.")
        await pilot.press("y")
        await until_shown(pilot, "validator A")
        assert connection.execute("SELECT count(*) FROM disclosures").fetchone() == (1,)
        connection.close()
        await pilot.press("escape", "a")  # What has been seen is not asked about again.
        await until_shown(pilot, "validator A")


async def test_a_ruling_that_cannot_be_stored_says_why(quarrel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    async with running(quarrel, adjudicate="beekeeping", annotator="lea") as pilot:
        await until_shown(pilot, "I keep 0 bees.")
        monkeypatch.setattr("db.rulings.insert_ruling", full)
        await pilot.press("k")
        await until_shown(pilot, "ships as it is")
        await pilot.press("enter")
        await until_shown(pilot, "The disk is full: nothing was written")
    assert ruled(quarrel) == []
