"""The engine `anthropic`: the Messages API through Anthropic's SDK.

The API has no log-probabilities, so `judge` votes; it has no temperature and no top-p, so diversity has to
come from the prompt; and it lets nobody begin the model's reply. A request for what it lacks is refused with
a sentence. It has no seed either: a request's seed changes nothing, and equal calls may get other replies.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from generation.engines.answers import answer_index, without_thoughts
from generation.engines.anthropic_client import asked_of, engine_error, host_of, make_client
from generation.engines.chat_forms import listing, vote_schema
from generation.engines.clients import Clients
from generation.engines.faults import fault, unreadable, without_secrets
from generation.engines.protocol import (
    CALL_SECONDS,
    MOST_TOKENS,
    Completion,
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
from generation.engines.refusals import error_in

if TYPE_CHECKING:
    import anthropic

T = TypeVar("T")

# Most models think before they answer, and what they think counts as output; a vote cut off there is no vote.
JUDGE_MAX_TOKENS = 4096

_COUNTED = ("model", "messages", "system", "output_config")

_STOP_REASONS: Mapping[object, StopReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "refusal": "refusal",
    "content_filter": "refusal",
}
"""Why replies end, where it isn't because they are whole: "end_turn", and other names on other servers."""


class AnthropicEngine:
    """Samples and votes with a model of the Messages API.

    Key and address come from the environment, as the SDK reads it: ANTHROPIC_API_KEY, or else
    ANTHROPIC_AUTH_TOKEN, or else one of the SDK's profiles; and ANTHROPIC_BASE_URL. The SDK is imported, and
    the key looked for, when the engine gets ready.
    """

    name = "anthropic"
    samples_per_call = 1
    has_probabilities = False
    judge_tokens = most_judge_tokens = JUDGE_MAX_TOKENS
    settings = frozenset({"max_tokens", "stop"})

    def __init__(
        self, model: str, *, concurrency: int = 16, timeout: float = CALL_SECONDS, leave_out: Iterable[str] = ()
    ) -> None:
        """Makes an engine.

        Args:
            model: The model id, e.g. `claude-haiku-5-5`.
            concurrency: How many calls may be in flight, at least 1; as many connections are kept open.
            timeout: Seconds to wait for an answer.
            leave_out: Settings that the server refuses, which are not sent.
        """
        self.model = model
        self.concurrency = concurrency
        self._left_out = frozenset(leave_out)
        self._clients = Clients(lambda: make_client(timeout))
        self._lists = "output_config" in self._left_out
        self._keeps_to_schema = False

    def request_as_sent(self, request: SampleRequest | JudgeRequest) -> dict[str, Any]:
        """Returns the body of the call that `sample` or `judge` makes, all of it, ready for JSON.

        Raises:
            EngineUnusableError: the request needs what this API lacks.
        """
        body = {"model": self.model, "max_tokens": JUDGE_MAX_TOKENS, **_prompt_fields(request.prompt)}
        if isinstance(request, SampleRequest):
            body |= _sampling_fields(request)
        elif self._lists:
            body["messages"] = [{"role": "user", "content": listing(request.prompt.user, request.answers)}]
        else:
            body["output_config"] = {"format": {"type": "json_schema", "schema": vote_schema(request.answers)}}
        return {name: value for name, value in body.items() if name not in self._left_out}

    async def prepare(self, tell: Callable[[str], None]) -> None:
        """Looks for a key; the first call says whether the server can be reached."""
        with self._clients.lent():
            pass

    async def count_tokens(self, request: SampleRequest | JudgeRequest) -> int:
        """Returns how many tokens the prompt of a call has, as the server counts them; raises like `sample`."""
        body = self.request_as_sent(request)
        asked: dict[str, Any] = {name: body[name] for name in _COUNTED if name in body}
        return await self.ask(
            lambda client: client.messages.with_raw_response.count_tokens(**asked),
            lambda reply: _tokens(reply, "input_tokens"),
            body=asked,
        )

    async def sample(self, request: SampleRequest) -> SampleReply:
        """Returns one completion; a refusal keeps its text. See `Engine.sample`."""
        body = self.request_as_sent(request)
        return replace(sample_reply(await self._call(body)), sent=body)

    async def judge(self, request: JudgeRequest) -> Judgement:
        """Returns one vote; it has an answer only if the reply is whole and names one. See `Engine.judge`."""
        body = self.request_as_sent(request)
        found = judgement(await self._call(body), request.answers)
        if "output_config" in body and found.stop_reason == "stop":
            # Other servers than Anthropic's pass over it in silence. There the prompt lists the answers, which one odd
            # reply of a server that has kept to the schema is no reason for.
            self._keeps_to_schema = self._keeps_to_schema or found.raw.lstrip().startswith("{")
            self._lists = not self._keeps_to_schema
        return replace(found, sent=body)

    async def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.taken():
            await client.close()

    async def _call(self, body: dict[str, Any]) -> Message:
        return await self.ask(
            lambda client: client.messages.with_raw_response.create(**body), read_message, body=body
        )  # fmt: skip

    async def ask(
        self,
        ask: Callable[[anthropic.AsyncAnthropic], Awaitable[Any]],
        read: Callable[[Any], T],
        *,
        body: Mapping[str, Any] | None = None,
        parse: Callable[[bytes], Any] = json.loads,
    ) -> T:
        """Asks the server, and reads what it says; raises like `sample`.

        Args:
            ask: Makes the call.
            read: Makes of what the reply says what is returned, or raises ValueError.
            body: What is sent, to tell which part of it the server refuses.
            parse: Makes of the reply's bytes what it says.
        """
        sent = body or {}
        with self._clients.lent() as client:
            from anthropic import AnthropicError

            host = host_of(client)
            try:
                response = await ask(client)
            except AnthropicError as error:
                # Not chained: the SDK's exception may quote the header with the key, and tracebacks go to logs.
                raise engine_error(error, self.model, host, sent) from None
            except UnicodeEncodeError as error:
                raise EngineError(f"The prompt has a character that UTF-8 can't hold: {error.reason}.") from error
            response = getattr(response, "http_response", response)
            asked = asked_of(client, response.request.url.path, self.model, sent)
            content = without_secrets(response.content, asked.secrets)
            try:
                reply = parse(content)
                if refusal := error_in(reply):
                    raise fault(refusal, asked)
                return read(reply)
            except (ValueError, RecursionError) as error:
                raise unreadable(asked, error, content) from error


@dataclass(frozen=True)
class Message:
    """What was written, why it ended, what it took, and which model wrote it."""

    text: str
    stop_reason: StopReason
    usage: Usage
    model: str


def sample_reply(message: Message) -> SampleReply:
    """Returns a message as a completion."""
    return SampleReply((Completion(message.text, message.stop_reason),), message.usage, message.model)


def judgement(message: Message, answers: tuple[str, ...]) -> Judgement:
    """Returns a message as a vote."""
    answer = answer_index(message.text, answers) if message.stop_reason == "stop" else None
    return Judgement(None, answer, message.text, message.stop_reason, message.usage, message.model)


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


def read_message(message: object) -> Message:
    """Reads a message by hand, because the SDK builds its message objects without checking them.

    Raises:
        ValueError: it is not a message; the text says why.
        RecursionError: it is nested too deep.
    """
    match message:
        case {"content": list(blocks), "usage": dict(usage), "model": str(model)}:
            assert isinstance(message, dict)
            reason = message.get("stop_reason")
        case _:
            raise ValueError("content, usage or model is missing or of the wrong kind")
    if reason is None and not blocks:
        raise ValueError("it has neither content nor a stop_reason")
    stop_reason = _STOP_REASONS.get(reason, "stop") if isinstance(reason, str) else "stop"
    text = without_thoughts("".join(_block_text(block) for block in blocks))
    (text + model).encode()  # half a surrogate pair could not be stored
    # The tokens read from and written to the cache are not part of `input_tokens`.
    cached = _tokens(usage, "cache_creation_input_tokens", 0) + _tokens(usage, "cache_read_input_tokens", 0)
    tokens = Usage(_tokens(usage, "input_tokens") + cached, _tokens(usage, "output_tokens"))
    return Message(text, stop_reason, tokens, model)


def _block_text(block: object) -> str:
    match block:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": str(kind)} if kind != "text":
            return ""  # thinking
    raise ValueError("a block of its content has no type or no text")


def _tokens(usage: object, name: str, default: int | None = None) -> int:
    count = usage.get(name) if isinstance(usage, dict) else None
    if count is None and default is not None:
        return default
    if not isinstance(count, int) or not 0 <= count <= MOST_TOKENS:
        raise ValueError(f"its usage has no {name}")
    return count
