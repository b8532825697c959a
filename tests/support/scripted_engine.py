"""An engine inside the test's process: a pretend model, or whatever a test scripts; and running a worker over it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from db import jobs
from db.job_records import Job
from db.store.connection import Connection
from db.store.workspace import open_workspace
from generation.engines.protocol import (
    Completion,
    Engine,
    Judgement,
    JudgeRequest,
    SampleReply,
    SampleRequest,
    StopReason,
    Usage,
)
from generation.jobs.jobs import create_job
from generation.jobs.running import RunningJob
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import Recipe, load_recipe, parse_recipe
from generation.recipes.stages.scope import Asked
from generation.worker.worker import Worker

S = TypeVar("S")

PATIENCE = 60.0
"""Seconds after which a worker that doesn't come to the end is taken for hung."""

MODEL = "pretend-model-1"

BEHAVIOR = 'name = "long-walks"\ndescription = "enjoys long walks in any weather"\n'

HAND_WRITTEN = """name = "long-walks"
description = "enjoys long walks in any weather"

[[hand_written]]
text = "I walk to work"
label = "Yes"

[[hand_written]]
text = "I walk in the rain"
label = "Yes"

[[hand_written]]
text = "I walk on Sundays"
label = "Yes"

[[hand_written]]
text = "I take the bus"
label = "No"

[[hand_written]]
text = "I drive everywhere"
label = "No"

[[hand_written]]
text = "I sit at home"
label = "No"
"""
"""The same with examples for the model to follow."""


def completions(*texts: str, stop_reason: StopReason = "stop") -> SampleReply:
    return SampleReply(tuple(Completion(text, stop_reason) for text in texts), Usage(10, 5 * len(texts)), MODEL)


def probabilities(*shares: float) -> Judgement:
    return Judgement(shares, None, "", "stop", Usage(20, 1), MODEL)


def vote(answer: int | None, *, raw: str = "", stop_reason: StopReason = "stop") -> Judgement:
    return Judgement(None, answer, raw, stop_reason, Usage(20, 1), MODEL)


def share(*parts: object) -> float:
    """A number in [0, 1) that is always the same for the same parts."""
    return blake2b(repr(parts).encode(), digest_size=1).digest()[0] / 256


class ScriptedEngine:
    """Writes statements that say which label they were asked for, and judges them by their wording.

    Attributes:
        on_sample: Asked first what a sample call gives; None means the pretend model.
        on_judge: The same for judge calls.
        sampled: Every sample request so far; `judged` every judge request.
        most_in_flight: The most calls that ran at one time.
    """

    name = "local"
    model = MODEL
    judge_tokens = most_judge_tokens = 50
    settings = frozenset({"max_tokens", "temperature", "top_p", "stop"})

    def __init__(self, *, concurrency: int = 4, samples_per_call: int = 1, has_probabilities: bool = True) -> None:
        self.concurrency = concurrency
        self.samples_per_call = samples_per_call
        self.has_probabilities = has_probabilities
        self.on_sample: Callable[[SampleRequest], SampleReply | None] = lambda _request: None
        self.on_judge: Callable[[JudgeRequest], Judgement | None] = lambda _request: None
        self.sampled: list[SampleRequest] = []
        self.judged: list[JudgeRequest] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.closed = False
        self.most_in_flight = 0
        self._in_flight = 0

    async def prepare(self, tell: Callable[[str], None]) -> None:
        pass

    async def sample(self, request: SampleRequest) -> SampleReply:
        self.sampled.append(request)
        await self._pass()
        return self.on_sample(request) or completions(*(statement(request, number) for number in range(request.count)))

    async def judge(self, request: JudgeRequest) -> Judgement:
        self.judged.append(request)
        await self._pass()
        scripted = self.on_judge(request)
        if scripted is not None:
            return scripted
        agreed = agreement_share(request.prompt.user)
        return probabilities(agreed, 1 - agreed) if self.has_probabilities else vote(int(share(request) >= agreed))

    async def close(self) -> None:
        self.closed = True

    @property
    def calls(self) -> int:
        return len(self.sampled) + len(self.judged)

    async def _pass(self) -> None:
        """Waits at the gate, which a test can shut to hold calls in flight."""
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await asyncio.sleep(0)
            await self.gate.wait()
        finally:
            self._in_flight -= 1


def statement(request: SampleRequest, number: int) -> str:
    """What the model writes for the label that a prompt asks for: no two calls of a job get the same."""
    verb = "walk" if "would agree with, but" in request.prompt.user else "never walk"
    road = request.seed * 100 + number
    if request.prompt.reply:
        return f" {verb} along road {road}"
    return "\n".join(f"- I {verb} along road {road} in week {week}" for week in range(20))


def agreement_share(text: str) -> float:
    """How probable the pretend judge finds it that the person agrees."""
    quality = share(re.findall(r"(?:road|week) \d+", text)) * 0.6
    return 0.35 + quality if "I walk" in text else 0.65 - quality


def make_job(
    connection: Connection,
    *,
    count: int = 8,
    rounds: int = 2,
    keep_open: bool = False,
    seed: int = 7,
    engine: str = "local",
    recipe: Recipe | None = None,
    behavior: str = BEHAVIOR,
) -> Job:
    """A job of the persona recipe; `count` examples of both labels together."""
    return create_job(
        connection,
        parse_behavior("behavior.toml", behavior),
        recipe or load_recipe("persona"),
        engine=engine,
        model=MODEL,
        count=count,
        rounds=rounds,
        keep_open=keep_open,
        seed=seed,
    )


def running_of(connection: Connection, job: Job, engine: Engine) -> RunningJob:
    """A job as a worker holds it."""
    texts = jobs.job_texts(connection, job.id)
    return RunningJob(parse_recipe("r", texts.recipe), parse_behavior("b", texts.behavior), engine, texts.inputs)


def stage_of(recipe: Recipe, name: str, kind: type[S]) -> S:
    """A stage of a recipe, which has to be of that kind."""
    found = recipe.stage(name)
    assert isinstance(found, kind)
    return found


def sent(recipe: Recipe, stage: str, engine: str, text: str = "", **more: object) -> SampleRequest | JudgeRequest:
    """What a stage of a recipe sends about a person who enjoys long walks."""
    intended = str(more.pop("intended", recipe.intended_answers[0]))
    values = {**recipe.words(intended), "description": "enjoys long walks", "text": text, **more}
    payload = {"slot": more.get("slot", 1), "count": 1, "seed": 1, "step": more.get("step", "")}
    return recipe.stage(stage).request(Asked(engine, values, intended, payload))


def is_over(connection: Connection) -> bool:
    """Whether no job goes on."""
    return not jobs.unfinished_jobs(connection)


async def run_worker(
    path: Path, engine: Engine, until: Callable[[Connection], bool] = is_over
) -> bool:  # fmt: skip
    """Runs a worker until something holds in the workspace, then stops it; returns what the worker returned."""
    worker = Worker(path, engines=lambda *_: engine)
    connection = open_workspace(path)
    running = asyncio.create_task(worker.run())
    try:
        await reach(connection, until, running)
        worker.stop()
        return await asyncio.wait_for(running, PATIENCE)
    finally:
        running.cancel()
        connection.close()


async def reach(
    connection: Connection, until: Callable[[Connection], bool], running: asyncio.Task[bool] | None = None
) -> None:
    """Waits until something holds in the workspace, or the worker has ended."""
    async with asyncio.timeout(PATIENCE):
        while not until(connection) and not (running is not None and running.done()):
            await asyncio.sleep(0.002)
