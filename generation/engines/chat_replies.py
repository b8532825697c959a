"""Chat completions as servers send them, which is not always as OpenAI does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generation.engines.answers import Tokens, without_thoughts
from generation.engines.protocol import MOST_TOKENS, StopReason, Usage

BYTES_PER_TOKEN = 4
"""What a token is taken to be where a server doesn't count them."""

LARGEST_LOGPROB, LEAST_LOGPROB = 1.0, -1000.0
"""What is above the one isn't the logarithm of a probability; what is below the other counts as it: no probability."""

_STOP_REASONS: Mapping[object, StopReason] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "refusal",
    "content-filter": "refusal",
    "refusal": "refusal",
    "safety": "refusal",
}
"""Why replies end, where it isn't because they are whole; "stop" has many names, and none at all on some servers."""

_BROKEN_REASONS = frozenset({"error", "abort", "aborted", "cancelled", "canceled", "timeout"})


@dataclass(frozen=True)
class ChatReply:
    """A chat completion.

    Attributes:
        text: What the model says behind its thoughts.
        thought: Whether it thought first, as far as the reply shows.
        stop_reason: Why it ended.
        tokens: Its tokens, those of the thoughts too where the server lists them.
        usage: Tokens.
        model: The id that the server says it ran.
    """

    text: str
    thought: bool
    stop_reason: StopReason
    tokens: Tokens
    usage: Usage
    model: str


def read_chat_reply(reply: object, body: Mapping[str, Any]) -> ChatReply:
    """Reads a chat completion.

    Raises:
        ValueError: it is none; the text says why.
    """
    match reply:
        case {"choices": [{"message": dict(message)} as choice, *_]}:
            pass
        case {"choices": []}:
            raise ValueError("it has no choices")
        case _:
            raise ValueError("choices or message is missing or of the wrong kind")
    assert isinstance(reply, dict)
    reason = choice.get("finish_reason")
    if isinstance(reason, str) and reason.lower() in _BROKEN_REASONS:
        raise ValueError(f'its finish_reason is "{reason}"')
    refusal = message.get("refusal")
    written = _text_of(refusal or message.get("content"))
    if reason is None and not written:
        raise ValueError("it has neither a text nor a finish_reason")
    stop_reason = _STOP_REASONS.get(reason.lower() if isinstance(reason, str) else None, "stop")
    text = without_thoughts(written)
    aside = message.get("reasoning_content") or message.get("reasoning")
    model = reply.get("model")
    return ChatReply(
        text,
        text != written or bool(aside),
        "refusal" if refusal else stop_reason,
        _tokens(choice.get("logprobs")),
        _usage(reply.get("usage"), body, written + (aside if isinstance(aside, str) else "")),
        model if isinstance(model, str) else str(body["model"]),
    )


def _text_of(content: object) -> str:
    """Returns a reply's text, which may come in parts; what the model thought is none of it.

    Raises:
        ValueError: it is no text.
    """
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise ValueError("its content is no text")
    texts = []
    for part in content:
        match part:
            case str(text):
                texts.append(text)
            case {"type": "text" | "output_text", "text": str(text)}:
                texts.append(text)
            case {"type": str()}:
                continue
            case _:
                raise ValueError("a part of its content has no type or no text")
    return "".join(texts)


def _tokens(logprobs: object) -> Tokens:
    """Returns each token with the log-probabilities of what could have stood there; nothing where there are none."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    tokens = []
    for entry in content if isinstance(content, list) else []:
        match entry:
            case {"token": str(token), "top_logprobs": list(alternatives)}:
                tokens.append((token, _summed(_alternatives(alternatives))))
            case _:
                return []
    return tokens


def _summed(alternatives: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Returns the log-probability of each text; tokens that differ in blanks may look alike, and count together."""
    shares: dict[str, float] = {}
    for text, logprob in alternatives:
        shares[text] = min(0.0, _log_sum(shares[text], logprob)) if text in shares else logprob
    return shares


def _log_sum(one: float, other: float) -> float:
    high, low = max(one, other), min(one, other)
    return high + math.log1p(math.exp(low - high))


def _alternatives(given: list[object]) -> Iterator[tuple[str, float]]:
    """Yields the tokens with the logarithms of their probabilities; one above 0 is a rounding error."""
    for each in given:
        match each:
            case {"token": str(token), "logprob": int() | float() as logprob} if logprob <= LARGEST_LOGPROB:
                yield token, min(0.0, float(max(logprob, LEAST_LOGPROB)))


def _usage(usage: object, body: Mapping[str, Any], text: str) -> Usage:
    """Returns what a call took; what the server doesn't count is estimated, and marked so."""
    counted = usage if isinstance(usage, dict) else {}
    read, written = (_count(counted.get(name)) for name in ("prompt_tokens", "completion_tokens"))
    guessed = read is None or written is None
    if read is None:
        contents = (message["content"] for message in body["messages"])
        read = sum(len(content.encode("utf-8", "replace")) for content in contents) // BYTES_PER_TOKEN + 1
    if written is None:
        written = len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN + 1
    return Usage(read, written, guessed)


def stated_usage(reply: object) -> Usage:
    """Returns what a reply that can't be used says that it took."""
    usage = reply.get("usage") if isinstance(reply, dict) else None
    counted = usage if isinstance(usage, dict) else {}
    return Usage(_count(counted.get("prompt_tokens")) or 0, _count(counted.get("completion_tokens")) or 0)


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_TOKENS:
        return None
    return int(value) if value == int(value) else None
