"""The anthropic engine through the real SDK, against a server on loopback: what is sent, and replies."""

import asyncio
import json
import subprocess
import sys

import pytest

from generation.engines.anthropic_messages import JUDGE_MAX_TOKENS, AnthropicEngine
from generation.engines.protocol import (
    Completion,
    Engine,
    EngineUnusableError,
    JudgeRequest,
    Prompt,
    SampleRequest,
    Sampling,
    Usage,
)
from tests.support.messages_server import (
    Answer,
    MessagesServer,
    cut_off,
    refusal,
    reply,
)

ASK = SampleRequest(Prompt("Say something about tea."), Sampling(max_tokens=64))
VOTE = JudgeRequest(Prompt("Would a person who likes tea say this?"), ("Yes", "No", "It depends"))


def test_it_is_an_engine() -> None:
    engine: Engine = AnthropicEngine("claude-haiku-5-5", concurrency=64)
    assert (engine.name, engine.model, engine.concurrency) == ("anthropic", "claude-haiku-5-5", 64)
    assert (engine.samples_per_call, engine.has_probabilities) == (1, False)
    assert engine.settings == {"max_tokens", "stop"}


def test_the_sdk_is_not_imported_before_the_first_call() -> None:
    code = (
        "import sys; from generation.engines.anthropic_messages import AnthropicEngine; "
        "from generation.engines.protocol import *; "
        "engine = AnthropicEngine('m'); "
        "engine.request_as_sent(SampleRequest(Prompt('x'), Sampling(8))); "
        "sys.exit(any(name in sys.modules for name in ('anthropic', 'httpx2')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_sample_gives_the_text_the_tokens_and_the_model_that_answered(
    engine: AnthropicEngine, messages_server: MessagesServer
) -> None:
    usage = {"input_tokens": 5, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 300}
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": "x"}
    content = [thinking, {"type": "text", "text": "I like "}, {"type": "text", "text": "tea.\x1b[2J"}]
    messages_server.script = [
        reply("", content=content, usage={**usage, "output_tokens": 7}, model="claude-haiku-5-5-20261007")
    ]
    answered = await engine.sample(ASK)
    assert answered.completions == (Completion("I like tea.\x1b[2J", "stop"),)
    assert answered.usage == Usage(325, 7)
    assert answered.model == "claude-haiku-5-5-20261007"


async def test_what_is_shown_is_what_is_sent(engine: AnthropicEngine, messages_server: MessagesServer) -> None:
    full = SampleRequest(
        Prompt("Twelve statements,\nplease: “é”", system="Be brief."),
        Sampling(100_000, stop=("END", " -")),
        1,
        7,
    )
    for request in (ASK, full):
        await engine.sample(request)
    await engine.judge(VOTE)
    sent = [received.body for received in messages_server.received]
    shown = [engine.request_as_sent(request) for request in (ASK, full, VOTE)]
    assert sent == shown == json.loads(json.dumps(shown))
    assert shown[0] == {
        "model": "claude-haiku-5-5",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": "Say something about tea."}],
    }
    assert (shown[1]["system"], shown[1]["stop_sequences"]) == ("Be brief.", ["END", " -"])
    assert shown[2] == {
        "model": "claude-haiku-5-5",
        "max_tokens": JUDGE_MAX_TOKENS,
        "messages": [{"role": "user", "content": "Would a person who likes tea say this?"}],
        "output_config": {
            "format": {
                "type": "json_schema",
                "schema": {
                    "type": "object",
                    "properties": {"answer": {"type": "string", "enum": ["Yes", "No", "It depends"]}},
                    "required": ["answer"],
                    "additionalProperties": False,
                },
            }
        },
    }


async def test_a_server_that_passes_over_the_schema_is_told_the_answers_in_the_prompt(
    engine: AnthropicEngine, messages_server: MessagesServer
) -> None:
    """As llama.cpp's server does, with what its smallest model said."""
    messages_server.script = lambda received: reply(
        "This statement seems to contradict itself." if "output_config" in received.body else "No, I would not."
    )
    request = JudgeRequest(Prompt("Would they say this?"), ("Yes", "No"))
    first, second, third = [await engine.judge(request) for _ in range(3)]
    assert (first.answer, second.answer, third.answer) == (None, 1, 1)
    assert second.sent["messages"][0]["content"].endswith("write nothing else:\n- Yes\n- No")
    assert third.sent == second.sent == engine.request_as_sent(request)


async def test_a_server_that_keeps_to_the_schema_is_not_judged_by_one_odd_reply(
    engine: AnthropicEngine, messages_server: MessagesServer
) -> None:
    messages_server.script = [reply('{"answer": "Yes"}'), reply("Yes, or so I think"), reply('{"answer": "No"}')]
    request = JudgeRequest(Prompt("Would they say this?"), ("Yes", "No"))
    found = [await engine.judge(request) for _ in range(3)]
    assert all("output_config" in judgement.sent for judgement in found)


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (SampleRequest(Prompt("x"), Sampling(8, temperature=0.0)), "temperature"),
        (SampleRequest(Prompt("x"), Sampling(8, top_p=0.9)), "top_p"),
        (SampleRequest(Prompt("x"), Sampling(8, stop=("END", "\n"))), "`stop`"),
        (SampleRequest(Prompt("x"), Sampling(8), count=2), "2 were asked"),
        (SampleRequest(Prompt("x", reply="Here is"), Sampling(8)), "`reply`"),
        (JudgeRequest(Prompt("x", reply="Here is"), ("Yes", "No")), "`reply`"),
    ],
)
async def test_what_the_api_lacks_is_refused_and_not_dropped(
    engine: AnthropicEngine,
    messages_server: MessagesServer,
    request_: SampleRequest | JudgeRequest,
    named: str,
) -> None:
    with pytest.raises(EngineUnusableError, match=named):
        engine.request_as_sent(request_)
    with pytest.raises(EngineUnusableError, match=named):
        await (engine.sample(request_) if isinstance(request_, SampleRequest) else engine.judge(request_))
    assert messages_server.received == []


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
    ],
)
async def test_every_stop_reason_has_its_name_and_keeps_the_text(
    engine: AnthropicEngine, messages_server: MessagesServer, reason: str, expected: str
) -> None:
    messages_server.script = [reply("As far as it went", reason)]
    answered = await engine.sample(ASK)
    assert answered.completions == (Completion("As far as it went", expected),)  # type: ignore[arg-type]


async def test_an_empty_reply_is_an_empty_completion(engine: AnthropicEngine, messages_server: MessagesServer) -> None:
    messages_server.script = [reply("", content=[])]
    assert (await engine.sample(ASK)).completions == (Completion("", "stop"),)


@pytest.mark.parametrize("answer", VOTE.answers)
async def test_a_vote_is_the_index_of_the_answer(
    engine: AnthropicEngine, messages_server: MessagesServer, answer: str
) -> None:
    messages_server.script = [reply(json.dumps({"answer": answer}))]
    judged = await engine.judge(VOTE)
    assert judged.answer == VOTE.answers.index(answer)
    assert (judged.probabilities, judged.raw) == (None, json.dumps({"answer": answer}))
    assert (judged.stop_reason, judged.model) == ("stop", "claude-haiku-5-5")
    assert judged.usage.output_tokens > 0


@pytest.mark.parametrize(
    "answer",
    [
        reply("Perhaps yes"),
        reply(""),
        reply('{"answer": "Perhaps"}'),
        reply('{"answer": 0}'),
        reply('{"answer": ["Yes"]}'),
        reply('{"answer": null}'),
        reply('{"vote": "Yes"}'),
        reply('["Yes"]'),
        reply("[" * 100_000),
        cut_off('{"answer": "Ye'),
        cut_off('{"answer": "Yes"}'),
        refusal(),
        refusal('{"answer": "Yes"}'),
    ],
)
async def test_an_unreadable_vote_is_missing_and_keeps_what_was_said(
    engine: AnthropicEngine, messages_server: MessagesServer, answer: Answer
) -> None:
    messages_server.script = [answer]
    judged = await engine.judge(VOTE)
    assert judged.answer is None
    assert [{"type": "text", "text": judged.raw}] == answer.fields["content"]


@pytest.mark.slow
async def test_as_many_calls_as_allowed_are_in_flight_over_connections_that_are_kept(
    messages_server: MessagesServer,
) -> None:
    messages_server.latency = 0.1
    engine = AnthropicEngine("claude-haiku-5-5", concurrency=256)
    for _ in range(2):
        replies = await asyncio.gather(*(engine.sample(ASK) for _ in range(256)))
        assert len({each.completions[0].text for each in replies}) > 250, "the same prompt, other words"
    await engine.close()
    assert messages_server.most_in_flight > 16
    assert messages_server.connections == 256


async def test_an_engine_can_be_closed_and_used_again(engine: AnthropicEngine, messages_server: MessagesServer) -> None:
    await engine.close()
    await engine.sample(ASK)
    await engine.close()
    await engine.sample(ASK)
    assert len(messages_server.received) == 2
