"""How a sample stage draws on an engine: its prompt, its settings, and the seed examples that it shows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generation.engines.protocol import Sampling
from generation.recipes.inputs import Row
from generation.recipes.parsers import PARSERS
from generation.recipes.prompts import fill, letter_answer
from generation.recipes.stages.scope import Scope, one_of, read_sampling
from review.text.toml import Section

OWN = ("slot", "per_call", "shots")
"""The names that a sample stage itself gives a value."""


@dataclass(frozen=True)
class Drawing:
    """How candidates are drawn on an engine.

    Attributes:
        prompt: Template of what is asked; `reply` of the reply begun for the model.
        sampling: Settings.
        parser: Name of what reads candidates from a reply; see `generation.recipes.parsers`.
        per_call: The most candidates that one reply may hold, at least 1.
        per_kept: Candidates drawn per example kept; 0 for a stage that draws `draws` for each candidate instead.
        draws: Replies, for each candidate that comes in.
    """

    prompt: str
    reply: str
    sampling: Sampling
    parser: str
    per_call: int
    per_kept: int
    draws: int


@dataclass(frozen=True)
class Shots:
    """Seed examples for a few-shot prompt: so many of an input's rows, at random and in random order."""

    input: str
    count: int

    def text(self, rows: Sequence[Mapping[str, Any]], seed: int, intended: str) -> str:
        """Returns examples drawn from the rows, their choices arranged for an intended label."""
        drawn = random.Random(seed).sample(list(rows), self.count)
        return "\n\n".join(_quoted(row, intended) for row in drawn)

    def longest(self, inputs: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
        """Returns the inputs with only those examples that take most room in a prompt."""
        return {**inputs, self.input: sorted(inputs[self.input], key=_size, reverse=True)[: self.count]}


def read_shots(section: Section, scope: Scope) -> Shots | None:
    """Reads which seed examples a stage's prompts show, if they show any."""
    if not section.has("shots"):
        return None
    shape = scope.input(section, "shots")
    if shape.shape != "examples":
        raise section.error("shots", "must name an input of shape 'examples'")
    return Shots(section.text("shots"), section.integer("shots_count", 5))


def read_drawing(
    section: Section, base: Drawing | None, scope: Scope, own: set[str], *, first: bool
) -> Drawing:  # fmt: skip
    """Reads how a stage draws on an engine; what its section leaves out is as in `base`."""
    per_kept = section.integer("per_kept", base.per_kept if base else 0, least=int(section.has("per_kept")))
    drawing = Drawing(
        prompt=scope.check(section, "prompt", section.text("prompt", base.prompt if base else None), own),
        reply=scope.check(section, "reply", section.text("reply", base.reply if base else ""), own),
        sampling=read_sampling(section),
        parser=one_of(section, "parser", section.text("parser", base.parser if base else None), PARSERS),
        per_call=section.integer("per_call", base.per_call if base else 1),
        per_kept=per_kept,
        draws=section.integer("draws", base.draws if base else 1),
    )
    if first and per_kept == 0:
        raise section.error("per_kept", "is missing: the first stage has to say how many it draws")
    if not first and per_kept and not scope.has_rows:
        raise section.error("per_kept", "belongs to the first stage; a later one says with `draws` how many it makes")
    if base is not None and bool(per_kept) != bool(base.per_kept):
        raise section.error("per_kept", "must be given for all engines or for none")
    return drawing


def _quoted(row: Mapping[str, Any], intended: str) -> str:
    """Returns a seed example in a block quote, its choices arranged so that the matching one has the intended letter.

    Letters that are flipped change the choices' texts and not the letters' order: (A) comes first.
    """
    choices = list(row["choices"])
    letters = [letter_answer(place) for place in range(len(choices))]
    if intended in letters:
        here, there = letters.index(row["intended"]), letters.index(intended)
        choices[here], choices[there] = choices[there], choices[here]
    text = fill("{question}\n\nChoices:\n{choices}", {"question": row["question"], "choices": choices})
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _size(row: Row) -> int:
    """Returns about how many bytes an example takes in a prompt: each of its lines is quoted."""
    texts = [row["question"], *row["choices"]]
    return sum(len(text.encode()) + 2 * text.count("\n") + 8 for text in texts)
