"""GGUF files in bytes: heads that make sense or don't, and tiny whole ones."""

from __future__ import annotations

import struct

ARCHITECTURE_KEY = "general.architecture"


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def entry(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def gguf_bytes(*entries: bytes, tensors: tuple[bytes, ...] = (), data: bytes = b"") -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries)) + b"".join(entries) + b"".join(tensors)
    return head + bytes(-len(head) % 32) * bool(data) + data


WORDS = entry("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("bc"))
SCORES = entry("tokenizer.ggml.scores", 9, struct.pack("<IQ2f", 6, 2, 0.5, 1.5))
ARCHITECTURE = entry(ARCHITECTURE_KEY, 8, text("llama"))
CONTEXT = entry("llama.context_length", 4, struct.pack("<I", 2048))
TEMPLATE = entry("tokenizer.chat_template", 8, text("{{ messages }}"))
FLAG = entry("flag", 7, b"\x01")
Q8_0 = 8
BLOCK = struct.pack("<e32b", 0.5, *range(32))
"""One block of 32 weights in Q8_0: 0, 0.5, 1, ..."""

QUANTISED = gguf_bytes(
    ARCHITECTURE, WORDS, SCORES, FLAG, CONTEXT, TEMPLATE, tensors=(tensor("one", (32, 1), Q8_0),), data=BLOCK
)
WHOLE = gguf_bytes(ARCHITECTURE, CONTEXT, tensors=(tensor("one", (2, 3), 0),), data=struct.pack("<6f", *range(6)))
