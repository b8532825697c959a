"""A screen under another one looks at nothing: painting it would paint the whole terminal anew."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.command_line import command
from tests.support.terminal import Terminal
from tests.tui.app_driver import running, until, until_shown
from tui.app.reading import read_home
from tui.app.store import Store
from tui.screens.datasets import POLL_SECONDS


@pytest.mark.slow
async def test_the_list_of_datasets_rests_while_something_is_reviewed(
    hive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    looking = Store.looking

    async def note(store: Store, *arguments: object) -> object:
        looks.append("home" if arguments[0] is read_home else "review")
        return await looking(store, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "looking", note)
    monkeypatch.setattr("tui.screens.datasets.POLL_SECONDS", 0.02)
    monkeypatch.setattr("tui.screens.review.POLL_SECONDS", 0.1)
    async with running(hive, review="beekeeping") as pilot:
        await until(lambda: looks.count("review") > 1)
        looks.clear()
        await until(lambda: looks.count("review") > 4)
        assert "home" not in looks
        await pilot.press("escape")
        await until_shown(pilot, "Enter review")
        looks.clear()
        await until(lambda: looks.count("home") > 2)


@pytest.mark.slow
def test_a_terminal_on_which_nothing_changes_receives_nothing(hive: Path) -> None:
    with Terminal(command("--workspace", hive, "--as", "anna", "review", "beekeeping"), folder=hive.parent) as app:
        app.wait_for("0 of 6 settled", "I keep")
        for _ in range(6):  # until it has been quiet for as long as it takes to look three times
            app.received = b""
            end = time.monotonic() + 3 * POLL_SECONDS
            while time.monotonic() < end:
                app.read()
            if not app.received:
                return
    raise AssertionError(f"{len(app.received)} bytes: {app.received[:200]!r}")
