"""Filling in prompts. What is filled in is never read as a template again: descriptions and replies may hold braces."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{\s*([A-Za-z_]\w*)\s*\}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Returns the template with each `{name}` replaced, in one pass.

    Raises:
        KeyError: if a name has no value; recipes are checked for that when they are loaded.
    """
    return PLACEHOLDER.sub(lambda match: values[match.group(1)], template)


def placeholders(template: str) -> set[str]:
    """Returns the names that a template wants."""
    return set(PLACEHOLDER.findall(template))
