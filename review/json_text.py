"""JSON as results and releases hold it: readable, and never with what JSON has no word for; and back into records."""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(value: Any) -> str:
    """Returns a value as JSON text; an infinite number, such as an e-value, becomes the text "infinity"."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(entry) for entry in value]
    return value


def from_json(kind: type[T], value: Any) -> T:
    """Returns a frozen dataclass from what `to_json` made of it, those within it and infinite numbers too.

    Raises:
        ValueError, TypeError, KeyError: if it isn't what `to_json` made of one.
    """
    return cast("T", _read(kind, value))


def _read(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        fields = _fields(kind)
        return kind(**{key: _read(fields[key], entry) for key, entry in value.items()})
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
def _fields(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
