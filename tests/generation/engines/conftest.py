"""A Messages server on loopback, with the environment pointing at it and at nothing else."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from generation.engines.anthropic_messages import AnthropicEngine
from tests.support.messages_server import KEY, MessagesServer


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
async def engine(messages_server: MessagesServer) -> AsyncIterator[AnthropicEngine]:
    engine = AnthropicEngine("claude-haiku-5-5")
    yield engine
    await engine.close()
