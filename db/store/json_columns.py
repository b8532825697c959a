"""What columns hold as JSON, both ways: choices, questions, limits, and tables of names and values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from functools import lru_cache
from typing import Any

from db.job_records import Limits
from db.records import Choice, Question

DECODED = 1024
"""How many different texts of choices stay decoded: most examples of a dataset offer the same ones."""

# As `json.dumps(..., ensure_ascii=False)` writes them, which makes an encoder for every call.
_encode = json.JSONEncoder(ensure_ascii=False).encode
_quote = json.encoder.encode_basestring


def choices_to_json(choices: Sequence[Choice]) -> str:
    """Returns choices as a column holds them: a list of pairs of answer and text."""
    return f"[{', '.join([f'[{_quote(choice.answer)}, {_quote(choice.text)}]' for choice in choices])}]"


@lru_cache(maxsize=DECODED)
def choices_from_json(text: str) -> tuple[Choice, ...]:
    """Returns the choices of a column."""
    pairs: list[list[Any]] = json.loads(text)
    return tuple(Choice(answer, words) for answer, words in pairs)


@lru_cache(maxsize=DECODED)
def answers_from_json(text: str) -> tuple[str, ...]:
    """Returns the answers alone of a column of choices."""
    return tuple(choice.answer for choice in choices_from_json(text))


def questions_to_json(questions: Sequence[Question]) -> str:
    """Returns a dataset's own questions as a column holds them."""
    return _encode([asdict(question) for question in questions])


def questions_from_json(text: str) -> tuple[Question, ...]:
    """Returns the questions of a column."""
    return tuple(Question(**{**entry, "options": tuple(entry["options"])}) for entry in json.loads(text))


def limits_to_json(limits: Limits) -> str:
    """Returns a job's limits as a column holds them: those that are set."""
    set_ones = {name: value for name, value in asdict(limits).items() if value is not None}
    return json.dumps(set_ones, default=str)


def limits_from_json(text: str) -> Limits:
    """Returns the limits of a column."""
    values = json.loads(text)
    budget, left_out = values.pop("budget_usd", None), values.pop("leave_out", None)
    return Limits(
        **values,
        budget_usd=None if budget is None else Decimal(budget),
        leave_out=None if left_out is None else tuple(left_out),
    )


def texts_to_json(texts: Sequence[str]) -> str:
    """Returns texts as a column holds a list of them."""
    return _encode(list(texts))


def texts_from_json(text: str) -> tuple[str, ...]:
    """Returns the texts of a column that holds a list of them."""
    return tuple(json.loads(text))


def table_to_json(values: Mapping[str, Any]) -> str:
    """Returns names and values as a column holds them."""
    return _encode(dict(values)) if values else "{}"


def table_from_json(text: str) -> dict[str, Any]:
    """Returns the names and values of a column; most columns have none."""
    found: dict[str, Any] = {} if text == "{}" else json.loads(text)
    return found
