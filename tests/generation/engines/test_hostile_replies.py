"""What servers and models send that nobody expects: read for what it is, or refused in a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generation.engines.anthropic_batches import AnthropicBatchesEngine
from generation.engines.anthropic_messages import AnthropicEngine
from generation.engines.openai_compatible import OpenAICompatibleEngine
from generation.engines.protocol import EngineError, JudgeRequest, Prompt, SampleRequest, Sampling
from tests.support.messages_server import KEY, Answer, MessagesServer, Received, raw
from tests.support.openai_server import OpenAIServer

SAMPLE = SampleRequest(Prompt("Write a list of 3 statements."), Sampling(100))
BATCH = {
    "id": "b",
    "processing_status": "ended",
    "created_at": "2026-08-01T00:00:00Z",
    "request_counts": {"succeeded": 1, "errored": 0},
    "archived_at": None,
    "results_url": None,
}


def as_raw(value: Any) -> Answer:
    return raw(json.dumps(value).encode())


async def judge_with(monkeypatch: pytest.MonkeyPatch, logprobs: Any, usage: Any = None) -> Any:
    """Lets a server answer Yes with these log-probabilities, through the real client."""
    with OpenAIServer(probabilities=True) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        engine = OpenAICompatibleEngine("mine")
        await engine.prepare(print)
        choice = {"finish_reason": "stop", "message": {"content": "Yes"}, "logprobs": logprobs}
        server.script = [as_raw({"choices": [choice], "usage": usage})]
        found = await engine.judge(JudgeRequest(Prompt("Is it?"), (" Yes", " No")))
        await engine.close()
        return found


@pytest.mark.usefixtures("no_anthropic_settings")
@pytest.mark.parametrize(
    "alternatives",
    [[5], [None, "x"], [{"token": "Yes", "logprob": 1000}], [{"token": "Yes", "logprob": float("nan")}],
     [{"token": "Yes", "logprob": float("inf")}], [{"token": "Yes", "logprob": -(10**400)}], [{"logprob": 0}]],
)  # fmt: skip
async def test_log_probabilities_that_are_none_leave_a_vote(
    monkeypatch: pytest.MonkeyPatch, alternatives: list[Any]
) -> None:
    found = await judge_with(monkeypatch, {"content": [{"token": "Yes", "top_logprobs": alternatives}]})
    assert (found.probabilities, found.answer) == (None, 0)


@pytest.mark.usefixtures("no_anthropic_settings")
@pytest.mark.parametrize("logprobs", [5, [], {"content": 5}, {"content": {"a": 1}}, {"content": [None]}])
async def test_log_probabilities_of_another_form_leave_a_vote(monkeypatch: pytest.MonkeyPatch, logprobs: Any) -> None:
    assert (await judge_with(monkeypatch, logprobs)).answer == 0


@pytest.mark.usefixtures("no_anthropic_settings")
async def test_a_probability_a_little_above_one_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    alternatives = [{"token": "Yes", "logprob": 1e-6}, {"token": "No", "logprob": -1e9}]
    found = await judge_with(monkeypatch, {"content": [{"token": "Yes", "top_logprobs": alternatives}]})
    assert found.probabilities == pytest.approx((1.0, 0.0), abs=1e-6)


@pytest.mark.usefixtures("no_anthropic_settings")
async def test_more_tokens_than_can_be_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await judge_with(monkeypatch, None, {"prompt_tokens": 10**30, "completion_tokens": 1})
    assert 0 < found.usage.input_tokens < 1000


async def test_a_message_that_took_more_tokens_than_can_be_is_refused(
    messages_server: MessagesServer, engine: AnthropicEngine
) -> None:
    messages_server.script = [Answer(fields={"usage": {"input_tokens": 10**30, "output_tokens": 1}})]
    with pytest.raises(EngineError, match="its usage has no input_tokens"):
        await engine.sample(SAMPLE)


@pytest.mark.parametrize(
    "change",
    [{"id": "../../x"}, {"id": "a\nb"}, {"id": "\ud800"}, {"created_at": "soon"},
     {"request_counts": {"succeeded": 10**30}}, {"request_counts": {"succeeded": -1}}],
)  # fmt: skip
async def test_a_batch_that_cant_be_one_is_refused(messages_server: MessagesServer, change: dict[str, Any]) -> None:
    engine = AnthropicBatchesEngine("claude-haiku-5-5")
    messages_server.script = [as_raw({**BATCH, **change}), as_raw({"data": [{**BATCH, **change}], "has_more": False})]
    with pytest.raises(EngineError, match="can't be read as messages"):
        await engine.batch_counts("b")
    with pytest.raises(EngineError, match="can't be read as messages"):
        await engine.look_for_batch("t", 1, 0.0, ())
    await engine.close()


@pytest.mark.parametrize("data", [[], [BATCH], [BATCH, {**BATCH, "id": "c"}]])
async def test_a_list_of_batches_that_always_has_more_ends(messages_server: MessagesServer, data: list[Any]) -> None:
    """The server gives the same page again and again, without saying where it ends."""
    engine = AnthropicBatchesEngine("claude-haiku-5-5")

    def same(_: Received) -> Answer:
        assert messages_server.received[-1].number < 5, "it asks without end"
        return as_raw({"data": data, "has_more": True})

    messages_server.script = same
    assert await engine.look_for_batch("t", 7, 0.0, ()) is None
    await engine.close()


async def test_a_result_that_comes_twice_is_taken_once(messages_server: MessagesServer) -> None:
    engine = AnthropicBatchesEngine("claude-haiku-5-5")
    canceled = json.dumps({"custom_id": "t-1", "result": {"type": "canceled"}})
    messages_server.script = [as_raw(BATCH), raw(f"{canceled}\n{canceled}\n".encode())]
    found = [result async for result in engine.batch_results("b", {"t-1": SAMPLE})]
    assert [result.outcome for result in found] == ["canceled"]
    await engine.close()


def test_a_reply_kept_with_an_error_can_be_stored() -> None:
    assert EngineError("It can't be read.", "half \ud800 of it").reply == "half ? of it"
