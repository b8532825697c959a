"""Chat completions, through the real client against two loopback servers: with log-probabilities, and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.examples import iterate_examples
from db.store.connection import Connection
from generation.engines.answers import answer_index, answer_probabilities
from generation.engines.openai_compatible import OpenAICompatibleEngine
from generation.engines.protocol import (
    EngineBusyError,
    EngineError,
    EngineUnsureError,
    EngineUnusableError,
    Judgement,
    JudgeRequest,
    Prompt,
    SampleRequest,
    Sampling,
)
from generation.jobs.jobs import find_job
from tests.support.messages_server import KEY, Answer, dropped, error, rate_limited, raw
from tests.support.openai_server import OpenAIServer, odds
from tests.support.scripted_engine import make_job, run_worker

AGREE = ("They would agree with the above statement.", "They would disagree with the above statement.")


@pytest.fixture(params=[True, False], ids=["with-logprobs", "without"])
def server(
    request: pytest.FixtureRequest, no_anthropic_settings: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenAIServer]:
    with OpenAIServer(probabilities=request.param) as running:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{running.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield running


async def judge(engine: OpenAICompatibleEngine, answers: tuple[str, ...] = AGREE) -> Judgement:
    return await engine.judge(JudgeRequest(Prompt("Would they agree or disagree?"), answers))


@pytest.mark.parametrize("answers", [AGREE, (" (A)", " (B)"), (" Yes", " No"), ("The doctor", "The nurse", "The man")])
async def test_probabilities_where_the_server_gives_them_and_votes_where_not(
    server: OpenAIServer, answers: tuple[str, ...]
) -> None:
    engine = OpenAICompatibleEngine("mine")
    found = await judge(engine, answers)
    assert engine.has_probabilities is server.probabilities
    prompt = server.received[-1].body["messages"][-1]["content"]
    if server.probabilities:
        first, rest = odds(prompt), (1 - odds(prompt)) / (len(answers) - 1)
        assert found.probabilities == pytest.approx((first, *[rest] * (len(answers) - 1)))
        assert found.answer is None
    else:
        assert (found.probabilities, found.answer) == (None, 0)
    assert found.raw == answers[0].strip()
    await engine.close()


async def test_an_unreadable_reply_is_neither_a_probability_nor_a_vote(server: OpenAIServer) -> None:
    engine = OpenAICompatibleEngine("mine")
    await engine.prepare(print)
    said = {"message": {"role": "assistant", "content": "I would rather not say."}, "logprobs": None}
    refused = {"message": {"role": "assistant", "content": None, "refusal": "No."}}
    server.script = [Answer(fields=said), Answer(fields=refused), Answer(fields={**said, "finish_reason": "length"})]
    found = [await judge(engine) for _ in range(3)]
    assert [(each.probabilities, each.answer) for each in found] == [(None, None)] * 3
    assert [each.stop_reason for each in found] == ["stop", "refusal", "length"]
    assert found[0].raw == "I would rather not say."
    await engine.close()


async def test_all_settings_reach_the_server(server: OpenAIServer) -> None:
    engine = OpenAICompatibleEngine("mine")
    sampling = Sampling(30, temperature=1.4, top_p=0.975, stop=("\n",))
    reply = await engine.sample(SampleRequest(Prompt("A list of 3 statements.", system="Be brief."), sampling, seed=7))
    body = server.received[-1].body
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert {name: body[name] for name in ("temperature", "top_p", "stop", "seed", "max_tokens")} == {
        "temperature": 1.4, "top_p": 0.975, "stop": ["\n"], "seed": 7, "max_tokens": 30,
    }  # fmt: skip
    assert "\n" not in reply.completions[0].text
    assert reply.usage.input_tokens > 0
    await engine.sample(SampleRequest(Prompt("x", reply="I"), sampling))
    body = server.received[-1].body
    assert body["messages"][-1] == {"role": "assistant", "content": "I"}
    assert (body["add_generation_prompt"], body["continue_final_message"]) == (False, True)
    await engine.close()


async def test_failures_in_sentences(server: OpenAIServer) -> None:
    engine = OpenAICompatibleEngine("mine")
    await judge(engine)
    server.script = [rate_limited("7"), dropped(), raw(b"<html>"), error(404, "no such model"), error(400, KEY)]
    kinds: list[type[EngineError]] = [
        EngineBusyError, EngineUnsureError, EngineUnsureError, EngineUnusableError, EngineError,
    ]  # fmt: skip
    caught: list[EngineError] = []
    for kind in kinds:
        with pytest.raises(kind) as failure:
            await judge(engine)
        caught.append(failure.value)
    assert isinstance(caught[0], EngineBusyError)
    assert caught[0].retry_after == 7
    assert caught[2].reply == "<html>"
    assert "has no model mine" in str(caught[3])
    assert KEY not in str(caught[4])
    await engine.close()


async def test_without_an_address_and_a_key_it_says_what_to_set(
    no_anthropic_settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(EngineUnusableError, match="set OPENAI_BASE_URL"):
        await judge(OpenAICompatibleEngine("mine"))


def test_an_answer_that_is_not_listed_is_no_likelier_than_the_least_that_is() -> None:
    shares = answer_probabilities([("Yes", {"Yes": -0.01, "Perhaps": -5.0})], (" Yes", " No"))
    assert shares is not None
    assert 0 < shares[1] < 0.01
    assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "index"), [("Yes", 0), (' "yes." ', 0), ("**No**", 1), ("Yes and no", None), ("", None), ("N", None)]
)
def test_an_answer_is_read_as_a_whole(text: str, index: int | None) -> None:
    assert answer_index(text, (" Yes", " No")) == index


async def test_a_job_on_either_server(server: OpenAIServer, workspace_path: Path, connection: Connection) -> None:
    """With log-probabilities one call judges a candidate; without, so many votes as the recipe asks, and a share."""
    job = make_job(connection, engine="openai-compatible", count=8, rounds=1)
    engine = OpenAICompatibleEngine("mine")
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert now.state in {"done", "short"}
    judged = connection.execute(
        "SELECT count(*), count(DISTINCT candidate_id) FROM work_items WHERE stage LIKE 'judge%'"
    ).fetchone()
    assert judged[0] == judged[1] * (1 if server.probabilities else 5)
    confidences = {example.label_confidence for example in iterate_examples(connection, job.dataset_id)}
    assert confidences <= {1.0} if not server.probabilities else len(confidences) > 1
