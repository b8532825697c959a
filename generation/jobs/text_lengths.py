"""How long texts are taken to be that a model has yet to write, where a job is foreseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from db.job_records import Candidate
from generation.recipes.parsers import NAMES
from generation.recipes.prompts import placeholders

if TYPE_CHECKING:  # Stages use this.
    from generation.recipes.stages.drawing import Drawing

CHARACTERS: Mapping[str, int] = {
    "first-bullet": 80,
    "bullets": 80,
    "sentence": 80,
    "block-quote": 400,
    "biography": 800,
    "whole": 400,
    "line": 12,
    "names": 16,
}
"""How long a text is taken to be that a model has yet to write, by the parser that reads it, in characters."""

CHARACTERS_PER_TOKEN = 4
LIST_TOKENS = 2
"""Tokens around each text of a list: a bullet, a line's end."""

VOTE_TOKENS = 5
"""Tokens around the answer that a vote names."""


def texts(drawing: Drawing, candidate: Candidate) -> int:
    """Returns how many texts a likely reply holds: of names, as many as a field that it is asked about."""
    if drawing.parser == "bullets":
        return drawing.per_call
    if drawing.parser != "names":
        return 1
    asked = [str(candidate.fields.get(name, "")) for name in placeholders(drawing.prompt)]
    parts = [sum(bool(part.strip()) for part in NAMES.split(text)) for text in asked]
    return max(1, min(drawing.per_call, max(parts, default=1)))


def words(size: int) -> str:
    """Returns a text of that many characters that has as many tokens as such texts mostly have."""
    return ("I walk along the river in the evening and think about it. " * (1 + size // 20))[:size]


def placeholder(size: int) -> str:
    """Returns a text of that many bytes, with a blank in it that a judge may fill."""
    return ("_" + "x" * size)[:size]
