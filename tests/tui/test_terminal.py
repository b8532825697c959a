"""The app in a real terminal: typed into, left, started again, ended by signals; the terminal is left as it was."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.tui.app_driver import stored

ROOT = Path(__file__).parents[2]


def start(workspace: Path) -> Terminal:
    """Opens the app in a terminal."""
    return Terminal(
        [sys.executable, "-m", "tui", "--workspace", str(workspace), "--as", "anna"],
        folder=workspace.parent,
        environment={"TEXTUAL_ANIMATIONS": "none", "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
def test_label_two_leave_start_again_and_undo_one(hive: Path) -> None:
    with start(hive) as terminal:
        terminal.wait_for("▌ beekeeping")
        terminal.press("\r")
        terminal.wait_for("Which answer would they give?")
        terminal.press("y4n2")
        terminal.wait_for("2 this time")
        terminal.press("\x1b")
        terminal.wait_for("Enter review")
        terminal.press("q")
        assert terminal.wait_to_end() == 0
        assert terminal.is_left_clean()
    before = stored(hive, "beekeeping")
    assert [(one.label, one.relevance) for _, one in before] == [(" Yes", 4), (" No", 2)]

    with start(hive) as again:
        again.wait_for("▌ beekeeping")
        again.press("r")
        again.wait_for("2 answered · 0 this time")
        again.press("u")
        again.wait_for("Answered before")
        assert before[1][0] in again.text
        again.press("y5")
        again.wait_for("Changed.")
        again.press("\x11")
        assert again.wait_to_end() == 0
    after = [(one.label, one.relevance, one.revision) for _, one in stored(hive, "beekeeping")]
    assert after == [(" Yes", 4, 1), (" Yes", 5, 2)]


@pytest.mark.parametrize(("name", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)])
def test_a_signal_leaves_the_terminal_clean(hive: Path, name: signal.Signals, code: int) -> None:
    """At any moment: see tests/crash."""
    with start(hive) as terminal:
        terminal.wait_for("▌ beekeeping")
        terminal.press("r")
        terminal.wait_for("I keep")
        terminal.press("y4")
        terminal.wait_for("1 this time")
        os.kill(terminal.pid, name)
        assert terminal.wait_to_end() == code
        assert terminal.is_left_clean()
        assert "Traceback" not in terminal.text
    assert len(stored(hive, "beekeeping")) == 1


@pytest.mark.slow
def test_without_colour_everything_is_grey(hive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with start(hive) as terminal:
        terminal.wait_for("Enter review")
        terminal.press("q")
        terminal.wait_to_end()
        colours = set(re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", terminal.received))
        assert colours
        assert all(red == green == blue for red, green, blue in colours)
        others = terminal.received.replace(b"38;2;", b"x")
        assert not re.search(rb"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7])(?:;\d+)*m", others)


def test_a_terminal_that_becomes_smaller_and_larger_is_followed(hive: Path) -> None:
    with start(hive) as terminal:
        terminal.wait_for("▌ beekeeping")
        terminal.press("r")
        terminal.wait_for("I keep")
        for _ in range(3):
            terminal.resize(40, 10)
            terminal.wait_for("Make the window larger")
            terminal.resize(80, 24)
            terminal.wait_for("I keep", "Esc leave")
