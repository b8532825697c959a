"""Filling in prompts. What is filled in is never read as a template again: descriptions and replies may hold braces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PLACEHOLDER = re.compile(r"\{\s*([A-Za-z_]\w*)\s*\}")


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Returns the template with each `{name}` replaced, in one pass.

    Raises:
        KeyError: if a name has no value; recipes are checked for that when they are loaded.
    """
    return PLACEHOLDER.sub(lambda match: shown(values[match.group(1)]), template)


def fill_value(template: str, values: Mapping[str, Any]) -> Any:
    """Returns the value itself, a number or a list as it is, where the template is one placeholder; else its text."""
    alone = PLACEHOLDER.fullmatch(template)
    return values[alone.group(1)] if alone else fill(template, values)


def placeholders(template: str) -> set[str]:
    """Returns the names that a template wants."""
    return set(PLACEHOLDER.findall(template))


def shown(value: Any) -> str:
    """Returns a value as a prompt shows it: a list of texts as choices, a lettered line each."""
    if isinstance(value, list):
        return "\n".join(f"{letter_answer(place)} {text}" for place, text in enumerate(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def letter_answer(place: int) -> str:
    """Returns the answer that stands for a choice, counted from 0, as published files write it: " (A)"."""
    return f" ({chr(ord('A') + place)})"
