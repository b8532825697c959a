"""JSON as results and releases hold it: readable, and never with what JSON has no word for; and back into records.

A dataclass becomes an object with its fields; one that tells more, or tells it otherwise, has a method `as_json`.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from pathlib import PurePath
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(value: Any) -> str:
    """Returns a value as JSON text; an infinite number, such as an e-value, becomes the text "infinity"."""
    return json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False)


def plain(value: Any) -> Any:
    """Returns a value as JSON has it: objects, lists, texts, numbers, true, false and null."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(value.as_json() if hasattr(value, "as_json") else fields_of(value))
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(entry) for entry in value]
    return _single(value)


def _single(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, PurePath) else value


def fields_of(value: Any) -> dict[str, Any]:
    """Returns the fields of a dataclass by name, as they are."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def from_json(kind: type[T], value: Any) -> T:
    """Returns a frozen dataclass from what `to_json` made of it, those within it and infinite numbers too.

    What an object tells beyond the fields is passed over.

    Raises:
        ValueError, TypeError, KeyError: if it isn't what `to_json` made of one.
    """
    return cast("T", _read(kind, value))


def _read(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _read(of, value[name]) for name, of in _types(kind).items() if name in value})
    parts = get_args(kind)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _read(next(part for part in parts if part is not type(None)), value)
    if origin is tuple:
        inner = [parts[0]] * len(value) if parts[-1] is Ellipsis else parts
        return tuple(_read(part, entry) for part, entry in zip(inner, value, strict=True))
    if origin is dict:
        return {key: _read(parts[1], entry) for key, entry in value.items()}
    return float(value) if kind is float else value


@cache
def _types(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
