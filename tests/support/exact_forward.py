"""A llama-type GGUF file run by the plainest means: dequantised to f32, one text at a time, in numpy.

What an engine says of a file is compared with this. It shares nothing with llama.cpp but the file format.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFReader, dequantize
from numpy.typing import NDArray

Array = NDArray[np.float32]


class ExactLlama:
    """The weights of a llama model (rotary positions, grouped attention, SwiGLU), and its forward pass."""

    def __init__(self, path: Path) -> None:
        reader = GGUFReader(path)
        self.weights: dict[str, Array] = {
            tensor.name: np.asarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
            for tensor in reader.tensors
        }

        def setting(name: str) -> float:
            return float(reader.fields[f"llama.{name}"].contents())

        self.heads = int(setting("attention.head_count"))
        self.groups = int(setting("attention.head_count_kv"))
        self.blocks = int(setting("block_count"))
        self.size = int(setting("embedding_length")) // self.heads
        self.epsilon = setting("attention.layer_norm_rms_epsilon")
        self.base = setting("rope.freq_base")

    def log_probabilities(self, tokens: Sequence[int]) -> NDArray[np.float64]:
        """Returns the log-probabilities of the next token after each one, shape [tokens, vocabulary]."""
        stream = self.weights["token_embd.weight"][list(tokens)]
        for block in range(self.blocks):
            stream = stream + self._attention(block, stream)
            inner = self._normal(stream, f"blk.{block}.ffn_norm.weight")
            gate = self._times(inner, block, "ffn_gate")
            swish = gate / (1 + np.exp(-gate))
            stream = stream + self._times(swish * self._times(inner, block, "ffn_up"), block, "ffn_down")
        stream = self._normal(stream, "output_norm.weight")
        output = self.weights.get("output.weight", self.weights["token_embd.weight"])
        logits = (stream @ output.T).astype(np.float64)
        logits -= logits.max(axis=-1, keepdims=True)
        result: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        return result

    def log_likelihood(self, tokens: Sequence[int], after: int) -> float:
        """Returns the log-probability of the tokens from the place `after` on."""
        steps = self.log_probabilities(tokens)
        return float(sum(steps[place - 1, tokens[place]] for place in range(after, len(tokens))))

    def _attention(self, block: int, stream: Array) -> Array:
        inner = self._normal(stream, f"blk.{block}.attn_norm.weight")
        length = len(inner)
        shares = self.heads // self.groups
        query = self._turned(self._times(inner, block, "attn_q").reshape(length, self.heads, self.size))
        key = self._turned(self._times(inner, block, "attn_k").reshape(length, self.groups, self.size))
        value = self._times(inner, block, "attn_v").reshape(length, self.groups, self.size)
        mixed = np.empty_like(query)
        later = np.triu(np.ones((length, length), dtype=bool), 1)
        for head in range(self.heads):
            scores = query[:, head] @ key[:, head // shares].T / np.sqrt(self.size)
            scores[later] = -np.inf
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            mixed[:, head] = scores / scores.sum(axis=-1, keepdims=True) @ value[:, head // shares]
        return self._times(mixed.reshape(length, -1), block, "attn_output")

    def _turned(self, vectors: Array) -> Array:
        """Rotates neighbouring pairs by their position."""
        speeds = self.base ** (-np.arange(0, self.size, 2) / self.size)
        angles = np.arange(len(vectors))[:, None, None] * speeds
        pairs = vectors[..., 0::2] + 1j * vectors[..., 1::2]
        pairs = pairs * np.exp(1j * angles)
        turned: Array = np.stack([pairs.real, pairs.imag], axis=-1).reshape(vectors.shape).astype(np.float32)
        return turned

    def _normal(self, stream: Array, name: str) -> Array:
        normal: Array = stream / np.sqrt((stream**2).mean(-1, keepdims=True) + np.float32(self.epsilon))
        return normal * self.weights[name]

    def _times(self, stream: Array, block: int, name: str) -> Array:
        return stream @ self.weights[f"blk.{block}.{name}.weight"].T
