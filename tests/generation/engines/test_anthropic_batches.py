"""The Batches protocol, through the real SDK against the loopback server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from generation.engines.anthropic_batches import AnthropicBatchesEngine
from generation.engines.protocol import (
    BatchEngine,
    BatchGoneError,
    BatchResult,
    EngineBusyError,
    EngineError,
    EngineUnsureError,
    Judgement,
    JudgeRequest,
    Prompt,
    SampleReply,
    SampleRequest,
    Sampling,
)
from tests.support.batch_server import Fate
from tests.support.messages_server import MessagesServer, dropped, rate_limited

TOKEN = "evalwright-0123456789abcdef"
LIST = "Please write a list of 3 statements."


@pytest.fixture
async def batches(messages_server: MessagesServer) -> AsyncIterator[AnthropicBatchesEngine]:
    engine = AnthropicBatchesEngine("claude-haiku-5-5")
    assert isinstance(engine, BatchEngine)
    yield engine
    await engine.close()


def calls(count: int) -> dict[str, SampleRequest | JudgeRequest]:
    """Requests by name: samples and judgements by turns."""
    kinds = (SampleRequest(Prompt(LIST), Sampling(100)), JudgeRequest(Prompt("Which?"), ("yes", "no")))
    return {f"{TOKEN}-{number}-1": kinds[number % 2] for number in range(count)}


async def results(engine: AnthropicBatchesEngine, batch_id: str, count: int) -> dict[str, BatchResult]:
    return {result.name: result async for result in engine.batch_results(batch_id, calls(count))}


async def test_results_come_in_no_order_and_each_is_what_it_is(
    messages_server: MessagesServer, batches: AnthropicBatchesEngine
) -> None:
    fates: dict[int, Fate] = {3: "expired", 4: "errored", 5: "invalid"}
    messages_server.batches.fate = lambda number: fates.get(number, "succeeded")
    batch_id = await batches.send_batch(calls(40))
    assert await batches.batch_counts(batch_id) == {"succeeded": 37, "errored": 2, "expired": 1, "canceled": 0}
    found = await results(batches, batch_id, 40)
    assert found.keys() == calls(40).keys()
    assert list(found) != list(calls(40))
    for number, (name, request) in enumerate(calls(40).items(), start=1):
        reply = found[name].reply
        if number == 3:
            assert (found[name].outcome, type(reply)) == ("expired", EngineBusyError)
        elif number in {4, 5}:
            assert (found[name].outcome, type(reply)) == ("errored", EngineUnsureError if number == 4 else EngineError)
        else:
            assert isinstance(reply, SampleReply if isinstance(request, SampleRequest) else Judgement)


async def test_a_batch_under_way_has_no_counts_and_can_be_canceled(
    messages_server: MessagesServer, batches: AnthropicBatchesEngine
) -> None:
    messages_server.batches.seconds = 3600
    batch_id = await batches.send_batch(calls(4))
    assert await batches.batch_counts(batch_id) is None
    await batches.cancel_batch(batch_id)
    assert await batches.batch_counts(batch_id) == {"succeeded": 0, "errored": 0, "expired": 0, "canceled": 4}
    with pytest.raises(BatchGoneError):
        await batches.batch_counts("msgbatch_absent")


async def test_a_lost_connection_leaves_it_open_whether_the_batch_was_taken(
    messages_server: MessagesServer, batches: AnthropicBatchesEngine
) -> None:
    messages_server.script = [dropped(), rate_limited("3")]
    with pytest.raises(EngineUnsureError):
        await batches.send_batch(calls(2))
    with pytest.raises(EngineBusyError) as refused:
        await batches.send_batch(calls(2))
    assert not isinstance(refused.value, EngineUnsureError)
    assert len(messages_server.batches.batches) == 1
    assert await batches.look_for_batch(TOKEN, 2, time.time(), set()) == "msgbatch_0001"


async def test_a_batch_is_looked_for_among_those_that_could_be_it(
    messages_server: MessagesServer, batches: AnthropicBatchesEngine
) -> None:
    """By time, size and the names in its results: others' batches are never taken for ours, and doubt is waited out."""
    long_ago = time.time() - 60
    assert await batches.look_for_batch(TOKEN, 2, long_ago, set()) is None
    with pytest.raises(EngineBusyError, match="may still arrive"):
        await batches.look_for_batch(TOKEN, 2, time.time(), set())
    others = {f"somebody-else-{number}": request for number, request in enumerate(calls(2).values())}
    await batches.send_batch(others)
    assert await batches.look_for_batch(TOKEN, 2, long_ago, set()) is None
    messages_server.batches.seconds = 3600
    ours = await batches.send_batch(calls(2))
    with pytest.raises(EngineBusyError, match="may be one of 1 that the server still works on"):
        await batches.look_for_batch(TOKEN, 2, long_ago, set())
    assert await batches.look_for_batch(TOKEN, 2, long_ago, {ours}) is None
    assert await batches.look_for_batch(TOKEN, 3, long_ago, set()) is None
    messages_server.batches.batches[-1].ends = 0.0
    for _ in range(100):
        await batches.send_batch(others)
    assert await batches.look_for_batch(TOKEN, 2, long_ago, set()) == ours


async def test_tokens_are_counted_before_anything_is_paid(batches: AnthropicBatchesEngine) -> None:
    assert await batches.count_tokens(SampleRequest(Prompt(LIST), Sampling(9))) == len(LIST.split())
