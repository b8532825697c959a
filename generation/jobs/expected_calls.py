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

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from db.job_records import Candidate, Job, WorkItem
from generation.engines.protocol import JudgeRequest, SampleRequest, Usage
from generation.jobs.pipeline import request_for
from generation.jobs.running import RunningJob
from generation.recipes.stages.group import Group
from generation.recipes.stages.stage import Stage
from generation.worker.budget import most_usage


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


def expected_calls(job: Job, running: RunningJob, *, any_rows: bool, redraws: int) -> Expected:
    """Returns the calls that a job will make.

    Args:
        job: The job, as it would be stored; what its seed draws is drawn.
        running: What it is made from; whether its engine gives probabilities is taken from the engine.
        any_rows: Whether another seed may draw other rows of an input, so that the most is over all of them.
        redraws: How often a round may draw again what it has drawn, for a label that came out short.
    """
    return Walk(job, running, any_rows=any_rows, times=1 + redraws).expected()


class Walk:
    """Takes groups of candidates through the stages of a job, which note the calls to expect.

    Attributes:
        job: The job, as it would be stored; `running` is what it is made from.
        any_rows: Whether another seed may draw other rows of an input.
        times: How often a round may draw at most.
        begun: Whether the first stage is done with.
    """

    def __init__(self, job: Job, running: RunningJob, *, any_rows: bool, times: int) -> None:
        self.job = job
        self.running = running
        self.any_rows = any_rows
        self.times = times
        self.begun = False
        self._likely: list[Likely] = []
        self._most_calls = self._most_read = self._most_written = 0

    def expected(self) -> Expected:
        """Returns the calls of all stages, up to the last that makes any."""
        groups: list[Group] = []
        stages = self.running.recipe.stages
        last = max(place for place, stage in enumerate(stages) if stage.asks)
        for stage in stages[: last + 1]:
            groups = stage.expect(self, groups)
            self.begun = True
        most = Usage(self._most_read * self.times, self._most_written * self.times)
        return Expected(tuple(self._likely), self._most_calls * self.times, most)

    def values(self, candidate: Candidate) -> dict[str, Any]:
        """Returns what templates are filled in with for a candidate."""
        return self.running.values(candidate.intended, candidate)

    def request(
        self, stage: Stage, payload: dict[str, Any], candidate: Candidate | None
    ) -> SampleRequest | JudgeRequest:
        """Returns what a stage asks about a candidate."""
        return self._request(self.running, stage, payload, candidate)

    def fewest_draws(self) -> RunningJob:
        """Returns the job with the rows to draw most for: the draws are shared among what the rows are crossed with."""
        first = self.running.recipe.stages[0]
        return replace(self.running, inputs=first.fewest_draws(self.job, self.running.inputs))

    def add_likely(self, stage: Stage, request: SampleRequest | JudgeRequest, calls: float, written: float) -> None:
        """Notes so many likely calls, each with a reply of so many tokens."""
        if calls:
            self._likely.append(Likely(stage.name, request, calls, written))

    def add_most(self, stage: Stage, calls: int, asked: Sequence[tuple[dict[str, Any], Candidate | None]]) -> None:
        """Notes so many calls, each as the longest of these: a payload, and the candidate that it is about."""
        engine = self.running.engine
        running = replace(self.running, inputs=stage.longest_inputs(self.running.inputs))
        requests = [self._request(running, stage, payload, candidate) for payload, candidate in asked]
        longest = [
            replace(each, max_tokens=engine.most_judge_tokens) if isinstance(each, JudgeRequest) else each
            for each in requests
        ]
        usages = [most_usage(engine, request) for request in longest]
        self._most_calls += calls
        self._most_read += calls * max(usage.input_tokens for usage in usages)
        self._most_written += calls * max(usage.output_tokens for usage in usages)

    def _request(
        self, running: RunningJob, stage: Stage, payload: dict[str, Any], candidate: Candidate | None
    ) -> SampleRequest | JudgeRequest:
        return request_for(self.job, running, WorkItem(0, 0, 1, stage.name, 0, None, payload, 0, ""), candidate)
