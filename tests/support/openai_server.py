"""A loopback server that speaks chat completions, with log-probabilities or without, over the pretend model."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any

from tests.support import pretend_model
from tests.support.messages_server import Answer, MessagesServer, Received, error

PATH = "/v1/chat/completions"
TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]")
"""What counts as a token: a word or a sign with the space before it, so that "(A)" is three."""


class OpenAIServer(MessagesServer):
    """The server; `probabilities` says whether it knows `logprobs`, and refuses it otherwise.

    A question that lists the answers allowed is answered by one of them, each prompt always with the same odds.
    """

    def __init__(self, *, probabilities: bool, **options: Any) -> None:
        super().__init__(**options)
        self.probabilities = probabilities

    def _objection(self, received: Received) -> Answer | None:
        if (received.method, received.path) != ("POST", PATH):
            return error(404, "Not found")
        if received.headers.get("authorization") != f"Bearer {self.key}":
            return error(401, "Incorrect API key provided")
        if "logprobs" in received.body and not self.probabilities:
            return error(400, "logprobs is not supported")
        return None

    def _written(self, received: Received, answer: Answer) -> Answer:
        body = received.body
        prompt = body["messages"][-1]["content"]
        listed = re.findall(r"^- (.*)$", prompt.partition("write nothing else:")[2], re.MULTILINE)
        if listed:
            text, reason, tokens = listed[0], "stop", _tokens(listed, odds(prompt))
        else:
            settings = {"stop_sequences": body.get("stop", []), "max_tokens": body["max_tokens"]}
            written = pretend_model.write(
                {"messages": body["messages"], **settings}, seed=f"{received.number} {json.dumps(body)}"
            )
            text, reason, tokens = written.text, "length" if written.stop_reason == "max_tokens" else "stop", []
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
        if body.get("logprobs"):
            choice["logprobs"] = {"content": tokens or [_token("Yes", {"Yes": 0.75, "No": 0.25})]}
        reply = {
            "id": f"chatcmpl-{received.number}",
            "object": "chat.completion",
            "model": body["model"],
            "choices": [{**choice, **answer.fields}],
            "usage": {
                "prompt_tokens": pretend_model.tokens(prompt),
                "completion_tokens": pretend_model.tokens(text),
            },
        }
        return Answer(answer.status, reply, {}, answer.headers, answer.delay, answer.drop_after)


def odds(prompt: str) -> float:
    """How probable the model finds the first of the answers to a prompt."""
    return 0.05 + 0.9 * hashlib.sha256(prompt.encode()).digest()[0] / 255


def _tokens(answers: list[str], first: float) -> list[dict[str, Any]]:
    """The tokens of the first answer; where the answers part, both words have their probabilities."""
    pieces = [TOKEN.findall(answer) for answer in answers]
    tokens = []
    for place, piece in enumerate(pieces[0]):
        others = {other[place] for other in pieces[1:] if len(other) > place and other[:place] == pieces[0][:place]}
        apart = others - {piece}
        shares = {piece: first, **{other: (1 - first) / len(apart) for other in apart}} if apart else {piece: 0.9}
        tokens.append(_token(piece, {**{text: share * 0.9 for text, share in shares.items()}, " Perhaps": 0.01}))
    return tokens


def _token(text: str, shares: dict[str, float]) -> dict[str, Any]:
    listed = [{"token": token, "logprob": math.log(share)} for token, share in shares.items()]
    return {"token": text, "logprob": math.log(shares[text]), "top_logprobs": listed}
