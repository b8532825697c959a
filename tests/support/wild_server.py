"""A chat-completions server as they are met: its good replies can be bent into any shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.support.messages_server import Answer, Received
from tests.support.openai_server import OpenAIServer

Bend = Callable[[dict[str, Any], Mapping[str, Any]], object]


class WildServer(OpenAIServer):
    """The server.

    Attributes:
        bend: Changes a good reply in place, or returns what is sent in its stead; it is told the request's body, too.
        good: How many calls are answered as they should be before anything else happens.
    """

    def __init__(self, *, probabilities: bool = True, **options: Any) -> None:
        super().__init__(probabilities=probabilities, **options)
        self.bend: Bend = lambda _reply, _body: None
        self.good = 0

    def _answer(self, received: Received) -> Answer:
        if received.number <= self.good:
            script, self.script = self.script, ()
            try:
                return super()._answer(received)
            finally:
                self.script = script
        return super()._answer(received)

    def _written(self, received: Received, answer: Answer) -> Answer:
        written = super()._written(received, answer)
        if received.number <= self.good or not isinstance(written.body, dict):
            return written
        bent = self.bend(written.body, received.body)
        return written if bent is None else replace(written, body=bent)


def choice(reply: dict[str, Any]) -> dict[str, Any]:
    """The first choice of a reply."""
    found: dict[str, Any] = reply["choices"][0]
    return found


def said(reply: dict[str, Any]) -> str:
    """The text of a reply."""
    return str(choice(reply)["message"]["content"])


def say(reply: dict[str, Any], content: object, **fields: object) -> None:
    """Puts another content in a reply."""
    choice(reply)["message"] = {"role": "assistant", "content": content, **fields}


def bytes_of(reply: object) -> bytes:
    """A reply as its bytes."""
    return json.dumps(reply).encode()
