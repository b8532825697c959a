"""Drawing candidates: a prompt, for each label or each candidate so far, and what is read from the replies."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from db.job_records import NewCandidate
from generation.engines.protocol import Completion, Prompt, SampleRequest, Sampling
from generation.parsers import PARSERS
from generation.prompts import fill, letter_answer
from generation.stages.scope import Asked, Scope, by_engine, for_engine, one_of, read_sampling
from review.toml_file import Section

OWN = ("slot", "per_call", "shots")
"""The names that a sample stage itself gives a value."""


@dataclass(frozen=True)
class Drawing:
    """How candidates are drawn on an engine.

    Attributes:
        prompt: Template of what is asked; `reply` of the reply begun for the model.
        sampling: Settings.
        parser: Name of what reads candidates from a reply; see `generation.parsers`.
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


@dataclass(frozen=True)
class SampleStage:
    """A stage that draws candidates.

    Attributes:
        field: The field that holds what it writes, besides the text; or empty.
        drawings: How it draws, by engine.
        known: The names that its prompts may use.
    """

    kind: ClassVar[str] = "sample"
    name: str
    field: str
    drawings: Mapping[str, Drawing]
    shots: Shots | None
    known: frozenset[str] = frozenset()

    def drawing(self, engine: str) -> Drawing:
        """Returns how candidates are drawn on this engine."""
        return for_engine(self.drawings, engine)

    @property
    def sets_size(self) -> bool:
        """Whether this is the stage of a recipe that draws as many as the job's count wants."""
        return self.drawing("").per_kept > 0

    def request(self, asked: Asked) -> SampleRequest:
        """Returns what is asked of the engine, exactly as it is sent; the same payload gives the same request."""
        drawing = self.drawing(asked.engine)
        values = {
            **asked.values,
            "slot": str(asked.payload["slot"]),
            "per_call": str(drawing.per_call),
            **({} if self.shots is None else {"shots": self._shots(asked, self.shots)}),
        }
        prompt = asked.payload.get("prompt") or drawing.prompt
        return SampleRequest(
            prompt=Prompt(user=fill(prompt, values), reply=fill(drawing.reply, values)),
            sampling=drawing.sampling,
            count=asked.payload["count"],
            seed=asked.payload["seed"],
        )

    def read_reply(
        self,
        request: SampleRequest,
        completions: Sequence[Completion],
        engine: str,
        *,
        intended: str,
        wording: str,
        fields: Mapping[str, Any],
    ) -> list[NewCandidate]:
        """Reads candidates from completions, each with what drops it at once, if anything does."""
        drawing = self.drawing(engine)
        found: list[NewCandidate] = []
        for completion in completions:
            for number, entry in enumerate(PARSERS[drawing.parser](completion, request.prompt.reply)):
                text = entry.text.encode("utf-8", "replace").decode("utf-8")
                problem = entry.problem or ("more than were asked for" if number >= drawing.per_call else "")
                problem = problem or ("half a character" if text != entry.text else "")
                named = {**fields, self.field: text} if self.field else dict(fields)
                found.append(NewCandidate(len(found), intended, text, self.name, named, wording, problem))
        return found

    def _shots(self, asked: Asked, shots: Shots) -> str:
        rows = asked.inputs[shots.input]
        drawn = random.Random(asked.payload["seed"]).sample(list(rows), shots.count)
        return "\n\n".join(_quoted(row, asked.intended) for row in drawn)


def read_sample(name: str, section: Section, scope: Scope) -> SampleStage:
    """Reads a sample stage. An engine's section states its sampling settings anew; the rest it may leave out."""
    first = not scope.has_candidates
    shots = _read_shots(section, scope)
    own = {"slot", "per_call", *(["shots"] if shots else [])}
    drawings = by_engine(section, lambda part, base: _read_drawing(part, base, scope, own, first=first))
    known = frozenset(scope.known | own)
    field = section.text("field", "")
    if field:
        scope.known.add(field)
    scope.known.add("text")
    scope.has_candidates = scope.has_text = True
    return SampleStage(name, field, drawings, shots, known)


def _read_shots(section: Section, scope: Scope) -> Shots | None:
    if not section.has("shots"):
        return None
    shape = scope.input(section, "shots")
    if shape.shape != "examples":
        raise section.error("shots", "must name an input of shape 'examples'")
    return Shots(section.text("shots"), section.integer("shots_count", 5))


def _read_drawing(
    section: Section, base: Drawing | None, scope: Scope, own: set[str], *, first: bool
) -> Drawing:  # fmt: skip
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
