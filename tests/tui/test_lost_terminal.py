"""A terminal that takes no more output, or that is gone: the app still ends when it is told to, with nothing lost."""

from __future__ import annotations

import os
import signal
import time
from itertools import count
from pathlib import Path

import pytest

from tests.support.command_line import PATIENCE, command
from tests.support.terminal import Terminal
from tests.tui.app_driver import stored
from tui.app.app import ENDINGS


def clog(terminal: Terminal) -> None:
    """Makes the app paint more than a terminal that nobody reads has room for, and much more after that."""
    deadline, stuck = time.monotonic() + PATIENCE, 0
    for turn in count():
        terminal.resize(80 + turn % 2, 24)
        time.sleep(0.04)
        stuck = 0 if terminal.takes_output() else stuck + 1
        if stuck > 50:
            return
        assert time.monotonic() < deadline, f"the app paints too little; it did: {terminal.settle()}"


def ended(pid: int) -> int | None:
    """The exit code of a program that ends in time, or None: without reading what it writes."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    return None


@pytest.mark.parametrize(
    "name", [pytest.param(signal.SIGTERM, marks=pytest.mark.slow), pytest.param(signal.SIGINT, marks=pytest.mark.long)]
)
def test_a_terminal_that_nobody_reads(hive: Path, name: signal.Signals) -> None:
    with Terminal(command("--workspace", hive, "--as", "anna", "review", "beekeeping"), folder=hive.parent) as app:
        app.wait_for("I keep")
        app.press("y4")
        app.wait_for("1 this time")
        clog(app)
        os.kill(app.pid, name)
        assert ended(app.pid) == ENDINGS[name]
    assert len(stored(hive, "beekeeping")) == 1


@pytest.mark.slow
def test_a_line_that_is_lost_in_the_middle_of_output(hive: Path) -> None:
    with Terminal(command("--workspace", hive, "--as", "anna", "review", "beekeeping"), folder=hive.parent) as app:
        app.wait_for("I keep")
        app.press("y4")
        app.wait_for("1 this time")
        clog(app)
        app.hang_up()
        assert ended(app.pid) == ENDINGS[signal.SIGHUP]
    assert len(stored(hive, "beekeeping")) == 1
