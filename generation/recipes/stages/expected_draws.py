"""The draws that a sample stage is expected to make, and what they are taken to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from db.job_records import Candidate
from generation.jobs.text_lengths import (
    CHARACTERS,
    CHARACTERS_PER_TOKEN,
    LIST_TOKENS,
    placeholder,
    texts,
    words,
)
from generation.recipes.stages.group import NOBODY, Group

if TYPE_CHECKING:
    from generation.jobs.expected_calls import Walk
    from generation.recipes.stages.sample import SampleStage

PROMPTS_LOOKED_AT = 8
"""How many prompts of a stage that draws its own examples stand for all of a label."""


def first_draws(stage: SampleStage, walk: Walk) -> list[Group]:
    """Notes the calls that the job begins with, and returns a group for each label."""
    job, running = walk.job, walk.running
    rounds = [stage.calls_of_round(job, running, number) for number in range(1, job.rounds + 1)]
    calls, count = sum(calls for calls, _ in rounds), max(count for _, count in rounds)
    per_call = stage.drawing(job.engine).per_call
    payloads = _first_payloads(stage, walk, max(PROMPTS_LOOKED_AT, len(running.behavior.wordings)))
    groups = []
    for intended in running.recipe.intended_answers:
        own = [{**payload, "count": count} for payload in payloads if payload["intended"] == intended]
        written = _written(stage, job.engine, count)
        for payload in own:
            walk.add_likely(stage, walk.request(stage, payload, None), calls / len(own), written)
        last = calls * walk.times
        walk.add_most(stage, calls, [({**payload, "slot": last}, None) for payload in own])
        nobody = replace(NOBODY, intended=intended)
        group = Group(nobody, nobody, 0, 0)
        groups.append(_made(stage, job.engine, group, calls * count, calls * count * per_call))
    return groups


def draws(stage: SampleStage, walk: Walk, groups: Sequence[Group]) -> list[Group]:
    """Notes the calls about each group, and returns what they make of it."""
    if not groups:
        return []
    job, per_call = walk.job, stage.drawing(walk.job.engine).per_call
    running = walk.fewest_draws() if walk.any_rows else walk.running
    names = [wording.name for wording in walk.running.behavior.wordings] or [""]
    # All candidates have as many draws: those of one tell the payloads of all.
    items = {name: stage.draws_for(job, running, replace(groups[0].likely, wording=name)) for name in names}
    made = []
    for group in groups:
        own = {name: {**items[name][-1].payload, "intended": group.likely.intended} for name in names}
        calls, count = len(items[names[0]]), own[names[0]]["count"]
        payload = own.get(group.likely.wording, own[names[0]])
        written = _written(stage, job.engine, count, group.likely)
        walk.add_likely(stage, walk.request(stage, payload, group.likely), calls * group.count, written)
        walk.add_most(stage, calls * group.most, [(each, group.longest) for each in own.values()])
        texts_made = calls * count
        made.append(_made(stage, job.engine, group, group.count * texts_made, group.most * texts_made * per_call))
    return made


def _first_payloads(stage: SampleStage, walk: Walk, least: int) -> list[dict[str, Any]]:
    """Returns payloads of calls that the job begins with, so many of each label and each wording at least once."""
    labels = len(walk.running.recipe.intended_answers)
    per_label = 1
    while True:
        small = replace(walk.job, count=per_label * labels, rounds=1)
        items = stage.first_calls(small, walk.running, 1)
        if len(items) >= least * labels:
            return [item.payload for item in items[: least * labels]]
        per_label *= 2


def _made(stage: SampleStage, engine: str, group: Group, count: float, most: int) -> Group:
    """Returns the candidates that a stage makes of a group."""
    drawing = stage.drawing(engine)
    begun = len(drawing.reply.encode())
    likely = words(min(CHARACTERS[drawing.parser], CHARACTERS_PER_TOKEN * drawing.sampling.max_tokens))
    longest = placeholder(begun + -(-drawing.sampling.max_tokens // drawing.per_call))
    named = {stage.field} if stage.field else set()
    return replace(
        group,
        likely=_with_text(group.likely, stage.field, likely),
        longest=_with_text(group.longest, stage.field, longest),
        count=count * texts(drawing, group.likely),
        most=most,
        written=group.written | named | {"text"},
    )


def _written(stage: SampleStage, engine: str, count: int, candidate: Candidate = NOBODY) -> float:
    """Returns the tokens that a likely reply to a call has."""
    drawing = stage.drawing(engine)
    tokens = texts(drawing, candidate) * (CHARACTERS[drawing.parser] / CHARACTERS_PER_TOKEN + LIST_TOKENS)
    return count * min(tokens, drawing.sampling.max_tokens)


def _with_text(candidate: Candidate, field: str, text: str) -> Candidate:
    fields = {**candidate.fields, field: text} if field else candidate.fields
    return replace(candidate, text=text, fields=fields)
