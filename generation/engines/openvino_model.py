"""One OpenVINO language model in memory: text to tokens, tokens to logits.

The model is run directly, not through OpenVINO's text pipeline: the pipeline gives the probability of a chosen token
only, so that exact probabilities of given answers would need a second copy of the model in memory, and a call to it
can't be given up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.engines.cache import OPENVINO_FILES
from generation.engines.decoding import Logits
from generation.engines.gguf import last_line
from generation.engines.protocol import EngineError, EngineUnusableError, Prompt

# Logits are computed for every token read, so long prompts are read in pieces, to bound the memory that takes.
_TOKENS_AT_ONCE = 128

# A model that doesn't say how much it attends to is taken for a small one.
_DEFAULT_CONTEXT = 4096

# OpenVINO's own choice is 8-bit activations and cache, which takes two thirds of the work but moves the log-odds of an
# answer by 0.2 where prompts differ by 0.45 (root mean square, embedded model); with these it is 0.005.
_EXACT = {
    "INFERENCE_PRECISION_HINT": "f32",
    "KV_CACHE_PRECISION": "f16",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
}

_INPUTS = {"input_ids", "attention_mask", "position_ids", "beam_idx"}


class OpenVinoModel:
    """A causal language model from an OpenVINO folder, on the CPU. Not thread-safe.

    Attributes:
        context_length: The most tokens that prompt and completion may have together.
        end_tokens: The tokens that end a reply; the first is the tokenizer's own.
    """

    def __init__(self, folder: Path) -> None:
        """Loads the model; takes a second or two for a small one.

        Raises:
            EngineUnusableError: The folder doesn't hold such a model, or it can't be loaded.
        """
        import openvino
        import openvino_genai

        try:
            self._tokenizer = openvino_genai.Tokenizer(folder)
            compiled = openvino.Core().compile_model(folder / OPENVINO_FILES[0], "CPU", _EXACT)
            self._request = compiled.create_infer_request()
            self._inputs = {port.any_name for port in compiled.inputs}
        except RuntimeError as error:
            raise EngineUnusableError(
                f"OpenVINO can't load the model in {folder} ({_cause(error)}); delete the folder if evalwright made it "
                "in its cache (it will be made again), else export the model again, or name another with --model."
            ) from error
        if not {"input_ids", "beam_idx"} <= self._inputs <= _INPUTS:
            raise EngineUnusableError(
                f"The model in {folder} is not a language model with a key-value cache (its inputs are "
                f"{', '.join(sorted(self._inputs))}); export it for text generation, or name another with --model."
            )
        self.end_tokens = _end_tokens(folder, self._tokenizer.get_eos_token_id())
        self.context_length = self._measured_context(folder)
        self._read = 0

    def format(self, prompt: Prompt) -> str:
        """Returns the text that the model reads: the prompt in the model's own chat template, the reply begun.

        A model without a template reads system prompt, user's words and reply as paragraphs.
        """
        if not self._tokenizer.chat_template:
            return "\n\n".join(filter(None, [prompt.system, prompt.user, prompt.reply]))
        turns = [{"role": "system", "content": prompt.system}] if prompt.system else []
        turns.append({"role": "user", "content": prompt.user})
        # Reasoning models would otherwise begin to think where an answer is read; other templates don't look.
        try:
            text: str = self._tokenizer.apply_chat_template(
                turns, add_generation_prompt=True, extra_context={"enable_thinking": False}
            )
        except RuntimeError as error:
            raise EngineError(f"The local model's chat template refuses this prompt ({_cause(error)}).") from error
        return text + prompt.reply

    def encode(self, text: str, room: int) -> list[int]:
        """Returns the tokens of a formatted text.

        Args:
            text: The text.
            room: Tokens that must still fit into the context after it.

        Raises:
            EngineError: It doesn't fit.
        """
        templated = bool(self._tokenizer.chat_template)
        tokens = self._tokenizer.encode(text, add_special_tokens=not templated).input_ids.data[0]
        if len(tokens) + room > self.context_length:
            raise EngineError(
                f"The prompt is too long for the local model: with {room} tokens of reply it needs more than the "
                f"{self.context_length} that the model can attend to; shorten the prompt or name another engine."
            )
        return [int(token) for token in tokens]

    def decode(self, before: int, tokens: Sequence[int]) -> str:
        """Returns the text of tokens that follow the token `before`; some tokenizers drop a text's first space."""
        text: str = self._tokenizer.decode([before, *tokens])
        return text.removeprefix(self._tokenizer.decode([before]))

    def start(self, tokens: Sequence[int], check: Callable[[], None]) -> Logits:
        """Reads one sequence and returns the logits after it, shape [vocabulary]."""
        self._request.reset_state()
        self._read = 0
        pieces = self.extend([0], np.array([tokens], dtype=np.int64), check)
        last: Logits
        *_, last = (logits[0, -1].copy() for logits in pieces)
        return last

    def extend(self, rows: Sequence[int], tokens: NDArray[np.int64], check: Callable[[], None]) -> Iterator[Logits]:
        """Continues sequences; see `decoding.CausalModel`. What is yielded is overwritten by the next piece."""
        order = np.array(rows, dtype=np.int32)
        columns = max(1, _TOKENS_AT_ONCE // len(order))
        for begin in range(0, tokens.shape[1], columns):
            check()
            yield self._forward(order, tokens[:, begin : begin + columns])
            order = np.arange(len(order), dtype=np.int32)

    def _forward(self, order: NDArray[np.int32], tokens: NDArray[np.int64]) -> Logits:
        """Runs the model once over tokens [sequences, columns]."""
        sequences, columns = tokens.shape
        read = self._read + columns
        inputs: dict[str, NDArray[Any]] = {
            "input_ids": tokens,
            "attention_mask": np.ones((sequences, read), dtype=np.int64),
            "position_ids": np.tile(np.arange(self._read, read, dtype=np.int64), (sequences, 1)),
            "beam_idx": order,
        }
        try:
            self._request.infer({name: inputs[name] for name in self._inputs})
        except (RuntimeError, MemoryError) as error:
            raise EngineError(f"The local model failed on this prompt ({_cause(error)}).") from error
        self._read = read
        logits: Logits = self._request.get_tensor("logits").data
        return logits

    def _measured_context(self, folder: Path) -> int:
        """Returns the context length, or what the tokenizer cuts texts to if that is less, since it cuts silently."""
        config = _read_json(folder / "config.json")
        stated = config.get("max_position_embeddings") or config.get("text_config", {}).get("max_position_embeddings")
        context = stated if isinstance(stated, int) else _DEFAULT_CONTEXT
        return min(context, int(self._tokenizer.encode("a " * context).input_ids.shape[1]))


def _end_tokens(folder: Path, usual: int) -> tuple[int, ...]:
    """Returns the tokens that end a reply; the folder's own settings may name several."""
    named = _read_json(folder / "generation_config.json").get("eos_token_id", [])
    others = named if isinstance(named, list) else [named]
    return (usual, *(token for token in others if token != usual))


def _cause(error: Exception) -> str:
    return last_line(str(error))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
