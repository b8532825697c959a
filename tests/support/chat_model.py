"""A model behind the Messages protocol that does what each published recipe asks of a chat model, long or short."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from tests.support import pretend_model
from tests.support.messages_server import Answer, MessagesServer, Received

AGREES = re.compile(r"would (agree|disagree) with, but")
TITLE = re.compile(r"(?:Title|The title is): ([^\n]+)(?:\nRewritten:|\n)(?!.*(?:Title|The title is): )", re.DOTALL)
USUAL = {"statement": 85, "question": 450, "biography": 900, "sentence": 75}
"""How many characters it writes if it isn't to write as many as it can."""


def chat_reply(prompt: str, number: int, longest: int = 0) -> str:  # noqa: PLR0911
    """What it replies to a prompt of a recipe.

    Args:
        prompt: What a user says.
        number: Of the call; different numbers give different texts.
        longest: How many bytes the reply is to have; 0 for as many as is usual.
    """
    if found := AGREES.search(prompt):
        walk = "walk" if found[1] == "agree" else "never walk"
        return _list(f"- I {walk} on day {number} and", 20, USUAL["statement"], longest)
    if "block quote" in prompt:
        head = f"> What of case {number}?\n>\n> Choices:\n>  (A) Yes {number}"
        return _padded(f"{head}\n>  (B) No", longest or USUAL["question"])
    if "biography" in prompt:
        opening = f"Here is a biography in the first person: Hello, my name is Kim {number} and " + "I like tea, " * 9
        return _padded(opening, longest or USUAL["biography"]) + ("" if longest else ".")
    if "blank, _," in prompt:
        return _list(f"- On day {number} the two walked to _ house by way", 15, USUAL["sentence"], longest)
    if found := TITLE.search(prompt):
        parts = [part.strip().casefold() for part in re.split(r", and|,", found[1])]
        if longest:
            size = longest // 4 - 2
            return ", ".join(_padded(f"{parts[0].split()[0]}{letter}", size) for letter in "abcd")
        return ", ".join(parts)
    return _padded("client", longest) if longest else "client"


def _list(line: str, count: int, usual: int, longest: int) -> str:
    size = longest // count - 1 if longest else usual
    return "\n".join(_padded(f"{line} {place}", size) for place in range(count))


def _padded(text: str, size: int) -> str:
    """A text made so many bytes long, in words that are few if that is long: recipes bound how many there are."""
    word = "x" * max(5, size // 20)
    while len(text) < size:
        text += f" {word}" if " " in text else word
    return text[:size].rstrip() if size else text


class ChatServer(MessagesServer):
    """Serves that model.

    Attributes:
        longest: Whether every reply takes all the tokens that it may, a token a byte, and so does every prompt.
    """

    def __init__(self, *, longest: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest
        self.tokens: Callable[[str], int] = (
            (lambda text: len(text.encode())) if longest else (lambda text: math.ceil(len(text) / 4.5))
        )
        self.texts = 0

    def _objection(self, received: Received) -> Answer | None:
        answer = super()._objection(received)
        if received.path.endswith("count_tokens") and answer is not None and answer.status == 200:
            return Answer(body={"input_tokens": self._tokens_of(received.body)})
        return answer

    def _tokens_of(self, body: dict[str, Any]) -> int:
        form = body.get("output_config")
        return self.tokens(pretend_model.prompt_text(body) + (json.dumps(form) if form else ""))

    def _message(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = pretend_model.prompt_text(body)
        form = (body.get("output_config") or {}).get("format")
        if form:
            answers = form["schema"]["properties"]["answer"]["enum"]
            text = json.dumps({"answer": answers["never walk" in prompt]})
        else:
            self.texts += 1
            text = chat_reply(prompt, self.texts, body["max_tokens"] if self.longest else 0)
        written = body["max_tokens"] if self.longest else self.tokens(text)
        return {
            "id": f"msg_{len(self.received):06}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": self._tokens_of(body), "output_tokens": written},
        }
