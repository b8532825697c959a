"""An engine on a loopback server."""

from collections.abc import AsyncIterator

import pytest

from generation.engines.anthropic_messages import AnthropicEngine
from tests.support.messages_server import MessagesServer


@pytest.fixture
async def engine(messages_server: MessagesServer) -> AsyncIterator[AnthropicEngine]:
    engine = AnthropicEngine("claude-haiku-5-5")
    yield engine
    await engine.close()
