"""One dataset's evidence, in words and signs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tui.app_driver import (
    SIZES,
    WIDE,
    FakeStatistics,
    answer,
    fake_statistics,
    running,
    text,
    until,
    until_not_shown,
    until_shown,
)


@pytest.mark.parametrize("size", SIZES)
async def test_the_evidence_line_by_line(hive: Path, statistics: FakeStatistics, size: tuple[int, int]) -> None:
    async with running(hive, statistics=statistics.command, size=size) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("d")
        shown = await until_shown(pilot, "label agreement")
        lines = {line.strip()[:12]: line for line in shown.splitlines()}
        assert "keep labelling so far, while the dataset is open" in shown
        assert "About 90 more examples" in shown
        for start, words in {
            "✓ label agre": ("0.95", "≥ 0.9", "━", "●", "┃", "passes", "120"),
            "… relevance ": ("3.2", "≥ 3.5", "not yet"),
            "✗ ambiguous ": ("0.5", "≤ 0.15", "failed"),
            "? alpha     ": ("undefined", "can't tell"),
            "! exact dupl": ("3", "≤ 0", "to mend"),
        }.items():
            for word in words:
                assert word in lines[start], (start, word)
        assert "no variation: cannot be [/shown]" in shown
        await until(lambda: "lint beekeeping" in statistics.asked())
        while "Agreement between validators" not in text(pilot):  # what lint finds may come in between
            await pilot.press("end")
            await pilot.pause(0.05)
        shown = await until_shown(pilot, "0.80 to 0.92")
        assert re.search(r"label +\d+% +[\d,]+ +0\.87 +0\.80 to 0\.92", shown)
        await until_shown(pilot, "every answer")
        await pilot.press("escape")
        await until_shown(pilot, "Enter review")


@pytest.mark.parametrize("size", SIZES)
async def test_what_lint_finds_with_an_example_and_what_to_do(
    hive: Path, statistics: FakeStatistics, size: tuple[int, int]
) -> None:
    async with running(hive, statistics=statistics.command, size=size) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("d")
        await until_shown(pilot, "label agreement")
        await until_not_shown(pilot, "Asking the gate")  # Until then, F5 asks nothing more.
        await until(lambda: "lint beekeeping" in statistics.asked())
        await pilot.press("pagedown")
        shown = await until_shown(pilot, "→ Look whether these words")
        lines = [line.strip().rstrip("▁▂▃▄▅▆▇█ ") for line in shown.splitlines()]
        assert [line.split(". ")[0] for line in lines if line.startswith(("✗ exact", "· word"))] == [
            "✗ exact-duplicates: error, 3",
            "· word-cue: note, 70",
        ]
        assert "12, like 4: I keep [/bees]" in shown
        said = " ".join("".join(" " if character in "▁▂▃▄▅▆▇█" else character for character in shown).split())
        assert "→ `evalwright lint --fix` keeps the first of them and removes the others." in said
        assert "hive: in 0% of No, 90% of Yes" in shown
        await pilot.press("f5")
        await until(lambda: statistics.asked().count("gate beekeeping") >= 2)
        assert statistics.asked().count("lint beekeeping") == 1, "texts don't change"


@pytest.mark.slow
async def test_review_from_here_asks_anew_and_names_the_validators(hive: Path, statistics: FakeStatistics) -> None:
    async with running(hive, statistics=statistics.command, size=WIDE) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("right")
        await until_shown(pilot, "label agreement")
        await pilot.press("r")
        await until_shown(pilot, "I keep")
        await answer(pilot, "y", "4")
        await answer(pilot, "s", "s")
        await pilot.press("escape")
        await until_shown(pilot, "anna  1 answered, 1 skipped")
        await until(lambda: statistics.asked().count("gate beekeeping") >= 2)
        while statistics.asked().count("gate beekeeping") < 3:  # while it is being asked, asking again does nothing
            await pilot.press("f5")
            await pilot.pause(0.05)


async def test_a_gate_that_cannot_answer_says_why(hive: Path, tmp_path: Path) -> None:
    broken = fake_statistics(tmp_path, fail="The policy is odd.")
    async with running(hive, statistics=broken.command) as pilot:
        await until_shown(pilot, "▌ beekeeping")
        await pilot.press("d")
        await until_shown(pilot, "! The policy is odd.")
        await pilot.press("question_mark")
        await until_shown(pilot, "where the true value lies")
