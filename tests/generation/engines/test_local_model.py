"""The local engine with the real embedded model."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generation.engines import gguf
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
def folder() -> Path:
    """The embedded model, converted."""
    pytest.importorskip("openvino_genai")
    return gguf.converted(fetch_model(), lambda: None)


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[LocalEngine]:
    made = LocalEngine()
    yield made
    asyncio.run(made.close())


@pytest.fixture
async def closing(folder: Path) -> AsyncIterator[LocalEngine]:
    """An engine of the test's own."""
    made = LocalEngine(folder)
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
    assert back == pytest.approx(there[::-1], abs=0.01)


@pytest.mark.parametrize(("first", "second"), [("yes", "no"), ("no", "yes")])
async def test_what_a_reply_repeats_is_likeliest_to_follow(engine: LocalEngine, first: str, second: str) -> None:
    prompt = Prompt("Say a word again and again.", " ".join([first] * 20))
    judgement = await engine.judge(JudgeRequest(prompt, (f" {first}", f" {second}")))
    assert judgement.probabilities is not None
    assert judgement.probabilities[0] > 0.7


@pytest.mark.parametrize("answers", [*by_hand(AGREE, (" (A)", " (B)")), (" Yes", " No", " It depends on the animal.")])
async def test_probabilities_agree_with_a_plain_computation(
    engine: LocalEngine, folder: Path, answers: tuple[str, ...]
) -> None:
    """Each whole text is run by itself, in one piece and in full precision."""
    import openvino
    import openvino_genai

    request = judging("I adopted a stray dog last year.", answers)
    begin = (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        f"<|im_start|>user\n{request.prompt.user}<|im_end|>\n<|im_start|>assistant\n"
    )
    tokenizer = openvino_genai.Tokenizer(folder)
    compiled = openvino.Core().compile_model(
        folder / "openvino_model.xml", "CPU", {"EXECUTION_MODE_HINT": openvino.properties.hint.ExecutionMode.ACCURACY}
    )

    def log_likelihood(answer: str) -> float:
        tokens: Any = tokenizer.encode(begin + answer, add_special_tokens=False).input_ids.data
        length = tokens.shape[1]
        logits = (
            compiled.create_infer_request()
            .infer(
                {
                    "input_ids": tokens,
                    "attention_mask": np.ones((1, length), np.int64),
                    "position_ids": np.arange(length, dtype=np.int64)[None],
                    "beam_idx": np.zeros(1, np.int32),
                }
            )["logits"][0]
            .astype(np.float64)
        )
        read = tokenizer.encode(begin, add_special_tokens=False).input_ids.data.shape[1]
        steps = [logits[place - 1] for place in range(read, length)]
        chosen = [tokens[0, place] for place in range(read, length)]
        return sum(float(row[token] - np.log(np.exp(row).sum())) for row, token in zip(steps, chosen, strict=True))

    scores = [log_likelihood(answer) for answer in answers]
    weights = [math.exp(score - max(scores)) for score in scores]
    expected = [weight / sum(weights) for weight in weights]
    assert (await engine.judge(request)).probabilities == pytest.approx(expected, abs=0.01)


async def test_probabilities_agree_with_openvinos_own_beam_search(engine: LocalEngine, folder: Path) -> None:
    """Beams of one token carry that token's log-probability; the pipeline computes in 8 and 16 bits."""
    import openvino_genai

    pipeline = openvino_genai.LLMPipeline(folder, "CPU")
    prompt = replace(PERSONA, reply="Their answer is (")
    begin = (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        f"<|im_start|>user\n{prompt.user}<|im_end|>\n<|im_start|>assistant\n{prompt.reply}"
    )
    beams = pipeline.generate(
        [begin], num_beams=20, num_return_sequences=20, max_new_tokens=1, apply_chat_template=False
    )
    scores = dict(zip(beams.texts, beams.scores, strict=True))
    answers = tuple(scores)[:4]
    total = sum(math.exp(scores[answer]) for answer in answers)
    expected = [math.exp(scores[answer]) / total for answer in answers]
    judgement = await engine.judge(JudgeRequest(prompt, answers))
    assert judgement.probabilities == pytest.approx(expected, abs=0.1)


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


@pytest.mark.long
async def test_an_openvino_folder_writes_what_its_gguf_file_writes(engine: LocalEngine, closing: LocalEngine) -> None:
    assert (await closing.sample(REQUEST)).completions == (await engine.sample(REQUEST)).completions


async def test_a_gguf_file_cut_short_is_a_sentence_not_a_crash(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fetch_model().read_bytes()
    monkeypatch.setenv("EVALWRIGHT_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[:30_000_000])
    engine = LocalEngine(path)
    with pytest.raises(EngineUnusableError, match=r"can't read the model .*cut\.gguf: it is damaged, cut short"):
        await engine.sample(REQUEST)
    await engine.close()


async def test_damaged_openvino_folders_are_sentences(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "openvino_model.bin").write_bytes(b"short")
    engine = LocalEngine(tmp_path)
    with pytest.raises(EngineUnusableError, match=r"can't load the model in .*export the model again"):
        await engine.sample(REQUEST)
    for suffix in ("xml", "bin"):
        other = folder / f"openvino_detokenizer.{suffix}"
        (tmp_path / f"openvino_model.{suffix}").write_bytes(other.read_bytes())
    with pytest.raises(EngineUnusableError, match="model in"):
        await engine.sample(REQUEST)
    await engine.close()
