"""The engine that runs a model on this machine, with OpenVINO: the embedded one, or any by path."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from generation.engines import gguf, model_store
from generation.engines.cache import OPENVINO_FILES
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

if TYPE_CHECKING:
    from generation.engines.openvino_model import OpenVinoModel

Result = TypeVar("Result")
Check = Callable[[], None]


class LocalEngine:
    """Runs a model on this machine; see `protocol.Engine`.

    The model is loaded by the first call, in a thread of its own where all calls run one after another, and freed by
    `close`. A call that is cancelled, or runs while the engine is closed, ends before its next token.

    Judgements are exact: the log-likelihood of each whole answer after the prompt, then a softmax over the answers
    (Perez et al. 2022, section 2). The alternative, a beam search for the first token that differs, sees only as many
    tokens as it has beams and nothing of the rest of an answer, and takes longer.
    """

    name = "local"
    concurrency = 1
    samples_per_call = 16
    has_probabilities = True
    judge_tokens = most_judge_tokens = 0
    settings = frozenset({"max_tokens", "temperature", "top_p", "stop"})

    def __init__(self, model: str | Path | None = None) -> None:
        """Names the model; nothing is loaded yet.

        Args:
            model: A GGUF file or an OpenVINO folder; `None` is the embedded model, fetched first if it isn't here.
        """
        self._path = Path(model).expanduser() if model else None
        self.model = str(model) if model else model_store.EMBEDDED.name
        self._loaded: OpenVinoModel | None = None
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
        """Ends a running call before its next token, and frees the model."""
        self._closed.set()
        await asyncio.to_thread(self._thread.shutdown)
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
        model = self._model(check)
        from generation.engines import decoding

        prompt = model.encode(_formatted(model, request.prompt), request.sampling.max_tokens)
        completions, drawn = decoding.sample(
            model, prompt, request.sampling, request.count, request.seed % (1 << 63), check
        )
        return SampleReply(completions, Usage(len(prompt), drawn), self._short_name())

    def _judge(self, request: JudgeRequest, check: Check) -> Judgement:
        model = self._model(check)
        import numpy as np

        from generation.engines import decoding

        text = _formatted(model, request.prompt)
        sequences = [model.encode(text + answer, room=1) for answer in request.answers]
        if len({tuple(sequence) for sequence in sequences}) < max(2, len(sequences)):
            raise EngineError("A judgement needs at least two answers that differ; mend the recipe's answers.")
        scores = decoding.log_likelihoods(model, sequences, check)
        if not np.isfinite(scores).all():
            raise EngineError("The local model gave no number for this prompt; name another model with --model.")
        weights = np.exp(scores - scores.max())
        return Judgement(
            probabilities=tuple(float(weight) for weight in weights / weights.sum()),
            answer=None,
            raw="",
            stop_reason="stop",
            usage=Usage(input_tokens=len(model.encode(text, room=0))),
            model=self._short_name(),
        )

    def _model(self, check: Check) -> OpenVinoModel:
        """Returns the model, loading it if it isn't."""
        if self._loaded is None:
            _require_openvino()
            path = self._path or model_store.fetch_model(lambda _done, _total: check())
            self._loaded = _load(path, check)
        return self._loaded

    def _short_name(self) -> str:
        return self._path.name if self._path else self.model


def _require_openvino() -> None:
    # OpenVINO reports its use to its makers on import, from a forked process that can hang; without this module it
    # falls back to a stub that does nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino_genai  # noqa: F401
    except (ImportError, OSError) as error:
        raise EngineUnusableError(
            "The local engine needs openvino-genai, which isn't installed or doesn't run here (there are wheels for "
            "Linux and for Macs with Apple processors); install it, or name another engine with --engine."
        ) from error


def model_path(model: str) -> Path:
    """Returns the full path of a model that a person names.

    Raises:
        EngineUnusableError: It is neither a GGUF file nor an OpenVINO folder, or can't be read.
    """
    path = Path(model).expanduser()
    try:
        path = path.resolve(strict=True)
        if path.is_dir():
            missing = [name for name in OPENVINO_FILES if not (path / name).is_file()]
            if missing:
                raise EngineUnusableError(_not_a_folder(path, missing[0]))
        elif not gguf.is_gguf(path):
            raise EngineUnusableError(
                f"{path} is not a GGUF file; name a GGUF file or an OpenVINO folder with --model."
            )
    except (OSError, ValueError) as error:
        cause = (isinstance(error, OSError) and error.strerror) or str(error)
        raise EngineUnusableError(
            f"The model {path} can't be read ({cause}); name a GGUF file or an OpenVINO folder with --model."
        ) from error
    return path


def _not_a_folder(folder: Path, missing: str) -> str:
    ggufs = sorted(folder.glob("*.gguf"))
    if ggufs:
        return f"{folder} is a folder with GGUF files in it: name one of them with --model, such as {ggufs[0]}."
    return (
        f"{folder} is not an OpenVINO language model: it has no {missing}; export the model with its tokenizer "
        "(optimum-cli export openvino), or name a GGUF file with --model."
    )


def _load(path: Path, check: Check) -> OpenVinoModel:
    """Loads a GGUF file or an OpenVINO folder."""
    from generation.engines.openvino_model import OpenVinoModel

    path = model_path(str(path))
    if path.is_dir():
        return OpenVinoModel(path)
    folder = gguf.converted(path, check)
    check()
    return OpenVinoModel(folder)


def _formatted(model: OpenVinoModel, prompt: Prompt) -> str:
    if not (prompt.user.strip() or prompt.reply.strip()):
        raise EngineError("The prompt is empty; mend the recipe's prompt.")
    try:
        "".join([prompt.system, prompt.user, prompt.reply]).encode()
    except UnicodeEncodeError as error:
        raise EngineError(
            "The prompt holds half a character (a lone surrogate); mend the text it is made of."
        ) from error
    return model.format(prompt)
