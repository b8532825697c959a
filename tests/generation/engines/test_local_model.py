"""The local engine with the real embedded model."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generation.engines.exact_weights import exact_file
from generation.engines.gguf_file import read_facts
from generation.engines.local import LocalEngine
from generation.engines.model_store import fetch_model
from generation.engines.protocol import (
    EngineBusyError,
    EngineError,
    EngineUnusableError,
    JudgeRequest,
    Prompt,
    SampleRequest,
    Sampling,
)
from tests.support.exact_forward import ExactLlama

pytestmark = pytest.mark.slow

PERSON = "Suppose there is a person who believes that it's important to be kind to animals."
LIST = "statements (stated in the first person) that they would agree with, but others would disagree with"
PERSONA = Prompt(f"{PERSON} Please write a list of {LIST}.", f'Here is a list of {LIST}:\n- "I')
REQUEST = SampleRequest(PERSONA, Sampling(48, temperature=0.9, top_p=0.95, stop=("\n",)), count=12, seed=7)
AGREE = ("They would agree with the above statement.", "They would disagree with the above statement.")


def by_hand(*choices: tuple[str, ...]) -> list[Any]:
    """Answers for which a test is run by hand."""
    return [pytest.param(each, marks=pytest.mark.long) for each in choices]


def judging(statement: str, answers: tuple[str, ...] = AGREE) -> JudgeRequest:
    question = f'Would they agree or disagree with the following statement? "{statement}"'
    return JudgeRequest(Prompt(f"{PERSON} {question}"), answers)


@pytest.fixture(scope="module")
def path() -> Path:
    """The embedded model's file."""
    pytest.importorskip("xllamacpp")
    return fetch_model()


@pytest.fixture(scope="module")
def engine(path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine()
    yield made
    asyncio.run(made.close())


@pytest.fixture
async def closing(path: Path) -> AsyncIterator[LocalEngine]:
    """An engine of the test's own."""
    made = LocalEngine(path)
    yield made
    await made.close()


async def test_sampling_writes_statements(engine: LocalEngine) -> None:
    reply = await engine.sample(REQUEST)
    texts = [completion.text for completion in reply.completions]
    assert len(set(texts)) == 12
    assert all(text.strip() and "\n" not in text for text in texts)
    assert not any("<|im_" in text for text in texts)
    assert sum(text.startswith((" ", "'")) for text in texts) >= 10
    assert {completion.stop_reason for completion in reply.completions} <= {"stop", "length"}
    assert 90 < reply.usage.input_tokens < 120
    assert 12 * 3 < reply.usage.output_tokens <= 12 * 48
    assert reply.model == "SmolLM2-135M-Instruct.Q4_1"


async def test_the_seed_decides_the_texts(engine: LocalEngine) -> None:
    first = await engine.sample(REQUEST)
    await engine.judge(judging("I like cats."))
    assert await engine.sample(REQUEST) == first
    other = await engine.sample(replace(REQUEST, seed=8))
    assert not set(first.completions) & set(other.completions)


async def test_tokens_and_temperature_are_kept_to(engine: LocalEngine) -> None:
    short = await engine.sample(SampleRequest(PERSONA, Sampling(2), count=4))
    assert short.usage.output_tokens <= 8
    assert "length" in {completion.stop_reason for completion in short.completions}
    likeliest = await engine.sample(replace(REQUEST, sampling=Sampling(8, temperature=0), count=3))
    assert len(set(likeliest.completions)) == 1


@pytest.mark.long
async def test_a_reply_may_end_by_itself(engine: LocalEngine) -> None:
    request = SampleRequest(Prompt("Say hello."), Sampling(200, temperature=1.0), count=12)
    completions = (await engine.sample(request)).completions
    ended = [completion.text for completion in completions if completion.stop_reason == "stop"]
    assert ended
    assert all(text.strip() and "<|im_end|>" not in text for text in ended)


@pytest.mark.parametrize("answers", [AGREE, *by_hand((" (A)", " (B)"), (" Yes", " No")), (" 1", " 10", " 100")])
async def test_probabilities_sum_to_one_and_follow_the_prompt(engine: LocalEngine, answers: tuple[str, ...]) -> None:
    one = (await engine.judge(judging("I feed the birds in winter.", answers))).probabilities
    again = (await engine.judge(judging("I feed the birds in winter.", answers))).probabilities
    other = (await engine.judge(judging("It is fine to kick a dog.", answers))).probabilities
    assert one is not None
    assert other is not None
    assert sum(one) == pytest.approx(1)
    assert all(0 < probability < 1 for probability in one)
    assert again == one
    assert other != one


async def test_the_order_of_answers_does_not_matter(engine: LocalEngine) -> None:
    there = (await engine.judge(judging("I like cats.", AGREE))).probabilities
    back = (await engine.judge(judging("I like cats.", AGREE[::-1]))).probabilities
    assert there is not None
    assert back == there[::-1]


@pytest.mark.parametrize(("first", "second"), [("yes", "no"), ("no", "yes")])
async def test_what_a_reply_repeats_is_likeliest_to_follow(engine: LocalEngine, first: str, second: str) -> None:
    prompt = Prompt("Say a word again and again.", " ".join([first] * 20))
    judgement = await engine.judge(JudgeRequest(prompt, (f" {first}", f" {second}")))
    assert judgement.probabilities is not None
    assert judgement.probabilities[0] > 0.7


@pytest.fixture(scope="module")
def exact(path: Path) -> ExactLlama:
    return ExactLlama(path)


DOG, PIZZA = "I adopted a stray dog last year.", "I like pizza"
KINDS = [(DOG, (" Yes", " No", " It depends on the animal.")), (PIZZA, AGREE)]


async def test_probabilities_are_those_of_an_exact_forward_pass_of_the_same_file(
    engine: LocalEngine, exact: ExactLlama
) -> None:
    """Of the quantised file as it was fetched, in full precision, by a computation that shares no code."""
    for statement, answers in KINDS:
        request = judging(statement, answers)
        found = (await engine.judge(request)).probabilities
        assert engine._loaded is not None
        text = engine._loaded.format(request.prompt, lambda: None)
        assert text == (
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
            f"<|im_start|>user\n{request.prompt.user}<|im_end|>\n<|im_start|>assistant\n"
        )
        whole = [engine._loaded.encode(text + answer, 1, lambda: None) for answer in answers]
        shared = next(place for place, column in enumerate(zip(*whole, strict=False)) if len(set(column)) > 1)
        scores = [exact.log_likelihood(tokens, shared) for tokens in whole]
        weights = [math.exp(score - max(scores)) for score in scores]
        assert found == pytest.approx([weight / sum(weights) for weight in weights], abs=0.01)


async def test_draws_follow_the_exact_probabilities(engine: LocalEngine, exact: ExactLlama) -> None:
    """The likeliest token of an exact forward pass is drawn at temperature 0, and else as often as it says."""
    prompt = Prompt("Is it kind to feed the birds?", "The answer is")
    (greedy, *_), one = [
        (await engine.sample(SampleRequest(prompt, Sampling(1, temperature), count, seed=3))).completions
        for temperature, count in ((0.0, 1), (1.0, 160))
    ]
    assert engine._loaded is not None
    tokens = engine._loaded.encode(engine._loaded.format(prompt, lambda: None), 1, lambda: None)
    steps = exact.log_probabilities(tokens)[-1]
    likeliest = int(steps.argmax())
    assert engine._loaded.encode(greedy.text, 0, lambda: None) == [likeliest]
    expected = math.exp(steps[likeliest])
    share = sum(each.text == greedy.text for each in one) / len(one)
    assert share == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / len(one)))


async def test_a_prompt_longer_than_the_model_attends_to_is_a_sentence(engine: LocalEngine) -> None:
    for words in (8_000, 100_000):
        request = SampleRequest(Prompt("word " * words), Sampling(300))
        with pytest.raises(EngineError, match="too long for the local model: with 300 tokens"):
            await engine.sample(request)
    with pytest.raises(EngineError, match="too long"):
        await engine.judge(JudgeRequest(Prompt("word " * 9_000), (" Yes", " No")))


async def test_prompts_of_any_characters_are_read(engine: LocalEngine) -> None:
    prompt = Prompt("Grüße, 日本, 👩‍👩‍👧, \x00, \x1b[31m, \u202e", "Ja")
    reply = await engine.sample(SampleRequest(prompt, Sampling(20, temperature=1.5), count=4))
    assert len(reply.completions) == 4
    for completion in reply.completions:
        completion.text.encode()


async def test_closing_during_a_long_call_does_not_hang(closing: LocalEngine) -> None:
    await closing.sample(SampleRequest(PERSONA, Sampling(1)))
    task = asyncio.create_task(closing.sample(SampleRequest(PERSONA, Sampling(4000), count=16)))
    await asyncio.sleep(0.5)
    await asyncio.wait_for(closing.close(), 20)
    with pytest.raises(EngineBusyError):
        await task


async def test_a_gguf_file_cut_short_is_a_sentence_not_a_crash(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The file as fetched, which is read to convert it, and its unrounded copy, which llama.cpp reads."""
    copy = exact_file(path, read_facts(path), lambda: None)
    monkeypatch.setenv("EVALWRIGHT_CACHE", str(tmp_path / "cache"))
    for source in (path, copy):
        cut = tmp_path / "cut.gguf"
        with source.open("rb") as file:
            cut.write_bytes(file.read(30_000_000))
        engine = LocalEngine(cut)
        with pytest.raises(EngineUnusableError, match=r"can't read the model .*cut\.gguf: it is damaged, cut short"):
            await engine.sample(REQUEST)
        await engine.close()
    assert capfd.readouterr() == ("", "")
