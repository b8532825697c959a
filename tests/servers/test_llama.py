"""llama.cpp's own server with the embedded model: chat completions with log-probabilities, and messages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from generation.engines.anthropic_messages import AnthropicEngine
from generation.engines.openai_compatible import OpenAICompatibleEngine
from generation.engines.protocol import JudgeRequest, Prompt, SampleRequest, Sampling
from tests.servers.installed import RealServer
from tests.servers.jobs_on import SEEDS, Outcome, begun_recipe, generate
from tests.support.scripted_engine import BEHAVIOR

pytestmark = pytest.mark.servers

AGREE = ("They would agree with the above statement.", "They would disagree with the above statement.")


@pytest.fixture
async def engine(llama: RealServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OpenAICompatibleEngine]:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{llama.url}/v1")
    engine = OpenAICompatibleEngine("mine", concurrency=4)
    yield engine
    await engine.close()


def judged_by_probabilities(found: Outcome, *stages: str) -> None:
    """Every question asked for log-probabilities, and a reply that begins with an answer has them.

    What so small a model writes differs from machine to machine: that something comes to the judges at all, and that
    one of their replies can be read, is for the tests of the engine.
    """
    for sent, reply in found.of(*stages):
        assert "logprobs" in sent
        assert reply["probabilities"] is None or sum(reply["probabilities"]) == pytest.approx(1)
    given = [reply for _, reply in found.of(*stages) if reply["probabilities"]]
    assert len(given) <= found.job.candidates * len(stages), "asked once where the first reply has them"


def begun(found: Outcome) -> None:
    """The server went on with the reply that was begun for the model; what was begun is no part of the completion."""
    for sent, reply in found.of("sample"):
        assert sent["messages"][-1]["role"] == "assistant"
        assert reply["completions"][0]["text"]
        assert not reply["completions"][0]["text"].startswith(sent["messages"][-1]["content"])


SMALL = ["--engine", "openai-compatible", "--model", "mine", "--count", "2", "--rounds", "1", "--redraws", "0"]


def test_a_persona_job(llama: RealServer, tmp_path: Path) -> None:
    """Whether the small model's statements are any good is for it to say; that each is judged, for the server."""
    fewer = begun_recipe("persona").replace("per_kept = 10", "per_kept = 3")
    (tmp_path / "begun.toml").write_text(fewer)
    found = generate(tmp_path, "--recipe", "begun.toml", *SMALL, OPENAI_BASE_URL=f"{llama.url}/v1")
    assert (found.code, found.job.state) in {(0, "done"), (1, "short")}, found.said
    assert (found.job.items_failed, len(found.of("sample"))) == (0, 6)
    begun(found)
    judged_by_probabilities(found, "judge")


def test_a_few_shot_job(llama: RealServer, tmp_path: Path) -> None:
    fewer = (
        begun_recipe("few-shot").replace("shots_count = 5", "shots_count = 2").replace("per_kept = 2", "per_kept = 1")
    )
    (tmp_path / "begun.toml").write_text(fewer)
    (tmp_path / "seeds.jsonl").write_text("".join(json.dumps(seed) + "\n" for seed in SEEDS))
    (tmp_path / "walks.toml").write_text(f'{BEHAVIOR}[inputs]\nseeds = "seeds.jsonl"\n')
    found = generate(tmp_path, "--recipe", "begun.toml", *SMALL, OPENAI_BASE_URL=f"{llama.url}/v1")
    assert (found.code, found.job.state) in {(0, "done"), (1, "short")}, found.said
    assert (found.job.items_failed, len(found.of("sample"))) == (0, 2)
    begun(found)
    judged_by_probabilities(found, "labelled", "relevant")


async def test_a_begun_reply_is_gone_on_with(engine: OpenAICompatibleEngine) -> None:
    prompt = Prompt("Count to twelve, in words.", reply="One, two, three,")
    found = await engine.sample(SampleRequest(prompt, Sampling(12, temperature=0.0)))
    assert found.completions[0].text.startswith(" four, five")
    assert found.completions[0].stop_reason == "length"


@pytest.mark.parametrize("form", ["response_format", "grammar"])
async def test_a_form_is_picked_up_when_the_free_answer_cannot_be_read(
    llama: RealServer, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """The small model says whatever it likes, until the server holds it to the answers."""
    monkeypatch.setenv("OPENAI_BASE_URL", f"{llama.url}/v1")
    others = {"response_format", "grammar", "guided_choice"} - {form}
    engine = OpenAICompatibleEngine("mine", leave_out=others)
    question = Prompt("Write a long letter to a friend in which you describe your garden in the spring.")
    free = await engine.judge(JudgeRequest(question, AGREE, seed=1))
    assert (free.probabilities, free.answer) == (None, None), free.raw
    assert form not in free.sent
    for seed in range(2, 5):
        held = await engine.judge(JudgeRequest(question, AGREE, seed=seed))
        assert form in held.sent
        assert any(answer in held.raw for answer in AGREE)
        assert held.probabilities is not None or held.answer is not None
    await engine.close()


async def test_messages(llama: RealServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It passes over the schema in silence, so that the answers come to stand in the prompt."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", llama.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "none")
    engine = AnthropicEngine("mine")
    request = SampleRequest(Prompt("Is water wet?", system="Be brief."), Sampling(8))
    assert await engine.count_tokens(request) > 8
    found = await engine.sample(request)
    assert found.completions[0].text
    assert found.usage.output_tokens <= 8
    question = Prompt('A person likes walks. Would they agree or disagree with the statement "I walk to work"?')
    votes = [await engine.judge(JudgeRequest(question, AGREE)) for _ in range(10)]
    assert "output_config" in votes[0].sent
    assert any("output_config" not in vote.sent for vote in votes[1:]), votes
    await engine.close()
