"""Fixtures of the app's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.workspace import open_workspace
from tests.tui.app_driver import FakeStatistics, add_dataset, bees, fake_statistics


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing moves, and colour is as usual."""
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")
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
