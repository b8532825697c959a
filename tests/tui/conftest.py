"""Fixtures of the app's tests."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, TextArea

from db.store.workspace import open_workspace
from tests.tui.app_driver import FakeStatistics, add_dataset, bees, fake_statistics
from tests.tui.pictured import write_lead


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing moves, and colour is as usual."""
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")
    for field in (Input, TextArea):  # from the beginning: a line of a text that was painted without its cursor is kept
        monkeypatch.setattr(field.cursor_blink, "_default", False)
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def hive(workspace_path: Path) -> Path:
    """A workspace with a dataset `beekeeping` of six statements with Yes and No."""
    connection = open_workspace(workspace_path)
    add_dataset(connection, "beekeeping", bees(6))
    connection.close()
    return workspace_path


@pytest.fixture
def statistics(tmp_path: Path) -> FakeStatistics:
    """A command that answers for the gate and the agreement."""
    return fake_statistics(tmp_path)


@pytest.fixture(scope="session")
def led(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A lead's workspace, to be copied, and the agreement of its dataset."""
    path = tmp_path_factory.mktemp("led") / "workspace.db"
    return path, asyncio.run(write_lead(path))
