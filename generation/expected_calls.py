"""The calls that a job will make, foreseen from its recipe and its real inputs before it begins.

The stages' own functions build the requests, as for a job that runs. Two of each: a likely one, in which a text that a
model has yet to write has the length that such texts mostly have, and a longest one, in which it is as long as its
`max_tokens` lets it be. No stage drops what a model writes; what a check drops of the inputs themselves is dropped here
too.

The longest are a true bound, given that no token is shorter than a byte: prompts grow by each text as often as they
show it, and every candidate of a reply is asked about equally often, so the texts of one reply may share its
`max_tokens` evenly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from db.job_records import Candidate, Job, NewCandidate, WorkItem
from generation.engines.protocol import JudgeRequest, SampleRequest, Usage
from generation.inputs import Row
from generation.pipeline import request_for
from generation.plan import calls_of_round, draw_items, round_items, used_rows
from generation.purse import most_usage
from generation.running import RunningJob
from generation.stages.check import CheckStage
from generation.stages.cross import CrossStage, ReadStage
from generation.stages.judge import JudgeStage
from generation.stages.revise import CRITIQUE, REWRITE, ReviseStage, Rewriting
from generation.stages.sample import SampleStage
from generation.text_lengths import (
    CHARACTERS,
    CHARACTERS_PER_TOKEN,
    LIST_TOKENS,
    VOTE_TOKENS,
    placeholder,
    texts,
    words,
)

PROMPTS_LOOKED_AT = 8
"""How many prompts of a stage that draws its own examples stand for all of a label."""

_NOBODY = Candidate(0, 0, 1, None, "", "", "", "", None, {}, "waiting", "", "", None, {}, None, None)
_ENGINE_STAGES = SampleStage | JudgeStage | ReviseStage


@dataclass(frozen=True)
class Likely:
    """Calls that are alike: so many as this one, each with a reply of so many tokens."""

    stage: str
    request: SampleRequest | JudgeRequest
    calls: float
    written: float


@dataclass(frozen=True)
class Expected:
    """The calls of a job.

    Attributes:
        likely: The calls that are likely, some standing for many.
        most_calls: The most calls that there can be.
        most: The most tokens that these can take.
    """

    likely: tuple[Likely, ...]
    most_calls: int
    most: Usage


@dataclass(frozen=True)
class _Group:
    """Candidates that are alike.

    Attributes:
        likely: One of them, what a model has yet to write of it being of usual length.
        longest: The same, being as long as it can be.
        count: How many are likely; `most`: how many there can be.
        written: The names of the fields that a model has yet to write.
    """

    likely: Candidate
    longest: Candidate
    count: float
    most: int
    written: frozenset[str] = frozenset()


def expected_calls(job: Job, running: RunningJob, *, any_rows: bool, redraws: int) -> Expected:
    """Returns the calls that a job will make.

    Args:
        job: The job, as it would be stored; what its seed draws is drawn.
        running: What it is made from; whether its engine gives probabilities is taken from the engine.
        any_rows: Whether another seed may draw other rows of an input, so that the most is over all of them.
        redraws: How often a round may draw again what it has drawn, for a label that came out short.
    """
    return _Walk(job, running, any_rows=any_rows, redraws=redraws).expected()


class _Walk:
    """Takes groups of candidates through the stages, and notes the calls."""

    def __init__(self, job: Job, running: RunningJob, *, any_rows: bool, redraws: int) -> None:
        self._job = job
        self._running = running
        self._any_rows = any_rows
        self._times = 1 + redraws
        self._likely: list[Likely] = []
        self._most_calls = self._most_read = self._most_written = 0

    def expected(self) -> Expected:
        """Returns the calls of all stages."""
        groups: list[_Group] = []
        stages = self._running.recipe.stages
        last = max(place for place, stage in enumerate(stages) if isinstance(stage, _ENGINE_STAGES))
        for place, stage in enumerate(stages[: last + 1]):
            if isinstance(stage, ReadStage):
                groups = list(self._read(stage))
            elif isinstance(stage, SampleStage):
                groups = list(self._sample(stage, groups) if place else self._sample_first(stage))
            elif isinstance(stage, CheckStage):
                groups = [group for group in groups if group.written or not self._problem(stage, group)]
            elif isinstance(stage, CrossStage):
                groups = [child for group in groups for child in self._cross(stage, group)]
            elif isinstance(stage, JudgeStage):
                self._judge(stage, groups)
            elif isinstance(stage, ReviseStage):
                groups = [self._revise(stage, group) for group in groups]
        most = Usage(self._most_read * self._times, self._most_written * self._times)
        return Expected(tuple(self._likely), self._most_calls * self._times, most)

    # Stages

    def _read(self, stage: ReadStage) -> Iterator[_Group]:
        running = self._running
        used = used_rows(self._job, running)
        rows = running.inputs[stage.input] if self._any_rows else used
        likely = len(used) / max(1, len(rows))
        for place, row in enumerate(rows):
            for intended in running.recipe.intended_answers:
                new = stage.candidate(row, place, intended, running.behavior.turn(place).name)
                candidate = _candidate(new)
                yield _Group(candidate, candidate, likely, 1)

    def _sample_first(self, stage: SampleStage) -> Iterator[_Group]:
        job, running = self._job, self._running
        rounds = [calls_of_round(job, running, stage, number) for number in range(1, job.rounds + 1)]
        calls, count = sum(calls for calls, _ in rounds), max(count for _, count in rounds)
        drawing = stage.drawing(job.engine)
        wordings = max(1, len(running.behavior.wordings))
        payloads = self._first_payloads(stage, max(PROMPTS_LOOKED_AT, wordings))
        for intended in running.recipe.intended_answers:
            own = [{**payload, "count": count} for payload in payloads if payload["intended"] == intended]
            written = self._written(stage, count)
            for payload in own:
                self._add_likely(stage.name, self._request(stage, payload, None), calls / len(own), written)
            last = calls * self._times
            self._add_most(
                calls, [self._request(stage, {**payload, "slot": last}, None, longest=True) for payload in own]
            )
            yield self._made(
                stage, replace(_NOBODY, intended=intended), calls * count, calls * count * drawing.per_call
            )

    def _first_payloads(self, stage: SampleStage, least: int) -> list[dict[str, Any]]:
        """Returns payloads of calls that the job begins with, so many of each label and each wording at least once."""
        labels = len(self._running.recipe.intended_answers)
        per_label = 1
        while True:
            small = replace(self._job, count=per_label * labels, rounds=1)
            items = round_items(small, self._running, 1)
            if len(items) >= least * labels:
                return [item.payload for item in items[: least * labels]]
            per_label *= 2

    def _sample(self, stage: SampleStage, groups: Sequence[_Group]) -> Iterator[_Group]:
        if not groups:
            return
        job, per_call = self._job, stage.drawing(self._job.engine).per_call
        running = self._fewest_rows() if self._any_rows else self._running
        names = [wording.name for wording in self._running.behavior.wordings] or [""]
        # All candidates have as many draws: those of one tell the payloads of all.
        items = {
            name: draw_items(job, running, stage, replace(groups[0].likely, wording=name)) for name in names
        }  # fmt: skip
        for group in groups:
            own = {name: {**items[name][-1].payload, "intended": group.likely.intended} for name in names}
            calls, count = len(items[names[0]]), own[names[0]]["count"]
            payload = own.get(group.likely.wording, own[names[0]])
            request = self._request(stage, payload, group.likely)
            self._add_likely(stage.name, request, calls * group.count, self._written(stage, count, group.likely))
            self._add_most(
                calls * group.most,
                [self._request(stage, each, group.longest, longest=True) for each in own.values()],
            )
            made = calls * count
            yield self._made(stage, group, group.count * made, group.most * made * per_call)

    def _cross(self, stage: CrossStage, group: _Group) -> Iterator[_Group]:
        if stage.match in group.written:  # whichever it will be, there are no more rows than these
            stage = replace(stage, match="", among="")
        inputs = self._running.inputs
        children = zip(stage.children(group.likely, inputs), stage.children(group.longest, inputs), strict=True)
        for likely, longest in children:
            yield replace(group, likely=_candidate(likely), longest=_candidate(longest))

    def _judge(self, stage: JudgeStage, groups: Sequence[_Group]) -> None:
        votes = stage.question(self._job.engine).votes
        likely = 1 if self._running.engine.has_probabilities else votes
        # A server that gave probabilities when it was asked may give none when the job runs.
        most = likely if self._job.engine == "local" else votes
        for group in groups:
            request = self._request(stage, {"seed": 0}, group.likely)
            assert isinstance(request, JudgeRequest)
            written = max(map(len, request.answers)) / CHARACTERS_PER_TOKEN + VOTE_TOKENS
            self._add_likely(stage.name, request, likely * group.count, written)
            self._add_most(most * group.most, [self._request(stage, {"seed": 0}, group.longest, longest=True)])

    def _revise(self, stage: ReviseStage, group: _Group) -> _Group:
        rewriting = stage.rewriting(self._job.engine)
        steps = [stage.first_step(self._job.engine)]
        if steps != [REWRITE]:
            steps.append(REWRITE)
        for step in steps:
            payload = {"step": step, "seed": 0}
            size = len(group.likely.text) if step == REWRITE else CHARACTERS["whole"]
            request = self._request(stage, payload, group.likely)
            self._add_likely(stage.name, request, group.count, size / CHARACTERS_PER_TOKEN)
            self._add_most(group.most, [self._request(stage, payload, group.longest, longest=True)])
            group = _revised(group, step, rewriting)
        return group

    # What they need

    def _made(self, stage: SampleStage, of: _Group | Candidate, count: float, most: int) -> _Group:
        """Returns the candidates that a stage makes of a group, or first of all."""
        drawing = stage.drawing(self._job.engine)
        group = of if isinstance(of, _Group) else _Group(of, of, 0, 0)
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

    def _written(self, stage: SampleStage, count: int, candidate: Candidate = _NOBODY) -> float:
        """Returns the tokens that a likely reply to a call has."""
        drawing = stage.drawing(self._job.engine)
        tokens = texts(drawing, candidate) * (CHARACTERS[drawing.parser] / CHARACTERS_PER_TOKEN + LIST_TOKENS)
        return count * min(tokens, drawing.sampling.max_tokens)

    def _request(
        self, stage: _ENGINE_STAGES, payload: dict[str, Any], candidate: Candidate | None, *, longest: bool = False
    ) -> SampleRequest | JudgeRequest:
        running = self._running
        if longest and isinstance(stage, SampleStage) and stage.shots is not None:
            rows = sorted(running.inputs[stage.shots.input], key=_shot_size, reverse=True)[: stage.shots.count]
            running = replace(running, inputs={**running.inputs, stage.shots.input: rows})
        return request_for(self._job, running, WorkItem(0, 0, 1, stage.name, 0, None, payload, 0, ""), candidate)

    def _problem(self, stage: CheckStage, group: _Group) -> str:
        return stage.problem(self._running.values(group.likely.intended, group.likely))

    def _fewest_rows(self) -> RunningJob:
        """Returns the job with the rows to draw most for: the draws are shared among what the rows are crossed with."""
        read = self._running.recipe.stages[0]
        if not isinstance(read, ReadStage):
            return self._running
        rows = sorted(self._running.inputs[read.input], key=_entries)[: self._job.count]
        return replace(self._running, inputs={**self._running.inputs, read.input: rows})

    def _add_likely(self, stage: str, request: SampleRequest | JudgeRequest, calls: float, written: float) -> None:
        if calls:
            self._likely.append(Likely(stage, request, calls, written))

    def _add_most(self, calls: int, requests: Sequence[SampleRequest | JudgeRequest]) -> None:
        """Notes so many calls, each as the longest of these."""
        engine = self._running.engine
        longest = [
            replace(each, max_tokens=engine.most_judge_tokens) if isinstance(each, JudgeRequest) else each
            for each in requests
        ]
        usages = [most_usage(engine, request) for request in longest]
        self._most_calls += calls
        self._most_read += calls * max(usage.input_tokens for usage in usages)
        self._most_written += calls * max(usage.output_tokens for usage in usages)


def _candidate(new: NewCandidate) -> Candidate:
    return replace(
        _NOBODY, intended=new.intended, text=new.text, born=new.born, fields=new.fields, wording=new.wording
    )  # fmt: skip


def _with_text(candidate: Candidate, field: str, text: str) -> Candidate:
    fields = {**candidate.fields, field: text} if field else candidate.fields
    return replace(candidate, text=text, fields=fields)


def _revised(group: _Group, step: str, rewriting: Rewriting) -> _Group:
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


def _shot_size(row: Row) -> int:
    """Returns about how many bytes an example takes in a prompt: each of its lines is quoted."""
    texts = [row["question"], *row["choices"]]
    return sum(len(text.encode()) + 2 * text.count("\n") + 8 for text in texts)


def _entries(row: Row) -> int:
    return sum(len(value) for value in row.values() if isinstance(value, list))
