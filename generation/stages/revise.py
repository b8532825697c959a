"""Rewriting candidates: a critique against stated principles, or a validator's comment, and then a rewrite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from generation.engines.protocol import Completion, Prompt, SampleRequest, Sampling
from generation.parsers import PARSERS, Parsed
from generation.prompts import fill, placeholders
from generation.stages.scope import Asked, Scope, by_engine, for_engine, one_of, read_sampling
from review.toml_file import Section

CRITIQUE = "critique"
REWRITE = "rewrite"


@dataclass(frozen=True)
class Rewriting:
    """How candidates are rewritten on an engine.

    Attributes:
        critique: Template of the prompt for a critique; empty where the rewrite goes by the candidate's own fields,
            such as a validator's comment.
        rewrite: Template of the prompt for the new text; it may use `{critique}`.
        reply: Template of the reply begun for the rewrite.
        parser: Name of what reads the new text.
    """

    critique: str
    rewrite: str
    reply: str
    sampling: Sampling
    parser: str


@dataclass(frozen=True)
class ReviseStage:
    """A stage that rewrites every candidate; both texts are kept, and later stages judge the new one afresh."""

    kind: ClassVar[str] = "revise"
    name: str
    principles: tuple[str, ...]
    rewritings: Mapping[str, Rewriting]

    def rewriting(self, engine: str) -> Rewriting:
        """Returns how candidates are rewritten on this engine."""
        return for_engine(self.rewritings, engine)

    def first_step(self, engine: str) -> str:
        """Returns what is asked first: a critique, or the rewrite at once."""
        return CRITIQUE if self.rewriting(engine).critique else REWRITE

    def request(self, asked: Asked) -> SampleRequest:
        """Returns what is asked of the engine, exactly as it is sent."""
        rewriting = self.rewriting(asked.engine)
        values = {**asked.values, "principles": "\n".join(f"- {principle}" for principle in self.principles)}
        prompt = Prompt(user=fill(rewriting.critique, values))
        if asked.payload["step"] == REWRITE:
            prompt = Prompt(user=fill(rewriting.rewrite, values), reply=fill(rewriting.reply, values))
        return SampleRequest(prompt, rewriting.sampling, count=1, seed=asked.payload["seed"])

    def read_rewrite(self, request: SampleRequest, completion: Completion, engine: str) -> Parsed:
        """Returns the new text, or why there is none."""
        found = PARSERS[self.rewriting(engine).parser](completion, request.prompt.reply)[0]
        return Parsed(found.text.encode("utf-8", "replace").decode("utf-8"), found.problem)


def read_revise(name: str, section: Section, scope: Scope) -> ReviseStage:
    """Reads a revise stage."""
    scope.need_text(section, "rewrite")
    principles = section.texts("principles", ())
    own = {"principles"} if principles else set()
    rewritings = by_engine(section, lambda part, base: _read_rewriting(part, base, scope, own))
    scope.known.add(CRITIQUE)
    return ReviseStage(name, principles, rewritings)


def _read_rewriting(section: Section, base: Rewriting | None, scope: Scope, own: set[str]) -> Rewriting:
    critique = scope.check(section, "critique", section.text("critique", base.critique if base else ""), own)
    known = {*own, CRITIQUE} if critique else own
    rewriting = Rewriting(
        critique=critique,
        rewrite=scope.check(section, "rewrite", section.text("rewrite", base.rewrite if base else None), known),
        reply=scope.check(section, "reply", section.text("reply", base.reply if base else ""), known),
        sampling=read_sampling(section),
        parser=one_of(section, "parser", section.text("parser", base.parser if base else "whole"), PARSERS),
    )
    if "text" not in placeholders(rewriting.rewrite):
        raise section.error("rewrite", "lacks {text}, so that it would rewrite all candidates alike")
    return rewriting
