"""The engine `anthropic`: the Messages API through Anthropic's SDK.

The API has no log-probabilities, so `judge` votes; it has no temperature and no top-p, so diversity has to
come from the prompt; and it lets nobody begin the model's reply. A request for what it lacks is refused with
a sentence. It has no seed either: a request's seed changes nothing, and equal calls may get other replies.
"""

from __future__ import annotations

import json
import math
import time
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from generation.engines.protocol import (
    Completion,
    EngineBusyError,
    EngineError,
    EngineUnusableError,
    Judgement,
    JudgeRequest,
    Prompt,
    SampleReply,
    SampleRequest,
    StopReason,
    Usage,
)

if TYPE_CHECKING:
    import anthropic

# Most models think before they answer, and what they think counts as output; a vote cut off there is no vote.
JUDGE_MAX_TOKENS = 4096

_CONNECT_SECONDS = 10.0  # not the SDK's default: with its default timeout it refuses to ask for long replies
_LONGEST_MESSAGE = 200
_LONGEST_REPLY = 10_000  # bytes kept of a reply that can't be read
_SHORTEST_SECRET = 8  # a server that asks for no key is often given "none" or the like
_KEY_HEADERS = frozenset({"authorization", "x-api-key"})
_STOP_REASONS: Mapping[object, StopReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
_TRY_AGAIN = frozenset({408, 409, 429})
# Spending limits also come as 429, but waiting doesn't lift them.
_SPENT = frozenset({"contract_spend_limit_reached", "enforced_spend_limit_reached", "organization_on_hold"})


class AnthropicEngine:
    """Samples and votes with a model of the Messages API.

    Key and address come from the environment, as the SDK reads it: ANTHROPIC_API_KEY, or else
    ANTHROPIC_AUTH_TOKEN, or else one of the SDK's profiles; and ANTHROPIC_BASE_URL. The SDK is imported, and
    the key looked for, at the first call.
    """

    name = "anthropic"
    samples_per_call = 1
    has_probabilities = False
    settings = frozenset({"max_tokens", "stop"})

    def __init__(self, model: str, *, concurrency: int = 16, timeout: float = 600.0) -> None:
        """Makes an engine.

        Args:
            model: The model id, e.g. `claude-haiku-5-5`.
            concurrency: How many calls may be in flight, at least 1; as many connections are kept open.
            timeout: Seconds to wait for an answer.
        """
        self.model = model
        self.concurrency = concurrency
        self._timeout = timeout
        self._client: anthropic.AsyncAnthropic | None = None

    def request_as_sent(self, request: SampleRequest | JudgeRequest) -> dict[str, Any]:
        """Returns the body of the call that `sample` or `judge` makes, all of it, ready for JSON.

        Raises:
            EngineUnusableError: the request needs what this API lacks.
        """
        body = {"model": self.model, "max_tokens": JUDGE_MAX_TOKENS, **_prompt_fields(request.prompt)}
        if isinstance(request, SampleRequest):
            return {**body, **_sampling_fields(request)}
        return {
            **body,
            "output_config": {"format": {"type": "json_schema", "schema": _vote(request.answers)}},
        }

    async def sample(self, request: SampleRequest) -> SampleReply:
        """Returns one completion; a refusal keeps its text. See `Engine.sample`."""
        message = await self._call(self.request_as_sent(request))
        return SampleReply((Completion(message.text, message.stop_reason),), message.usage, message.model)

    async def judge(self, request: JudgeRequest) -> Judgement:
        """Returns one vote; it has an answer only if the reply is whole and names one. See `Engine.judge`."""
        message = await self._call(self.request_as_sent(request))
        answer = _answer_index(message.text, request.answers) if message.stop_reason == "stop" else None
        return Judgement(None, answer, message.text, message.stop_reason, message.usage, message.model)

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def _call(self, body: dict[str, Any]) -> _Message:
        client = self._connect()
        from anthropic import AnthropicError

        host = _host(client)
        try:
            response = await client.messages.with_raw_response.create(**body)
        except AnthropicError as error:
            # Not chained: the SDK's exception may quote the header with the key, and tracebacks go to logs.
            raise _engine_error(error, self.model, host) from None
        except UnicodeEncodeError as error:
            raise EngineError(f"The prompt has a character that UTF-8 can't hold: {error.reason}.") from error
        try:
            return _read_message(response.http_response.content)
        except (ValueError, RecursionError) as error:
            raise EngineError(
                f"{host} sent a reply that can't be read as a message: {_shown(str(error))}; check that "
                "ANTHROPIC_BASE_URL leads to a server that speaks the Messages API.",
                response.http_response.content[:_LONGEST_REPLY].decode("utf-8", "replace"),
            ) from error

    def _connect(self) -> anthropic.AsyncAnthropic:
        if self._client is None:
            self._client = _make_client(self.concurrency, self._timeout)
        return self._client


@dataclass(frozen=True)
class _Message:
    text: str
    stop_reason: StopReason
    usage: Usage
    model: str


def _prompt_fields(prompt: Prompt) -> dict[str, Any]:
    if prompt.reply:
        raise EngineUnusableError(
            "The anthropic engine can't begin the model's reply, because the API has stopped accepting that: "
            "leave `reply` out of the recipe's prompt for this engine."
        )
    messages = [{"role": "user", "content": prompt.user}]
    return {"messages": messages, "system": prompt.system} if prompt.system else {"messages": messages}


def _sampling_fields(request: SampleRequest) -> dict[str, Any]:
    sampling = request.sampling
    for setting in ("temperature", "top_p"):
        if getattr(sampling, setting) is not None:
            raise EngineUnusableError(
                f"The anthropic engine has no {setting}, because the API has stopped accepting it: leave "
                f"`{setting}` out of the recipe's settings for this engine and vary the prompt instead."
            )
    if any(not stop.strip() for stop in sampling.stop):
        raise EngineUnusableError(
            "The anthropic engine can't stop at white space, because the API refuses it: leave such texts "
            "out of `stop` in the recipe's settings for this engine."
        )
    if request.count != 1:
        raise EngineUnusableError(
            f"The anthropic engine gives one completion a call, and {request.count} were asked for."
        )
    fields: dict[str, Any] = {"max_tokens": sampling.max_tokens}
    return {**fields, "stop_sequences": list(sampling.stop)} if sampling.stop else fields


def _vote(answers: tuple[str, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": list(answers)}},
        "required": ["answer"],
        "additionalProperties": False,
    }


def _answer_index(text: str, answers: tuple[str, ...]) -> int | None:
    try:
        reply = json.loads(text)
    except (ValueError, RecursionError):
        return None
    answer = reply.get("answer") if isinstance(reply, dict) else None
    return answers.index(answer) if answer in answers else None


def _read_message(content: bytes) -> _Message:
    """Reads a reply by hand, because the SDK builds its message objects without checking them.

    Raises:
        ValueError: it is not a message; the text says why.
        RecursionError: it is nested too deep.
    """
    match json.loads(content):
        case {"content": list(blocks), "stop_reason": str(reason), "usage": dict(usage), "model": str(model)}:
            stop_reason = _STOP_REASONS.get(reason)
        case _:
            raise ValueError("content, stop_reason, usage or model is missing or of the wrong kind")
    if stop_reason is None:
        raise ValueError(f'its stop_reason is "{reason}"')
    text = "".join(_block_text(block) for block in blocks)
    (text + model).encode()  # half a surrogate pair could not be stored
    # The tokens read from and written to the cache are not part of `input_tokens`.
    cached = _tokens(usage, "cache_creation_input_tokens", 0) + _tokens(usage, "cache_read_input_tokens", 0)
    tokens = Usage(_tokens(usage, "input_tokens") + cached, _tokens(usage, "output_tokens"))
    return _Message(text, stop_reason, tokens, model)


def _block_text(block: object) -> str:
    match block:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": str(kind)} if kind != "text":
            return ""  # thinking
    raise ValueError("a block of its content has no type or no text")


def _tokens(usage: Mapping[str, object], name: str, default: int | None = None) -> int:
    count = usage.get(name)
    if count is None and default is not None:
        return default
    if not isinstance(count, int) or count < 0:
        raise ValueError(f"its usage has no {name}")
    return count


def _make_client(concurrency: int, timeout: float) -> anthropic.AsyncAnthropic:
    """Makes the SDK's client, without its retries: the job waits, where people can see and cancel it."""
    import anthropic
    import httpx2

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=concurrency)
    try:
        client = anthropic.AsyncAnthropic(
            max_retries=0,
            timeout=httpx2.Timeout(timeout, connect=_CONNECT_SECONDS),
            http_client=anthropic.DefaultAsyncHttpxClient(limits=limits),
        )
    except httpx2.InvalidURL as error:
        raise EngineUnusableError(f"ANTHROPIC_BASE_URL is not an address: {_shown(str(error))}.") from None
    except anthropic.AnthropicError as error:
        raise _engine_error(error, "", "") from None
    headers = {name.lower() for name in client.default_headers}
    if client.credentials is None and _KEY_HEADERS.isdisjoint(headers):
        raise EngineUnusableError(
            "The anthropic engine has no key: set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN (any text will "
            "do for a server behind ANTHROPIC_BASE_URL that asks for none)."
        )
    return client


def _host(client: anthropic.AsyncAnthropic) -> str:
    """Returns the server's name and port, without a password that the address may have."""
    return client.base_url.netloc.decode("ascii", "replace") or "ANTHROPIC_BASE_URL"


def _engine_error(error: anthropic.AnthropicError, model: str, host: str) -> EngineError:
    import anthropic
    import httpx2

    cause = error.__cause__
    if isinstance(error, anthropic.APIStatusError):
        return _status_error(error, model, host)
    if isinstance(error, anthropic.APITimeoutError):
        return EngineBusyError(f"{host} did not answer in time; the call can be tried again.")
    if isinstance(cause, httpx2.UnsupportedProtocol):
        return EngineUnusableError("ANTHROPIC_BASE_URL is not an address that begins with http:// or https://.")
    if isinstance(cause, httpx2.LocalProtocolError):
        return EngineUnusableError(
            "The key can't be sent: ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN has a line break or another "
            "character that no key has."
        )
    if isinstance(error, anthropic.APIConnectionError):
        why = _shown(f"{type(cause).__name__}: {cause}", _secrets(error))
        return EngineBusyError(f"The connection to {host} failed ({why}); the call can be tried again.")
    return EngineUnusableError(f"The key for the anthropic engine can't be had: {_shown(str(error))}")


def _status_error(error: anthropic.APIStatusError, model: str, host: str) -> EngineError:
    status = error.status_code
    said = error.api_message if isinstance(error.api_message, str) else error.message
    answer = f"{status}: {_shown(said, _secrets(error)) or 'no message'}"
    if status == 402 or error.error_code in _SPENT:
        return EngineUnusableError(f"{host} wants the account's spending settled first ({answer}).")
    if status in _TRY_AGAIN or status >= 500:
        after = _retry_after(error.response.headers)
        return EngineBusyError(f"{host} is busy or failing ({answer}); the call can be tried again.", after)
    if status == 401:
        return EngineUnusableError(
            f"{host} refused the key ({answer}); check ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN."
        )
    if status == 403:
        return EngineUnusableError(f"{host} does not let this key use {model} ({answer}).")
    if status == 404:
        return EngineUnusableError(f"{host} has no model {model} ({answer}); check the model and ANTHROPIC_BASE_URL.")
    return EngineError(f"{host} refused the request ({answer}).")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds that a reply asks to wait: a number, or a date (RFC 9110, section 10.2.3)."""
    for name, parts in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / parts
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(headers["retry-after"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None
    try:
        now = parsedate_to_datetime(headers["date"]).timestamp()  # the server's clock, which may not be ours
    except (KeyError, ValueError, OverflowError):
        now = time.time()
    return max(0.0, until - now)


def _secrets(error: anthropic.APIError) -> list[str]:
    """Returns what the request proved itself with, which a careless server may repeat in its message."""
    sent = (error.request.headers.get(name, "").removeprefix("Bearer ") for name in _KEY_HEADERS)
    return [secret for secret in sent if len(secret) >= _SHORTEST_SECRET]


def _shown(text: str, secrets: Iterable[str] = ()) -> str:
    """Returns a server's text as one short line for a sentence: no control characters, no secrets."""
    for secret in secrets:
        text = text.replace(secret, "[key]")
    visible = "".join(" " if unicodedata.category(char).startswith(("C", "Z")) else char for char in text[:5000])
    line = " ".join(visible.split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
