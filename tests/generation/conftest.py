"""What tests of jobs share: a worker that waits for nobody long, and a folder to call `evalwright generate` in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.store.connection import Connection
from db.store.workspace import open_workspace
from generation.recipes.recipe import load_recipe
from generation.worker import calls, worker
from generation.worker import retries as patience
from tests.support.messages_server import KEY, MessagesServer
from tests.support.scripted_engine import BEHAVIOR
from tests.support.wild_server import WildServer


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortens the waits of a worker that are waits and nothing else; calls begin in its turns only."""
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.005)
    monkeypatch.setattr(calls, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(worker, "BREATH_SECONDS", 0.0)
    monkeypatch.setattr(patience, "BACKOFF_SECONDS", 0.001)


@pytest.fixture
def no_anthropic_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Takes away keys, addresses, profiles and proxies that the person who runs the tests may have."""
    for name in list(os.environ):
        if name.startswith("ANTHROPIC_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def messages_server(no_anthropic_settings: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    with MessagesServer() as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a behaviour, and the published recipe with fewer calls, of three votes each."""
    (tmp_path / "walks.toml").write_text(BEHAVIOR)
    fewer = load_recipe("persona").text.replace("per_kept = 10", "per_kept = 8")
    (tmp_path / "fewer.toml").write_text(fewer.replace("[judge]\n", "[judge]\nvotes = 3\n"))
    return tmp_path


@pytest.fixture
def workspace(folder: Path) -> Iterator[Connection]:
    """The workspace of that folder."""
    connection = open_workspace(folder / "evalwright.db")
    yield connection
    connection.close()


@pytest.fixture
def wild_server(no_anthropic_settings: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[WildServer]:
    with WildServer() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", f" {running.url}/v1/chat/completions/ \n")
        monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
        yield running
