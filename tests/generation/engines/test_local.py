import asyncio
import math
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from generation.engines import exact_weights, local, model_store
from generation.engines.llama_model import LlamaModel
from generation.engines.local import LocalEngine
from generation.engines.protocol import (
    Completion,
    Engine,
    EngineBusyError,
    EngineError,
    EngineUnusableError,
    JudgeRequest,
    Prompt,
    SampleRequest,
    Sampling,
)
from tests.support.processes import PATIENCE
from tests.support.tiny_gguf import QUANTISED, WHOLE

ROOT = Path(__file__).parents[3]


class FakeModel:
    """Characters are tokens; each further "!" of an answer makes it half as likely. May wait within a call."""

    alive = True

    def __init__(self) -> None:
        self.running = threading.Event()
        self.slow = False
        self.number = 0.0

    def format(self, prompt: Prompt, check: Callable[[], None]) -> str:
        return f"<{prompt.system}|{prompt.user}>{prompt.reply}"

    def encode(self, text: str, room: int, check: Callable[[], None]) -> list[int]:
        return [ord(letter) for letter in text]

    def sample(
        self, prompt: Sequence[int], sampling: Sampling, count: int, seed: int, check: Callable[[], None]
    ) -> tuple[list[Completion], int]:
        self.running.set()
        while self.slow:
            check()
        return [Completion(f"{sampling.max_tokens} {seed}", "length")] * count, 6 * count

    def log_likelihoods(self, sequences: Sequence[Sequence[int]], check: Callable[[], None]) -> list[float]:
        return [self.number - math.log(2) * sequence.count(ord("!")) for sequence in sequences]

    def close(self) -> None:
        self.alive = False


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def engine(model: FakeModel) -> LocalEngine:
    made = LocalEngine("models/tiny.gguf")
    made._loaded = cast(LlamaModel, model)
    return made


def ask(user: str = "say", reply: str = "a", **settings: Any) -> SampleRequest:
    return SampleRequest(Prompt(user, reply), Sampling(max_tokens=6, temperature=0, **settings), count=2)


def test_it_is_an_engine(engine: LocalEngine) -> None:
    promised: Engine = engine
    assert (promised.name, promised.concurrency, promised.has_probabilities) == ("local", 1, True)
    assert promised.settings == {"max_tokens", "temperature", "top_p", "stop"}
    assert LocalEngine().model == LocalEngine("").model == "SmolLM2-135M-Instruct.Q4_1"


async def test_a_reply_says_what_was_drawn_by_which_model(engine: LocalEngine) -> None:
    reply = await engine.sample(ask())
    assert reply.completions == (Completion("6 0", "length"),) * 2
    assert reply.model == "tiny.gguf"
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (len("<|say>a"), 12)


async def test_judging_gives_the_probability_of_each_answer(engine: LocalEngine) -> None:
    judgement = await engine.judge(JudgeRequest(Prompt("which?", " ("), ("A)", "B)!", "C)!!")))
    assert judgement.probabilities == pytest.approx((4 / 7, 2 / 7, 1 / 7))
    assert judgement.answer is None
    assert judgement.usage.input_tokens == len("<|which?> (")


@pytest.mark.parametrize("number", [math.nan, -math.inf])
async def test_a_model_that_gives_no_number_is_a_sentence(engine: LocalEngine, model: FakeModel, number: float) -> None:
    model.number = number
    with pytest.raises(EngineError, match="no number for this prompt"):
        await engine.judge(JudgeRequest(Prompt("which?"), ("yes", "no")))


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
    await asyncio.to_thread(model.running.wait, PATIENCE)

    await asyncio.wait_for(engine.close(), PATIENCE)

    for task in (running, waiting):
        with pytest.raises(EngineBusyError, match="closed while a call ran"):
            await task
    with pytest.raises(EngineBusyError):
        await engine.sample(ask())
    await engine.close()


async def test_cancelling_a_call_frees_the_engine_for_the_next(engine: LocalEngine, model: FakeModel) -> None:
    model.slow = True
    task = asyncio.create_task(engine.sample(ask()))
    await asyncio.to_thread(model.running.wait, PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The engine's one thread is free again only if the cancelled call gave up while the model was slow.
    done = asyncio.wrap_future(engine._thread.submit(lambda: True))
    assert await asyncio.wait_for(done, PATIENCE)
    model.slow = False
    assert len((await engine.sample(ask())).completions) == 2


async def test_closing_while_the_model_is_fetched_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    fetching = threading.Event()

    def never_ends(progress: Callable[[int, int], None]) -> Path:
        fetching.set()
        while True:
            progress(0, 1)

    monkeypatch.setattr(model_store, "fetch_model", never_ends)
    engine = LocalEngine()
    task = asyncio.create_task(engine.sample(ask()))
    await asyncio.to_thread(fetching.wait, PATIENCE)
    await asyncio.wait_for(engine.close(), PATIENCE)
    with pytest.raises(EngineBusyError):
        await task


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, r"can't be read \(No such file or directory\)"),
        (lambda path: path.write_bytes(b""), "is not a GGUF file"),
        (lambda path: path.write_bytes(b"\x00" * 100), "is not a GGUF file"),
        (lambda path: path.write_bytes(b"GGUF damaged"), "it is damaged"),
        (lambda path: path.mkdir(), "is a folder; name a GGUF file"),
    ],
)
async def test_a_wrong_path_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], sentence: str
) -> None:
    monkeypatch.setenv("EVALWRIGHT_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "model.gguf"
    make(path)
    engine = LocalEngine(path)
    for _ in range(2):
        with pytest.raises(EngineUnusableError, match=sentence):
            await engine.sample(ask())
    await engine.close()


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[FakeModel]:
    """The models that are loaded in a test, each a pretended one."""
    made: list[FakeModel] = []

    def load(*_: object) -> FakeModel:
        made.append(FakeModel())
        return made[-1]

    monkeypatch.setattr(local, "LlamaModel", load)
    return made


async def test_a_model_whose_process_died_is_loaded_again(tmp_path: Path, loaded: list[FakeModel]) -> None:
    path = tmp_path / "whole.gguf"
    path.write_bytes(WHOLE)
    engine = LocalEngine(path)
    for _ in range(2):
        await engine.sample(ask())
    assert len(loaded) == 1
    loaded[0].close()
    await engine.sample(ask())
    assert len(loaded) == 2
    await engine.close()
    assert not loaded[1].alive


async def test_what_is_too_large_unrounded_runs_as_it_is_and_says_so(
    tmp_path: Path, loaded: list[FakeModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.gguf"
    path.write_bytes(QUANTISED)
    monkeypatch.setattr(exact_weights, "fits", lambda facts: False)
    engine = LocalEngine(path)
    assert (await engine.sample(ask())).model == "large.gguf (8-bit activations)"
    judgement = await engine.judge(JudgeRequest(Prompt("which?"), ("yes", "no")))
    assert judgement.model == "large.gguf (8-bit activations)"
    await engine.close()


def test_importing_the_engine_imports_no_heavy_library() -> None:
    program = (
        "import sys, generation.engines.local\n"
        "assert not {'numpy', 'xllamacpp', 'gguf', 'pip'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
