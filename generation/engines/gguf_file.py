"""GGUF files: reading just enough of one to refuse a wrong file, and to know what kind of model is in it."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from generation.engines.protocol import EngineUnusableError

MAGIC = b"GGUF"

# The value types of GGUF metadata that are plain numbers, as struct formats; 8 is a string, 9 an array.
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST_STRING = 1 << 24
_MOST_DIMENSIONS = 8

_WHOLE_TYPES = {0, 1}
"""The tensor types that llama.cpp multiplies without rounding what they are multiplied with: f32 and f16."""


@dataclass(frozen=True)
class GgufFacts:
    """What a GGUF file says of its model.

    Attributes:
        context_length: The most tokens that the model attends to; None if the file doesn't say.
        chat_template: Whether the file has one. A model without is a base model: it continues texts.
        exact: Whether all tensors are f32 or f16.
        parameters: The number of weights.
    """

    context_length: int | None
    chat_template: bool
    exact: bool
    parameters: int


def is_gguf(path: Path) -> bool:
    """Returns whether a file begins as GGUF files do."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_facts(path: Path) -> GgufFacts:
    """Reads the head of a GGUF file.

    Raises:
        EngineUnusableError: It makes no sense.
    """
    context, template = None, False
    try:
        with path.open("rb") as file:
            file.seek(len(MAGIC) + 4)
            tensors, entries = _number(file, "Q"), _number(file, "Q")
            for _ in range(entries):
                key = _string(file)
                value = _value(file, _number(file, "I"))
                if key.endswith(b".context_length") and isinstance(value, int):
                    context = value
                template = template or (key == b"tokenizer.chat_template" and bool(value))
            shapes, types = [], set()
            for _ in range(tensors):
                _string(file)
                dimensions = _number(file, "I")
                if dimensions > _MOST_DIMENSIONS:
                    raise struct.error("more dimensions than any tensor has")
                shapes.append([_number(file, "Q") for _ in range(dimensions)])
                types.add(_number(file, "I"))
                _number(file, "Q")
    except (struct.error, KeyError, RecursionError, OverflowError, ValueError) as error:
        raise unreadable(path, "its metadata makes no sense") from error
    return GgufFacts(context, template, types <= _WHOLE_TYPES, sum(map(math.prod, shapes)))


def unreadable(path: Path, cause: str) -> EngineUnusableError:
    """Returns the sentence for a file that can't be used."""
    return EngineUnusableError(
        f"The local engine can't read the model {path}: it is damaged, cut short, or of a kind that this llama.cpp "
        f"doesn't know ({cause}); fetch the file again, upgrade xllamacpp, or name another model with --model."
    )


def _value(file: BinaryIO, kind: int) -> object:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        inner, length = _number(file, "I"), _number(file, "Q")
        if inner in _NUMBERS:
            file.seek(length * struct.calcsize("<" + _NUMBERS[inner]), 1)
            return None
        for _ in range(length):
            _value(file, inner)
        return None
    return _number(file, _NUMBERS[kind])


def _string(file: BinaryIO) -> bytes:
    length = _number(file, "Q")
    if length > _LONGEST_STRING:
        raise struct.error("a string longer than any that metadata holds")
    text: bytes = struct.unpack(f"<{length}s", file.read(length))[0]
    return text


def _number(file: BinaryIO, form: str) -> int:
    value: int = struct.unpack(f"<{form}", file.read(struct.calcsize("<" + form)))[0]
    return value
