import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from generation.engines import local, model_store
from generation.engines.decoding import Logits
from generation.engines.local import LocalEngine
from generation.engines.openvino_model import OpenVinoModel
from generation.engines.protocol import (
    Engine,
    EngineBusyError,
    EngineError,
    EngineUnusableError,
    JudgeRequest,
    Prompt,
    SampleRequest,
    Sampling,
)

ROOT = Path(__file__).parents[3]
WORDS = 128


class FakeModel:
    """Characters are tokens; after a character its successor is likeliest. May wait in the middle of a call."""

    end_tokens: tuple[int, ...] = (0,)

    def __init__(self) -> None:
        self.running = threading.Event()
        self.slow = False

    def format(self, prompt: Prompt) -> str:
        return f"<{prompt.system}|{prompt.user}>{prompt.reply}"

    def encode(self, text: str, room: int) -> list[int]:
        return [ord(letter) for letter in text]

    def decode(self, before: int, tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens))

    def start(self, tokens: Sequence[int], check: Callable[[], None]) -> Logits:
        self.running.set()
        while self.slow:
            check()
        return self._after(tokens[-1])

    def extend(self, rows: Sequence[int], tokens: NDArray[np.int64], check: Callable[[], None]) -> Iterator[Logits]:
        check()
        yield np.array([[self._after(token) for token in row] for row in tokens])

    def _after(self, token: int) -> Logits:
        logits = np.zeros(WORDS, dtype=np.float32)
        logits[(token + 1) % WORDS] = 6.0
        return logits


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def engine(model: FakeModel) -> LocalEngine:
    made = LocalEngine("models/tiny.gguf")
    made._loaded = cast(OpenVinoModel, model)
    return made


def ask(user: str = "say", reply: str = "a", **settings: Any) -> SampleRequest:
    return SampleRequest(Prompt(user, reply), Sampling(max_tokens=6, temperature=0, **settings), count=2)


def test_it_is_an_engine(engine: LocalEngine) -> None:
    promised: Engine = engine
    assert (promised.name, promised.concurrency, promised.has_probabilities) == ("local", 1, True)
    assert promised.settings == {"max_tokens", "temperature", "top_p", "stop"}
    assert LocalEngine().model == LocalEngine("").model == "SmolLM2-135M-Instruct.Q4_1"


async def test_sampling_continues_the_begun_reply(engine: LocalEngine) -> None:
    reply = await engine.sample(ask())
    assert [(each.text, each.stop_reason) for each in reply.completions] == [("bcdefg", "length")] * 2
    assert reply.model == "tiny.gguf"
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (len("<|say>a"), 12)

    stopped = await engine.sample(ask(stop=("zz", "f", "ef")))
    assert [(each.text, each.stop_reason) for each in stopped.completions] == [("bcd", "stop")] * 2


async def test_a_seed_may_be_any_integer(engine: LocalEngine) -> None:
    request = SampleRequest(Prompt("say"), Sampling(5, temperature=2.0), count=4, seed=-(1 << 70))
    assert await engine.sample(request) == await engine.sample(request)


async def test_judging_gives_the_probability_of_each_whole_answer(engine: LocalEngine) -> None:
    judgement = await engine.judge(JudgeRequest(Prompt("which?", " ("), ("zA)", "zB)", "zz")))
    # " (" is followed by ")" where the model is sure; each answer departs from that as often, but for "A)" and "B)".
    assert judgement.probabilities is not None
    assert sum(judgement.probabilities) == pytest.approx(1)
    assert judgement.probabilities[0] == pytest.approx(judgement.probabilities[1])
    assert judgement.answer is None
    assert judgement.usage.input_tokens == len("<|which?> (")

    sure = await engine.judge(JudgeRequest(Prompt("which?", "a"), ("bcd", "bcx")))
    assert sure.probabilities == pytest.approx((1 / (1 + np.exp(-6)), 1 / (1 + np.exp(6))), abs=1e-6)


@pytest.mark.parametrize("answers", [(), ("yes",), ("yes", "yes")])
async def test_a_judgement_needs_answers_that_differ(engine: LocalEngine, answers: tuple[str, ...]) -> None:
    with pytest.raises(EngineError, match="at least two answers that differ"):
        await engine.judge(JudgeRequest(Prompt("which?"), answers))


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        (Prompt("", ""), "prompt is empty"),
        (Prompt(" \n", "", system="Be kind."), "prompt is empty"),
        (Prompt("half \ud83d a smile"), "lone surrogate"),
    ],
)
async def test_prompts_that_cannot_be_read_are_sentences(engine: LocalEngine, prompt: Prompt, sentence: str) -> None:
    with pytest.raises(EngineError, match=sentence):
        await engine.sample(SampleRequest(prompt, Sampling(5)))


async def test_closing_ends_a_running_call(engine: LocalEngine, model: FakeModel) -> None:
    model.slow = True
    running = asyncio.create_task(engine.sample(ask()))
    waiting = asyncio.create_task(engine.sample(ask()))
    await asyncio.to_thread(model.running.wait, 10)

    await asyncio.wait_for(engine.close(), 10)

    for task in (running, waiting):
        with pytest.raises(EngineBusyError, match="closed while a call ran"):
            await task
    with pytest.raises(EngineBusyError):
        await engine.sample(ask())
    await engine.close()


async def test_cancelling_a_call_frees_the_engine_for_the_next(engine: LocalEngine, model: FakeModel) -> None:
    model.slow = True
    task = asyncio.create_task(engine.sample(ask()))
    await asyncio.to_thread(model.running.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The engine's one thread is free again only if the cancelled call gave up while the model was slow.
    done = asyncio.wrap_future(engine._thread.submit(lambda: True))
    assert await asyncio.wait_for(done, 10)
    model.slow = False
    assert len((await engine.sample(ask())).completions) == 2


async def test_closing_while_the_model_is_fetched_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    fetching = threading.Event()

    def never_ends(progress: Callable[[int, int], None]) -> Path:
        fetching.set()
        while True:
            progress(0, 1)

    monkeypatch.setattr(local, "_require_openvino", lambda: None)
    monkeypatch.setattr(model_store, "fetch_model", never_ends)
    engine = LocalEngine()
    task = asyncio.create_task(engine.sample(ask()))
    await asyncio.to_thread(fetching.wait, 10)
    await asyncio.wait_for(engine.close(), 10)
    with pytest.raises(EngineBusyError):
        await task


async def test_without_openvino_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino_genai", None)
    with pytest.raises(EngineUnusableError, match="needs openvino-genai, which isn't installed"):
        await LocalEngine().sample(ask())


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, r"can't be read \(No such file or directory\)"),
        (lambda path: path.write_bytes(b""), "is not a GGUF file"),
        (lambda path: path.write_bytes(b"\x00" * 100), "is not a GGUF file"),
        (lambda path: path.write_bytes(b"GGUF damaged"), "it is damaged"),
        (lambda path: path.mkdir(), "is not an OpenVINO language model: it has no openvino_model.xml"),
    ],
)
async def test_a_wrong_path_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], sentence: str
) -> None:
    pytest.importorskip("openvino_genai")
    monkeypatch.setenv("EVALWRIGHT_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "model.gguf"
    make(path)
    engine = LocalEngine(path)
    for _ in range(2):
        with pytest.raises(EngineUnusableError, match=sentence):
            await engine.sample(ask())
    await engine.close()


class FakeTokenizer:
    def __init__(self, chat_template: str) -> None:
        self.chat_template = chat_template

    def apply_chat_template(
        self, turns: list[dict[str, str]], add_generation_prompt: bool, extra_context: dict[str, bool]
    ) -> str:
        if turns[0]["content"] == "no":
            raise RuntimeError("Exception from template:\nsystem role not supported")
        return "".join(f"[{turn['role']}]{turn['content']}" for turn in turns) + "[assistant]" * add_generation_prompt


@pytest.mark.parametrize(
    ("template", "prompt", "text"),
    [
        ("any", Prompt("Hi", "Hello, I"), "[user]Hi[assistant]Hello, I"),
        ("any", Prompt("Hi", system="Be kind."), "[system]Be kind.[user]Hi[assistant]"),
        ("", Prompt("Hi", "Hello, I", "Be kind."), "Be kind.\n\nHi\n\nHello, I"),
        ("", Prompt("Hi"), "Hi"),
    ],
)
def test_a_prompt_is_put_into_the_models_own_template(template: str, prompt: Prompt, text: str) -> None:
    model = OpenVinoModel.__new__(OpenVinoModel)
    model._tokenizer = FakeTokenizer(template)
    assert model.format(prompt) == text


def test_a_template_that_refuses_is_a_sentence() -> None:
    model = OpenVinoModel.__new__(OpenVinoModel)
    model._tokenizer = FakeTokenizer("any")
    with pytest.raises(EngineError, match=r"refuses this prompt \(system role not supported\)"):
        model.format(Prompt("Hi", system="no"))


def test_importing_the_engine_imports_no_heavy_library() -> None:
    program = (
        "import sys, generation.engines.local\n"
        "assert not {'numpy', 'openvino', 'openvino_genai', 'pip'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
