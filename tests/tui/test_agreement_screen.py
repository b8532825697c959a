"""The agreement screen: five parts by keyboard, at 80 x 24 and wide, in words and in plots."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from textual.containers import Grid
from textual.pilot import Pilot
from textual_plot import PlotWidget

from db import evidence
from db.records import Dataset
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from review.agreement import Agreement, Rating, agreement, question_agreement
from review.annotation.submitting import submit
from review.assignment.serving import end_session, next_example, start_session
from review.report.agreement import questions_blocks
from review.text.json import to_json
from tests.support.annotators import Annotators, Truth
from tests.support.workspaces import YES, answer, make_dataset
from tests.tui.app_driver import (
    SIZES,
    FakeStatistics,
    fake_statistics,
    running,
    text,
    until_not_shown,
    until_shown,
)
from tests.tui.rest import at_rest
from tui.widgets.block_lines import block_lines

BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}


def reviewed(connection: Connection) -> Dataset:
    """A dataset with answers of three annotators, one of whom always says yes."""
    dataset = make_dataset(connection, 120)
    session = start_session(connection, "Carla")
    connection.execute("UPDATE annotators SET name = ?", ("Carla [/b]\x1b[31m",))  # as older workspaces may have them
    example = next_example(connection, session, dataset)
    for _ in range(40):
        assert example is not None
        example = submit(connection, session, dataset, example, answer(YES)).next
    end_session(connection, session)
    Annotators(connection, dataset, Truth(hard=0.1), seed=3, names=("Ada", "Béla")).answer_all()
    with write(connection):
        connection.execute("UPDATE examples SET label_confidence = 0.5 + (id % 50) / 100.0")
    return dataset


@pytest.fixture
def measured(workspace_path: Path, tmp_path: Path) -> FakeStatistics:
    connection = open_workspace(workspace_path)
    dataset = reviewed(connection)
    found = json.loads(to_json(asdict(agreement(connection, dataset))))
    connection.close()
    return fake_statistics(tmp_path, agreement=found)


async def opened(pilot: Pilot[None]) -> str:
    await until_shown(pilot, "▌ beekeeping")
    await pilot.press("g")
    return await until_shown(pilot, "raw agreement")


@pytest.mark.parametrize("size", SIZES)
async def test_every_part_by_keyboard(workspace_path: Path, measured: FakeStatistics, size: tuple[int, int]) -> None:
    async with running(workspace_path, statistics=measured.command, size=size) as pilot:
        shown = await opened(pilot)
        for words in ("● questions", "label", "nominal", "Krippendorff's alpha", "━", "┃", "two by two: see the pairs"):
            assert words in shown
        await pilot.press("right")
        shown = await until_shown(pilot, "● validators")
        assert "entr." in next(line for line in shown.splitlines() if "validator  " in line)
        assert "! Carla [/b]␛[31m: the same label on all" in shown
        assert "informedness 0.00" in shown
        await pilot.press("3")
        shown = await until_shown(pilot, "in rows")
        assert "in common" in shown
        first = next(line for line in shown.splitlines() if "▌" in line)
        await pilot.press("n")
        await until_not_shown(pilot, first)
        await pilot.press("p")
        await until_shown(pilot, first.strip())
        await pilot.press("4")
        shown = await until_shown(pilot, "relevance, percent of the answers")
        assert "█" in shown or "▐" in shown
        await pilot.press("end")
        await until_shown(pilot, "Calibration of the discriminator: expected error")
        await pilot.press("5")
        shown = await until_shown(pilot, "label agreement, ≥ 0.9")
        assert "╌╌╌╌" in shown
        assert BRAILLE & set(shown)
        await pilot.press("end")
        await until_shown(pilot, "≥ 0.667")
        await pilot.press("tab")
        await until_shown(pilot, "● questions")
        await pilot.press("question_mark")
        await until_shown(pilot, "what must be reached")
        await pilot.press("escape", "escape")
        await until_shown(pilot, "▌ beekeeping")


def test_a_reason_stands_beneath_its_coefficient() -> None:
    """Fleiss' kappa is undefined where two agree and a third, alone on another example, can't be compared."""
    ratings = [Rating(unit, name, "Yes") for unit, name in ((1, "Ada"), (1, "Béla"))]
    ratings.append(Rating(2, "Ada", "No"))
    found = Agreement((question_agreement("label", "nominal", ratings, ["Yes", "No"]),), ("Yes", "No"), ())
    lines = block_lines(questions_blocks(found.questions), 72).plain.split("\n")
    place = next(place for place, line in enumerate(lines) if "Fleiss' kappa" in line)
    assert lines[place].endswith("undefined")
    assert lines[place + 1].startswith("    ")
    assert any(line.endswith("be compared") for line in lines[place + 1 : place + 4])
    assert max(map(len, lines)) <= 72


async def test_without_colour_everything_is_said(
    workspace_path: Path, measured: FakeStatistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(workspace_path, statistics=measured.command) as pilot:
        await opened(pilot)
        await pilot.press("5")
        shown = await until_shown(pilot, "label agreement, ≥ 0.9")
        assert "╌╌╌╌" in shown


async def test_from_the_dataset_screen_and_when_it_cannot_be_measured(hive: Path, tmp_path: Path) -> None:
    broken = fake_statistics(tmp_path, fail="The policy is odd.")
    async with running(hive, statistics=broken.command) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("d")
        await until_shown(pilot, "! The policy is odd.")
        await pilot.press("g")
        await until_shown(pilot, "● questions")
        await until_shown(pilot, "! The policy is odd.")
        await pilot.press("5", "3", "f5", "escape")
        await until_shown(pilot, "back")


@pytest.mark.slow
async def test_an_answer_never_waits_for_statistics(
    workspace_path: Path, measured: FakeStatistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither t nor the evidence is ever worked out in the app: not at a key press, and not while it looks."""
    touched: list[str] = []
    for name in ("frozen_size", "in_review_order", "first_answers_of_dataset", "choices_of_answered"):
        monkeypatch.setattr(evidence, name, lambda *_, name=name, **__: touched.append(name))
    async with running(workspace_path, annotator="Dora", review="beekeeping", statistics=measured.command) as pilot:
        for _ in range(3):
            before = next(line for line in text(pilot).splitlines() if "I keep" in line)
            await pilot.press("y", "4")
            await until_not_shown(pilot, before.strip())
        await pilot.press("s", "u", "escape")
        await pilot.press("escape")
        await opened(pilot)
        await pilot.press("2", "3", "4", "5", "f5")
        await until_shown(pilot, "label agreement, ≥ 0.9")
        await pilot.press("escape", "d")
        await until_shown(pilot, "keep labelling")
    assert touched == []
    assert any(line.startswith("agreement") for line in measured.asked())


@pytest.mark.slow
async def test_a_plot_that_is_laid_out_late_fills_its_place(workspace_path: Path, measured: FakeStatistics) -> None:
    async with running(workspace_path, statistics=measured.command) as pilot:
        await opened(pilot)
        await pilot.press("5")
        await until_shown(pilot, "label agreement, ≥ 0.9")
        await at_rest(pilot)
        whole = text(pilot)
        corners = whole.count("┓")
        assert corners
        parts = pilot.app.screen.query(PlotWidget).first().query_one(Grid)
        for margin in (17, 7):
            parts.styles.grid_columns = (margin, "1fr")
            await at_rest(pilot)
            assert text(pilot).count("┓") == corners
        assert text(pilot) == whole
