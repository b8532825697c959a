"""The engine `openai-compatible`: any server that answers `POST /chat/completions` as OpenAI's does.

Such are vLLM, llama.cpp's server, Ollama, SGLang, and OpenAI itself. Many give the log-probabilities of the tokens that
were likeliest at each place: then a judgement is the probability of each answer at the first token that tells the
answers apart (Perez et al. 2022, section 2, score whole answers, which this protocol can't). Where a server gives none,
a judgement is a vote.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generation.engines.answers import answer_index, answer_probabilities
from generation.engines.clients import Clients
from generation.engines.protocol import (
    MOST_TOKENS,
    Completion,
    EngineError,
    EngineUnsureError,
    EngineUnusableError,
    Judgement,
    JudgeRequest,
    Prompt,
    SampleReply,
    SampleRequest,
    StopReason,
    Usage,
)
from generation.engines.server_errors import known_secrets, shown, status_error

if TYPE_CHECKING:
    import httpx2

PUBLIC_ADDRESS = "https://api.openai.com/v1"
BYTES_PER_TOKEN = 4
"""What a token is taken to be where a server doesn't count them."""

LARGEST_LOGPROB, LEAST_LOGPROB = 1.0, -1000.0
"""What is above the one isn't the logarithm of a probability; what is below the other counts as it: no probability."""

_CONNECT_SECONDS = 10.0
_LONGEST_REPLY = 10_000
_MOST_ALTERNATIVES = 20
_JUDGE_TOKENS = 256
_STOP_REASONS: Mapping[object, StopReason] = {"stop": "stop", "length": "length", "content_filter": "refusal"}
_ASK = "Answer with exactly one of these, word for word, and write nothing else:"


class OpenAICompatibleEngine:
    """Samples and judges through chat completions.

    The address comes from OPENAI_BASE_URL, with its `/v1`; the key from OPENAI_API_KEY, which a server of one's own may
    not need.
    """

    name = "openai-compatible"
    samples_per_call = 1
    judge_tokens = _JUDGE_TOKENS
    settings = frozenset({"max_tokens", "temperature", "top_p", "stop"})

    def __init__(self, model: str, *, concurrency: int = 16, timeout: float = 600.0) -> None:
        """Makes an engine.

        Args:
            model: The model id, as the server knows it.
            concurrency: How many calls may be in flight, at least 1.
            timeout: Seconds to wait for an answer.
        """
        self.model = model
        self.concurrency = concurrency
        self.has_probabilities = True
        self._clients = Clients(lambda: _make_client(timeout))
        self._probing = asyncio.Lock()
        self._probed = False
        self._limit = "max_tokens"

    async def prepare(self, tell: Callable[[str], None]) -> None:
        """Asks the server one short question, to learn whether it gives log-probabilities."""
        async with self._probing:
            if not self._probed:
                self.has_probabilities = await self._gives_probabilities()
                self._probed = True

    def request_as_sent(self, request: SampleRequest | JudgeRequest) -> dict[str, Any]:
        """Returns the body of the call that `sample` or `judge` makes, all of it, ready for JSON.

        Raises:
            EngineUnusableError: the request needs what this protocol lacks.
        """
        if isinstance(request, SampleRequest):
            sampling = request.sampling
            if request.count != 1:
                raise EngineUnusableError(f"The {self.name} engine gives one completion a call.")
            settings = {
                "temperature": sampling.temperature,
                "top_p": sampling.top_p,
                "stop": list(sampling.stop) or None,
            }
            wanted = {name: value for name, value in settings.items() if value is not None}
            return {**self._body(request.prompt, sampling.max_tokens), **wanted, "seed": request.seed}
        listed = "\n".join(f"- {answer.strip()}" for answer in request.answers)
        prompt = Prompt(f"{request.prompt.user}\n\n{_ASK}\n{listed}", request.prompt.reply, request.prompt.system)
        body = {**self._body(prompt, _JUDGE_TOKENS), "temperature": 1.0, "seed": request.seed}
        return {**body, "logprobs": True, "top_logprobs": _MOST_ALTERNATIVES} if self.has_probabilities else body

    async def sample(self, request: SampleRequest) -> SampleReply:
        """Returns one completion; a refusal keeps its text. See `Engine.sample`."""
        await self.prepare(_tell_nobody)
        reply = await self._ask(self.request_as_sent(request))
        return SampleReply((Completion(reply.text, reply.stop_reason),), reply.usage, reply.model)

    async def judge(self, request: JudgeRequest) -> Judgement:
        """Returns probabilities where the reply carries them, else a vote, else neither. See `Engine.judge`."""
        await self.prepare(_tell_nobody)
        reply = await self._ask(self.request_as_sent(request))
        probabilities = answer = None
        if reply.stop_reason == "stop":
            probabilities = answer_probabilities(reply.tokens, request.answers)
            answer = answer_index(reply.text, request.answers) if probabilities is None else None
        return Judgement(probabilities, answer, reply.text, reply.stop_reason, reply.usage, reply.model)

    async def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.taken():
            await client.aclose()

    def _body(self, prompt: Prompt, max_tokens: int) -> dict[str, Any]:
        if prompt.reply:
            raise EngineUnusableError(
                f"The {self.name} engine can't begin the model's reply: leave `reply` out of the recipe's prompt for "
                "this engine."
            )
        system = [{"role": "system", "content": prompt.system}] if prompt.system else []
        messages = [*system, {"role": "user", "content": prompt.user}]
        return {"model": self.model, "messages": messages, self._limit: max_tokens}

    async def _gives_probabilities(self) -> bool:
        """Asks with log-probabilities, and without where that is refused.

        The newest models of OpenAI's want the limit under another name, which is then used.
        """
        question = Prompt("Answer with yes or no: is water wet?")
        for limit in ("max_tokens", "max_completion_tokens"):
            self._limit = limit
            for wanted in ({"logprobs": True, "top_logprobs": _MOST_ALTERNATIVES}, {}):
                try:
                    reply = await self._ask({**self._body(question, 16), **wanted})
                except (EngineUnsureError, EngineUnusableError):
                    raise
                except EngineError as error:
                    refused = error
                    continue
                return any(len(alternatives) > 1 for _, alternatives in reply.tokens)
        raise refused

    async def _ask(self, body: dict[str, Any]) -> _Reply:
        with self._clients.lent() as client:
            return await self._ask_with(client, body)

    async def _ask_with(self, client: httpx2.AsyncClient, body: dict[str, Any]) -> _Reply:
        import httpx2

        host = client.base_url.netloc.decode("ascii", "replace")
        try:
            response = await client.post("chat/completions", json=body)
        except httpx2.TimeoutException:
            raise EngineUnsureError(f"{host} did not answer in time; the call can be tried again.") from None
        except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError):
            raise EngineUnusableError(
                "OPENAI_BASE_URL is not an address that begins with http:// or https://, or OPENAI_API_KEY has a "
                "character that no key has."
            ) from None
        except httpx2.TransportError as error:
            why = shown(f"{type(error).__name__}: {error}", _secrets(client))
            raise EngineUnsureError(f"The connection to {host} failed ({why}); the call can be tried again.") from None
        except UnicodeEncodeError as error:
            raise EngineError(f"The prompt has a character that UTF-8 can't hold: {error.reason}.") from error
        if response.status_code >= 400:
            raise self._status_error(response, client, host)
        try:
            return _read_reply(json.loads(response.content), body)
        except (ValueError, RecursionError) as error:
            raise EngineError(
                f"{host} sent a reply that can't be read as a chat completion: {shown(str(error))}; check that "
                "OPENAI_BASE_URL leads to a server that speaks that protocol.",
                response.content[:_LONGEST_REPLY].decode("utf-8", "replace"),
            ) from error

    def _status_error(self, response: httpx2.Response, client: httpx2.AsyncClient, host: str) -> EngineError:
        said = shown(_error_text(response.content), _secrets(client))
        return status_error(
            response.status_code,
            said,
            response.headers,
            host=host,
            model=self.model,
            keys="OPENAI_API_KEY",
            address="OPENAI_BASE_URL",
        )


@dataclass(frozen=True)
class _Reply:
    """A chat completion: its text, why it ended, its tokens each with the likeliest alternatives, and what it took."""

    text: str
    stop_reason: StopReason
    tokens: list[tuple[str, dict[str, float]]]
    usage: Usage
    model: str


def _read_reply(reply: object, body: Mapping[str, Any]) -> _Reply:
    """Reads a chat completion.

    Raises:
        ValueError: it is none; the text says why.
    """
    match reply:
        case {"choices": [{"message": dict(message), "finish_reason": str(reason)} as choice, *_]}:
            pass
        case _:
            raise ValueError("choices, message or finish_reason is missing or of the wrong kind")
    assert isinstance(reply, dict)
    refusal = message.get("refusal")
    text = refusal or message.get("content")
    stop_reason = "refusal" if refusal else _STOP_REASONS.get(reason)
    if stop_reason is None:
        raise ValueError(f'its finish_reason is "{reason}"')
    if not isinstance(text, str | None):
        raise ValueError("its content is no text")
    model = reply.get("model")
    return _Reply(
        text or "",
        stop_reason,
        _tokens(choice.get("logprobs")),
        _usage(reply.get("usage"), body, text or ""),
        model if isinstance(model, str) else str(body["model"]),
    )


def _tokens(logprobs: object) -> list[tuple[str, dict[str, float]]]:
    """Returns each token with the log-probabilities of what could have stood there; nothing where there are none."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    tokens = []
    for entry in content if isinstance(content, list) else []:
        match entry:
            case {"token": str(token), "top_logprobs": list(alternatives)}:
                tokens.append((token, dict(_alternatives(alternatives))))
            case _:
                return []
    return tokens


def _alternatives(given: list[object]) -> Iterator[tuple[str, float]]:
    """Yields the tokens with the logarithms of their probabilities; one above 0 is a rounding error."""
    for each in given:
        match each:
            case {"token": str(token), "logprob": int() | float() as logprob} if logprob <= LARGEST_LOGPROB:
                yield token, min(0.0, float(max(logprob, LEAST_LOGPROB)))


def _usage(usage: object, body: Mapping[str, Any], text: str) -> Usage:
    match usage:
        case {"prompt_tokens": int(read), "completion_tokens": int(written)} if (
            min(read, written) >= 0 and max(read, written) <= MOST_TOKENS
        ):
            return Usage(read, written)
    read = sum(len(message["content"].encode("utf-8", "replace")) for message in body["messages"])
    return Usage(read // BYTES_PER_TOKEN + 1, len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN + 1)


def _error_text(content: bytes) -> str:
    """Returns what a server says went wrong: servers put it in different places."""
    try:
        reply = json.loads(content)
    except (ValueError, RecursionError):
        return content[:_LONGEST_REPLY].decode("utf-8", "replace")
    error = reply.get("error", reply) if isinstance(reply, dict) else reply
    said = error.get("message", error.get("detail")) if isinstance(error, dict) else error
    return said if isinstance(said, str) else json.dumps(said)


def _make_client(timeout: float) -> httpx2.AsyncClient:
    import httpx2

    key, address = os.environ.get("OPENAI_API_KEY", ""), os.environ.get("OPENAI_BASE_URL", "")
    if not key and not address:
        raise EngineUnusableError(
            "The openai-compatible engine has neither address nor key: set OPENAI_BASE_URL, such as "
            "http://127.0.0.1:8000/v1, and OPENAI_API_KEY if the server asks for one."
        )
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    try:
        return httpx2.AsyncClient(
            base_url=(address or PUBLIC_ADDRESS).rstrip("/") + "/",
            headers={"authorization": f"Bearer {key}"} if key else {},
            timeout=httpx2.Timeout(timeout, connect=_CONNECT_SECONDS),
            limits=limits,
        )
    except (httpx2.InvalidURL, UnicodeEncodeError) as error:
        raise EngineUnusableError(f"OPENAI_BASE_URL or OPENAI_API_KEY can't be used: {shown(str(error))}.") from None


def _secrets(client: httpx2.AsyncClient) -> list[str]:
    return known_secrets([client.headers.get("authorization", "")])


def _tell_nobody(_note: str) -> None:
    pass
