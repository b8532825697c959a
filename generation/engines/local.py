"""The engine that runs a model on this machine, with llama.cpp: the embedded one, or any GGUF file by path."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from generation.engines import exact_weights, model_store
from generation.engines.gguf_file import is_gguf, read_facts
from generation.engines.llama_model import SEQUENCES, Check, LlamaModel
from generation.engines.protocol import (
    EngineBusyError,
    EngineError,
    EngineUnusableError,
    Judgement,
    JudgeRequest,
    Prompt,
    SampleReply,
    SampleRequest,
    Usage,
)

Result = TypeVar("Result")

ROUNDED = "8-bit activations"
"""Stands behind the name of a model whose file is run as it is, since it is too large with unrounded weights."""


class LocalEngine:
    """Runs a model on this machine; see `protocol.Engine`.

    The model is loaded by the first call, in a thread of its own where all calls run one after another, and freed by
    `close`. A call that is cancelled, or runs while the engine is closed, ends within a moment.

    Judgements are exact: the log-likelihood of each whole answer after the prompt, then a softmax over the answers
    (Perez et al. 2022, section 2), of the file's own weights, unrounded. A base model (no chat template) reads the
    prompt as plain text, and judges alike.
    """

    name = "local"
    concurrency = 1
    samples_per_call = SEQUENCES
    has_probabilities = True
    judge_tokens = most_judge_tokens = 0
    settings = frozenset({"max_tokens", "temperature", "top_p", "stop"})

    def __init__(self, model: str | Path | None = None) -> None:
        """Names the model; nothing is loaded yet.

        Args:
            model: A GGUF file; `None` is the embedded model, fetched first if it isn't here.
        """
        self._path = Path(model).expanduser() if model else None
        self.model = str(model) if model else model_store.EMBEDDED.name
        self._loaded: LlamaModel | None = None
        self._rounded = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-engine")
        self._closed = threading.Event()

    async def prepare(self, tell: Callable[[str], None]) -> None:
        """Fetches the embedded model where it isn't on this machine yet, and looks whether another can be read."""
        if self._path is not None:
            model_path(str(self._path))
            return
        told = -1

        def progress(done: int, total: int) -> None:
            nonlocal told
            self._refuse_if_closed()
            percent = 100 * done // max(total, 1)
            if percent != told:
                told = percent
                tell(f"fetching the embedded model, {percent} % of {total // 10**6} MB")

        if model_store.cached_model() is None:
            await asyncio.to_thread(model_store.fetch_model, progress)
            tell("")

    async def sample(self, request: SampleRequest) -> SampleReply:
        """Returns completions; equal requests give equal texts on one machine."""
        return await self._run(lambda check: self._sample(request, check))

    async def judge(self, request: JudgeRequest) -> Judgement:
        """Returns the probability of each answer."""
        return await self._run(lambda check: self._judge(request, check))

    async def close(self) -> None:
        """Ends a running call, and frees the model."""
        self._closed.set()
        await asyncio.to_thread(self._thread.shutdown)
        if self._loaded is not None:
            await asyncio.to_thread(self._loaded.close)
            self._loaded = None

    async def _run(self, call: Callable[[Check], Result]) -> Result:
        """Runs a call in the engine's thread; if the caller is cancelled, the thread is told to give up."""
        cancelled = threading.Event()

        def check() -> None:
            self._refuse_if_closed(cancelled)

        check()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, call, check)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def _refuse_if_closed(self, cancelled: threading.Event | None = None) -> None:
        if self._closed.is_set() or (cancelled is not None and cancelled.is_set()):
            raise EngineBusyError("The local engine was closed while a call ran; run the job again.")

    def _sample(self, request: SampleRequest, check: Check) -> SampleReply:
        _refuse_unreadable(request.prompt)
        model = self._model(check)
        text = model.format(request.prompt, check)
        prompt = model.encode(text, request.sampling.max_tokens, check)
        completions, drawn = model.sample(prompt, request.sampling, request.count, request.seed, check)
        sent = {"prompt": text, **asdict(request.sampling), "count": request.count, "seed": request.seed}
        return SampleReply(tuple(completions), Usage(len(prompt), drawn), self._short_name(), sent)

    def _judge(self, request: JudgeRequest, check: Check) -> Judgement:
        _refuse_unreadable(request.prompt)
        model = self._model(check)
        text = model.format(request.prompt, check)
        sequences = [model.encode(text + answer, 1, check) for answer in request.answers]
        if len({tuple(sequence) for sequence in sequences}) < max(2, len(sequences)):
            raise EngineError("A judgement needs at least two answers that differ; mend the recipe's answers.")
        scores = model.log_likelihoods(sequences, check)
        if not all(map(math.isfinite, scores)):
            raise EngineError("The local model gave no number for this prompt; name another model with --model.")
        weights = [math.exp(score - max(scores)) for score in scores]
        return Judgement(
            probabilities=tuple(weight / sum(weights) for weight in weights),
            answer=None,
            raw="",
            stop_reason="stop",
            usage=Usage(input_tokens=len(model.encode(text, 0, check))),
            model=self._short_name(),
            sent={"prompt": text, "answers": request.answers},
        )

    def _model(self, check: Check) -> LlamaModel:
        """Returns the model, loading it if it isn't, or its process has died."""
        if self._loaded is not None and not self._loaded.alive:
            self._loaded.close()
            self._loaded = None
        if self._loaded is None:
            path = self._path or model_store.fetch_model(lambda _done, _total: check())
            path = model_path(str(path))
            facts = read_facts(path)
            self._rounded = not (facts.exact or exact_weights.fits(facts))
            if not self._rounded:
                path = exact_weights.exact_file(path, facts, check)
            self._loaded = LlamaModel(path, facts, check)
        return self._loaded

    def _short_name(self) -> str:
        name = self._path.name if self._path else self.model
        return f"{name} ({ROUNDED})" if self._rounded else name


def model_path(model: str) -> Path:
    """Returns the full path of a model that a person names.

    Raises:
        EngineUnusableError: It is not a GGUF file, or can't be read.
    """
    path = Path(model).expanduser()
    try:
        path = path.resolve(strict=True)
        if path.is_dir():
            raise EngineUnusableError(_folder(path))
        if not is_gguf(path):
            raise EngineUnusableError(f"{path} is not a GGUF file; name one with --model.")
    except (OSError, ValueError) as error:
        cause = (isinstance(error, OSError) and error.strerror) or str(error)
        raise EngineUnusableError(
            f"The model {path} can't be read ({cause}); name a GGUF file with --model."
        ) from error
    return path


def _folder(folder: Path) -> str:
    ggufs = sorted(folder.glob("*.gguf"))
    if ggufs:
        return f"{folder} is a folder with GGUF files in it: name one of them with --model, such as {ggufs[0]}."
    return f"{folder} is a folder; name a GGUF file with --model."


def _refuse_unreadable(prompt: Prompt) -> None:
    """Refuses what no model can read, before one is loaded."""
    if not (prompt.user.strip() or prompt.reply.strip()):
        raise EngineError("The prompt is empty; mend the recipe's prompt.")
    try:
        "".join([prompt.system, prompt.user, prompt.reply]).encode()
    except UnicodeEncodeError as error:
        raise EngineError(
            "The prompt holds half a character (a lone surrogate); mend the text it is made of."
        ) from error
