"""Rewriting candidates: a critique against stated principles, or a validator's comment, and then a rewrite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from db import candidates as rows
from db import jobs
from db.job_records import Candidate, Job, WorkItem
from db.jobs import NewItem
from generation.engines.protocol import (
    Completion,
    Judgement,
    JudgeRequest,
    Prompt,
    SampleReply,
    SampleRequest,
    Sampling,
)
from generation.jobs.text_lengths import CHARACTERS, CHARACTERS_PER_TOKEN, placeholder, words
from generation.recipes.parsers import PARSERS, Parsed
from generation.recipes.prompts import fill, placeholders
from generation.recipes.stages.group import Group
from generation.recipes.stages.scope import Asked, Scope, by_engine, for_engine, one_of, read_sampling
from generation.recipes.stages.seeds import candidate_seed
from generation.recipes.stages.stage import Stage, Work
from review.text.toml import Section

if TYPE_CHECKING:
    from generation.jobs.expected_calls import Walk

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
class ReviseStage(Stage):
    """A stage that rewrites every candidate; both texts are kept, and later stages judge the new one afresh."""

    kind: ClassVar[str] = "revise"
    asks: ClassVar[bool] = True

    principles: tuple[str, ...]
    rewritings: Mapping[str, Rewriting]

    @classmethod
    def read(cls, name: str, section: Section, scope: Scope) -> Self:
        """Reads a revise stage."""
        scope.need_text(section, "rewrite")
        principles = section.texts("principles", ())
        own = {"principles"} if principles else set()
        rewritings = by_engine(section, lambda part, base: _read_rewriting(part, base, scope, own))
        scope.known.add(CRITIQUE)
        return cls(name, principles, rewritings)

    def calls(self, work: Work, candidate: Candidate) -> list[NewItem]:
        """Asks for a critique, or at once for the rewrite."""
        return [self._call(work.job, candidate, self.first_step(work.job.engine))]

    def receive(
        self,
        work: Work,
        item: WorkItem,
        candidate: Candidate | None,
        request: SampleRequest | JudgeRequest,
        reply: SampleReply | Judgement,
    ) -> list[Candidate]:
        """Keeps a critique and asks for the rewrite, or takes the rewrite."""
        assert candidate is not None
        assert isinstance(reply, SampleReply)
        assert isinstance(request, SampleRequest)
        completion = reply.completions[0]
        if not work.is_done_with(candidate, self.name):
            return []
        if item.payload["step"] == CRITIQUE:
            if problem := _no_critique(completion):
                work.drop(candidate, self.name, problem)
                return []
            rows.set_fields(work.connection, candidate.id, {**candidate.fields, CRITIQUE: completion.text.strip()})
            call = self._call(work.job, candidate, REWRITE)
            jobs.insert_items(work.connection, work.job.id, candidate.round, [call])
            return []
        found = self.read_rewrite(request, completion, work.job.engine)
        if found.problem:
            work.drop(candidate, self.name, f"the rewrite: {found.problem}")
            return []
        if found.text != candidate.text:
            rows.rewrite_candidate(work.connection, candidate.id, found.text, candidate.fields)
        return [rows.get_candidate(work.connection, candidate.id)]

    def sampling(self, engine: str) -> tuple[Sampling, str]:
        """Returns how this engine is to rewrite, and the reply begun for it."""
        return self.rewriting(engine).sampling, self.rewriting(engine).reply

    def expect(self, walk: Walk, groups: Sequence[Group]) -> list[Group]:
        """Notes a critique of each candidate, where one is asked for, and a rewrite."""
        return [self._expected(walk, group) for group in groups]

    def _expected(self, walk: Walk, group: Group) -> Group:
        steps = dict.fromkeys([self.first_step(walk.job.engine), REWRITE])
        for step in steps:
            payload = {"step": step, "seed": 0}
            size = len(group.likely.text) if step == REWRITE else CHARACTERS["whole"]
            request = walk.request(self, payload, group.likely)
            walk.add_likely(self, request, group.count, size / CHARACTERS_PER_TOKEN)
            walk.add_most(self, group.most, [(payload, group.longest)])
            group = _revised(group, step, self.rewriting(walk.job.engine))
        return group

    def _call(self, job: Job, candidate: Candidate, step: str) -> NewItem:
        number = int(step == REWRITE)
        payload = {"step": step, "seed": candidate_seed(job, self.name, candidate, number)}
        return NewItem(self.name, 2 * candidate.id + number, payload, candidate.id)

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


def _no_critique(completion: Completion) -> str:
    """Returns why a reply is no critique, or an empty text."""
    if completion.stop_reason == "refusal":
        return "the critique was refused"
    if completion.stop_reason == "length":
        return "the critique was cut off"
    return "" if completion.text.strip() else "the critique was empty"


def _revised(group: Group, step: str, rewriting: Rewriting) -> Group:
    """Returns a group after a critique, or a rewrite, as long as the text was or as it can be."""
    size = rewriting.sampling.max_tokens
    if step == REWRITE:
        text = placeholder(len(rewriting.reply.encode()) + size)
        return replace(group, longest=replace(group.longest, text=text), written=group.written | {"text"})
    likely = {**group.likely.fields, CRITIQUE: words(CHARACTERS["whole"])}
    longest = {**group.longest.fields, CRITIQUE: placeholder(size)}
    return replace(
        group,
        likely=replace(group.likely, fields=likely),
        longest=replace(group.longest, fields=longest),
        written=group.written | {CRITIQUE},
    )
