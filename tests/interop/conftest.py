"""Fixtures of the tests with real consumers: a folder with every format, and no network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from review.formats.format import Contents
from review.formats.registry import FORMATS, write_formats
from tests.support.contents import ABOUT, every_kind

# Read by the packages when they are imported.
os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TRANSFORMERS_OFFLINE="1")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever loads a release stands in another folder, and has caches of their own."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for name in ("HF_HOME", "HF_DATASETS_CACHE", "INSPECT_LOG_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture
def datasets() -> list[Contents]:
    """Small datasets of every kind."""
    return every_kind()


@pytest.fixture
def release(tmp_path: Path, datasets: list[Contents]) -> Path:
    """A folder in which they stand in every format."""
    folder = tmp_path / "a release"
    folder.mkdir()
    write_formats(folder, datasets, ABOUT, FORMATS)
    return folder
