"""What an engine is: something that samples completions of a prompt and judges between a closed set of answers.

Engines run in the worker process only. One call of `sample` or `judge` is one work item, so that a crash repeats no
call whose answer was stored, and every call can be counted, priced and retried by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from db.errors import EvalwrightError

CALL_SECONDS = 600.0
"""How long an engine waits for a server's answer, unless told otherwise."""

StopReason = Literal["stop", "length", "refusal"]


@dataclass(frozen=True)
class Prompt:
    """A prompt as it is sent.

    Attributes:
        user: What the user says.
        reply: The beginning of the assistant's reply, written for it; empty where the engine begins its own reply.
        system: The system prompt, or empty.
    """

    user: str
    reply: str = ""
    system: str = ""


@dataclass(frozen=True)
class Sampling:
    """How to sample; `None` leaves a setting to the engine.

    Attributes:
        max_tokens: The most tokens a completion may have, at least 1.
        temperature: At least 0.
        top_p: In (0, 1].
        stop: Texts that end a completion; the completion does not include them.
    """

    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class SampleRequest:
    """Ask for `count` completions of one prompt."""

    prompt: Prompt
    sampling: Sampling
    count: int = 1
    seed: int = 0


@dataclass(frozen=True)
class Completion:
    """One completion: its text without the stop text, and why it ended."""

    text: str
    stop_reason: StopReason


MOST_TOKENS = 10**12
"""More than any call takes: a server that counts more counts wrong."""


@dataclass(frozen=True)
class Usage:
    """Tokens that a call took, as the engine counted them; `guessed` where it didn't count them all."""

    input_tokens: int = 0
    output_tokens: int = 0
    guessed: bool = False


@dataclass(frozen=True)
class SampleReply:
    """The completions of one call.

    Attributes:
        model: The id that the engine says it ran.
        sent: What was sent, all of it, but for the key.
    """

    completions: tuple[Completion, ...]
    usage: Usage
    model: str
    sent: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class JudgeRequest:
    """Ask which of `answers` (at least two, distinct) is the reply to the prompt.

    Attributes:
        max_tokens: The most tokens that the reply may have; None is the engine's `judge_tokens`.
    """

    prompt: Prompt
    answers: tuple[str, ...]
    seed: int = 0
    max_tokens: int | None = None


@dataclass(frozen=True)
class Judgement:
    """One judgement of a closed set of answers.

    Attributes:
        probabilities: One per answer, summing to 1, where the engine has them; else None.
        answer: The index of the answer given, where the engine only votes; None if the reply was unreadable.
        raw: The reply as it came, for the funnel; empty where probabilities were read directly.
        stop_reason: Why the reply ended; a refusal is not an answer.
        usage: Tokens.
        model: The id that the engine says it ran.
        sent: What was sent, all of it, but for the key.
    """

    probabilities: tuple[float, ...] | None
    answer: int | None
    raw: str
    stop_reason: StopReason
    usage: Usage
    model: str
    sent: Mapping[str, Any] = field(default_factory=dict, compare=False)


class EngineError(EvalwrightError):
    """A call failed; nothing of it is stored but this sentence, and the reply that caused it.

    Attributes:
        kind: What kind of fault it is (`generation.engines.faults.Kind`), or an empty text.
        reply: What came back, or an empty text; a question mark stands for half a surrogate pair, which nothing stores.
        usage: What the call took all the same, as far as the server says so.
    """

    def __init__(self, message: str, reply: str = "", *, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.usage = Usage()
        self.reply = reply.encode("utf-8", "replace").decode()


class EngineBusyError(EngineError):
    """Try again later: rate limits, overload, lost connections, server errors, replies that can't be read.

    Attributes:
        retry_after: Seconds that the server asked us to wait, or None.
    """

    def __init__(self, message: str, retry_after: float | None = None, *, kind: str = "busy", reply: str = "") -> None:
        super().__init__(message, reply, kind=kind)
        self.retry_after = retry_after


class EngineUnusableError(EngineError):
    """No call can succeed as things are: no key, a wrong key, no such model, no model file. The job pauses."""


class NoKeyError(EngineUnusableError):
    """The environment has no key for the engine; that of somebody else's worker may have one. The job is left alone."""


class SettingRefusedError(EngineUnusableError):
    """The server refuses one of the settings that were sent.

    Attributes:
        setting: Its name in the request.
        said: What the server said, as it came.
    """

    def __init__(self, message: str, *, setting: str, said: str = "") -> None:
        super().__init__(message, kind="setting")
        self.setting = setting
        self.said = said


class EngineUnsureError(EngineBusyError):
    """No answer came that can be read: whether the server has done what it was asked isn't known."""


class Engine(Protocol):
    """What runs a prompt.

    Attributes:
        name: The engine's name in behaviour files and on the command line.
        model: The model id asked for.
        concurrency: How many calls may be in flight.
        samples_per_call: The most completions that one call may ask for.
        has_probabilities: Whether `judge` gives probabilities, as far as is known: a judgement that has none all the
            same is a vote, and several votes are asked.
        judge_tokens: The most tokens that the reply of a judge may have; it may grow, up to `most_judge_tokens`.
        settings: The names of the `Sampling` fields that this engine can honour, e.g. {"max_tokens", "stop"}.
    """

    name: str
    model: str
    concurrency: int
    samples_per_call: int
    judge_tokens: int
    most_judge_tokens: int
    settings: frozenset[str]

    @property
    def has_probabilities(self) -> bool:
        """See the class."""
        ...

    async def prepare(self, tell: Callable[[str], None]) -> None:
        """Gets ready for the first call, which may take minutes: fetches a model, asks a server what it can.

        Args:
            tell: Told in a few words how far it is; may be called from any thread.

        Raises:
            EngineError: if the engine can't be used.
        """
        ...

    async def sample(self, request: SampleRequest) -> SampleReply:
        """Returns completions.

        Raises:
            EngineBusyError: worth trying again.
            EngineUnusableError: nothing will work until a person acts.
            EngineError: this call can't succeed.
        """
        ...

    async def judge(self, request: JudgeRequest) -> Judgement:
        """Returns a judgement; raises like `sample`."""
        ...

    async def close(self) -> None:
        """Frees what the engine holds."""
        ...


Outcome = Literal["succeeded", "errored", "expired", "canceled"]
OUTCOMES: tuple[Outcome, ...] = ("succeeded", "errored", "expired", "canceled")


class BatchGoneError(EngineError):
    """The server has no such batch any more."""


@dataclass(frozen=True)
class BatchResult:
    """What became of one request of a batch; `name` is the one it was sent with."""

    name: str
    outcome: Outcome
    reply: SampleReply | Judgement | EngineError


@runtime_checkable
class BatchEngine(Engine, Protocol):
    """An engine that also takes many calls at once, and answers them when it has time.

    `sample` and `judge` still make one call at a time, for a person who waits.
    """

    async def send_batch(self, requests: Mapping[str, SampleRequest | JudgeRequest]) -> str:
        """Sends requests by name, and returns the server's name for the batch.

        Raises:
            EngineUnsureError: the server may have it nevertheless; `look_for_batch` tells.
            EngineError: it was refused.
        """
        ...

    async def look_for_batch(self, token: str, requests: int, since: float, known: Collection[str]) -> str | None:
        """Looks for a batch whose sending was cut short.

        Args:
            token: What the names of its requests begin with.
            requests: How many it has.
            since: When it was sent at the earliest, in seconds since 1970.
            known: The server's names of batches that are others for certain.

        Returns:
            The server's name for the batch, or None if it never arrived.

        Raises:
            EngineBusyError: it can't be told yet.
        """
        ...

    async def batch_counts(self, batch_id: str) -> Mapping[Outcome, int] | None:
        """Returns how many requests of a batch ended how, or None while it is under way.

        Raises:
            BatchGoneError: the server has no such batch any more.
            EngineError: like `sample`.
        """
        ...

    async def cancel_batch(self, batch_id: str) -> None:
        """Asks the server to end a batch; what it has answered already stays to be had."""
        ...

    def batch_results(
        self, batch_id: str, requests: Mapping[str, SampleRequest | JudgeRequest]
    ) -> AsyncIterator[BatchResult]:
        """Yields what became of each request of a batch that has ended, in no order; raises like `sample`."""
        ...
