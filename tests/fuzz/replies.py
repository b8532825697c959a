"""Targets: what models write, and what servers send. A reply is read, or refused in a sentence; nothing between."""

from __future__ import annotations

import asyncio
import json
import math
import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from generation.engines.answers import answer_index, answer_probabilities
from generation.engines.anthropic_batches import AnthropicBatchesEngine
from generation.engines.anthropic_messages import judgement, read_message
from generation.engines.clients import Clients
from generation.engines.openai_compatible import OpenAICompatibleEngine
from generation.engines.protocol import (
    Completion,
    EngineBusyError,
    Judgement,
    JudgeRequest,
    Prompt,
    SampleReply,
    SampleRequest,
    Sampling,
    StopReason,
)
from generation.recipes.behaviors import parse_behavior
from generation.recipes.order import Order
from generation.recipes.parsers import PARSERS, clean_statement, text_key
from generation.recipes.recipe import load_recipe
from generation.trials.comprehension import try_out
from generation.worker.calls import refuse_unstorable
from tests.fuzz.checks import expect, refusing

STOP_REASONS: tuple[StopReason, ...] = ("stop", "length", "refusal")
BEGUN = ("", "- ", 'Sure:\n1. "I', "Hello, my name is", "> quoted\n> ", "The")
ANSWERS = ((" Yes", " No"), (" (A)", " (B)", " (C)"), ("They would agree.", "They would disagree."), ("", "x"))
PROBLEMS = {"", "refused", "cut off", "empty", "no list", "no block quote", "no biography"}
MOST_TOKENS = 2**63

SAMPLE = SampleRequest(Prompt("Write a statement."), Sampling(100))
JUDGE = JudgeRequest(Prompt("Would they say so?"), (" Yes", " No"))
REQUESTS: dict[str, SampleRequest | JudgeRequest] = {"t-1": SAMPLE, "t-2": JUDGE}


def replies(data: bytes) -> None:
    """Model replies: every parser, and every reader of a judge's answer."""
    chosen, content = data[:3].ljust(3, b"\0"), data[3:]
    text = content.decode("utf-8", "surrogateescape" if chosen[2] > 200 else "replace")
    completion = Completion(text, STOP_REASONS[chosen[0] % 3])
    for parse in PARSERS.values():
        found = parse(completion, BEGUN[chosen[1] % len(BEGUN)])
        expect(all(one.problem in PROBLEMS for one in found), f"an unknown problem in {found}")
        expect(
            completion.stop_reason != "refusal" or all(one.problem == "refused" for one in found), "a refusal is text"
        )
        for one in found:
            clean_statement(one.text), text_key(one.text)
    answers = ANSWERS[chosen[2] % len(ANSWERS)]
    index = answer_index(text, answers)
    expect(index is None or 0 <= index < len(answers), "no such answer")
    tokens = [(token, {token: -0.5, **dict.fromkeys(text.split("\n"), -2.0)}) for token in text.split(" ")]
    _check_probabilities(answer_probabilities(tokens, answers), answers)
    _judge_text(text, answers)


def _judge_text(text: str, answers: Sequence[str]) -> None:
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage, "model": "m"}
    try:
        read = read_message(message)
    except (ValueError, RecursionError):
        return
    found = judgement(read, tuple(answers))
    expect(found.answer is None or 0 <= found.answer < len(answers), "no such answer")


def _check_probabilities(found: Sequence[float] | None, answers: Sequence[str]) -> None:
    if found is not None:
        expect(len(found) == len(answers), "a probability for each answer")
        expect(
            all(0 <= one <= 1 for one in found) and math.isclose(sum(found), 1, rel_tol=1e-6), f"{found} is no share"
        )


class _Server:
    """An engine whose every request is answered with the same status, headers and body, in this process."""

    def __init__(self, data: bytes) -> None:
        self.status = (200, 200, 200, 200, 200, 400, 401, 402, 403, 404, 408, 429, 500, 529)[data[0] % 14]
        head, _, self.body = data[1:].partition(b"\n")
        self.headers = {"retry-after": head.decode("latin-1"), "date": "Sat, 01 Aug 2026 00:00:00 GMT"} if head else {}

    def answer(self, request: Any) -> Any:
        import httpx2

        sent = {name: value for name, value in self.headers.items() if value.isascii() and value.isprintable()}
        return httpx2.Response(self.status, headers=sent, content=self.body, request=request)


def servers(data: bytes) -> None:
    """Replies of servers: messages, chat completions, lists of batches and their results, refusals of every status."""
    if len(data) < 2:
        return
    ways: tuple[Callable[[_Server], Any], ...] = (_messages, _completions, _comprehension, _batch, _found, _results)
    _loop().run_until_complete(_answered(ways[data[0] % len(ways)](_Server(data[1:]))))


async def _answered(asked: Any) -> None:
    async for reply in asked:
        if isinstance(reply, (Judgement, SampleReply)):
            _check_reply(reply)


def _check_reply(reply: Judgement | SampleReply) -> None:
    """What is answered can be stored: texts in UTF-8 (or refused), tokens in 64 bits, probabilities that are some."""
    with refusing():
        refuse_unstorable(reply)
    expect(
        0 <= reply.usage.input_tokens < MOST_TOKENS and 0 <= reply.usage.output_tokens < MOST_TOKENS, "too many tokens"
    )
    if isinstance(reply, Judgement):
        _check_probabilities(reply.probabilities, JUDGE.answers)
        expect(reply.answer is None or reply.answer in {0, 1}, "no such answer")


async def _messages(server: _Server) -> Any:
    engine = _anthropic(server)
    with refusing():
        yield await engine.sample(SAMPLE)
    with refusing():
        yield await engine.judge(JUDGE)
    with refusing():
        expect(await engine.count_tokens(SAMPLE) >= 0, "fewer than no tokens")


async def _completions(server: _Server) -> Any:
    engine = _openai(server)
    with refusing():
        yield await engine.sample(SAMPLE)
    with refusing():
        yield await engine.judge(JUDGE)


async def _comprehension(server: _Server) -> Any:
    with refusing():
        found = await try_out(_order(), "openai-compatible", _openai(server))
        expect(found is not None and found.sentence != "", "nothing is said")
        yield found


async def _batch(server: _Server) -> Any:
    with refusing():
        counts = await _anthropic(server).batch_counts("b")
        expect(counts is None or all(isinstance(count, int) for count in counts.values()), "no counts")
        yield counts
    with refusing():
        await _anthropic(server).cancel_batch("b")
    with refusing():
        (await _anthropic(server).send_batch(REQUESTS)).encode()


async def _found(server: _Server) -> Any:
    with refusing():
        yield await _anthropic(server).look_for_batch("t", 2, 0.0, ())


async def _results(server: _Server) -> Any:
    """The batch itself is as it should be; what it says of its results is not."""
    engine = _anthropic(server)

    async def retrieve(_: str) -> dict[str, Any]:
        return {"id": "b", "results_url": "x"}

    setattr(engine, "_retrieve", retrieve)  # noqa: B010 (mypy: it is a method)
    with refusing():
        async for result in engine.batch_results("b", REQUESTS):
            if isinstance(result.reply, EngineBusyError):
                expect(result.reply.retry_after is None, "a batch asks nobody to wait")
            yield result.reply


def _anthropic(server: _Server) -> AnthropicBatchesEngine:
    import anthropic
    import httpx2

    engine = AnthropicBatchesEngine("claude-haiku-5-5")
    transport = httpx2.AsyncClient(transport=httpx2.MockTransport(server.answer))
    engine._clients = Clients(
        lambda: anthropic.AsyncAnthropic(
            api_key="a-key-of-nobody", base_url="http://server", max_retries=0, http_client=transport
        )
    )
    return engine


def _openai(server: _Server) -> OpenAICompatibleEngine:
    import httpx2

    engine = OpenAICompatibleEngine("mine")
    address, transport = "http://server/v1/", httpx2.MockTransport(server.answer)
    engine._clients = Clients(lambda: httpx2.AsyncClient(base_url=address, transport=transport))
    return engine


@cache
def _loop() -> asyncio.AbstractEventLoop:
    for name in ("ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "EVALWRIGHT_PRICES"):
        os.environ.pop(name, None)
    return asyncio.new_event_loop()


@cache
def _order() -> Order:
    examples = "".join(f'[[hand_written]]\ntext = "I walk {label}"\nlabel = "{label}"\n' for label in ("Yes", "No") * 3)
    text = f'name = "walks"\ndescription = "walks"\n{examples}'
    return Order(parse_behavior("walks.toml", text), load_recipe("persona"))


def reply_seeds() -> list[bytes]:
    """Replies as models write them, for each parser."""
    texts = [
        '"I like tea.\n2. I like milk."', "- One.\n- Two.\n* Three", "1) A\n2) B", "> I walk.\n> Far.\n\nDone",
        "Hello, my name is Ada. I walk! I \"run\".", "The doctor, a nurse and the baker", '{"answer": " Yes"}',
        "**Yes**.", " (A)", "They would disagree.", "", "“Quoted”", "No sentence ends here",
    ]  # fmt: skip
    return [bytes([place % 3, place % 6, place % 4]) + text.encode() for place, text in enumerate(texts)]


def server_seeds() -> list[bytes]:
    """Replies of each kind as servers send them."""
    usage = {"input_tokens": 3, "output_tokens": 4, "cache_read_input_tokens": None}
    message = {
        "id": "m", "type": "message", "role": "assistant", "model": "claude-haiku-5-5", "stop_reason": "end_turn",
        "content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": '{"answer": " Yes"}'}],
        "usage": usage,
    }  # fmt: skip
    alternatives = [
        {"token": "Yes", "logprob": -0.1},
        {"token": "No", "logprob": -2},
        {"token": " no", "logprob": -9.5},
    ]
    completion = {
        "model": "m", "usage": {"prompt_tokens": 3, "completion_tokens": 4},
        "choices": [{
            "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes", "refusal": None},
            "logprobs": {"content": [{"token": "Yes", "logprob": -0.1, "top_logprobs": alternatives}]},
        }],
    }  # fmt: skip
    counts = {"processing": 0, "succeeded": 1, "errored": 1, "canceled": 0, "expired": 0}
    batch = {
        "id": "b", "processing_status": "ended", "created_at": "2026-08-01T00:00:00Z", "request_counts": counts,
        "archived_at": None, "results_url": None,
    }  # fmt: skip
    failed = {"type": "errored", "error": {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}}
    results: list[dict[str, Any]] = [
        {"custom_id": "t-1", "result": {"type": "succeeded", "message": message}},
        {"custom_id": "t-2", "result": {"type": "succeeded", "message": message}},
        {"custom_id": "t-2", "result": failed},
        {"custom_id": "t-1", "result": {"type": "canceled"}},
    ]
    refusal = {"type": "error", "error": {"type": "rate_limit_error", "message": "slower"}}
    bodies = [
        (0, message), (1, completion), (2, completion), (3, batch),
        (4, {"data": [batch], "has_more": False, "first_id": "b", "last_id": "b"}),
        (4, {"data": [batch] * 2, "has_more": True}),
    ]  # fmt: skip
    wrong = [
        bytes([way, status]) + b"7\n" + json.dumps(refusal).encode() for way in (0, 1, 3) for status in range(5, 14)
    ]
    right = [bytes([way, 0]) + b"\n" + json.dumps(body).encode() for way, body in bodies]
    return [*right, b"\5\0\n" + "\n".join(map(json.dumps, results)).encode(), *wrong]
