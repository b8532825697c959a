"""Samples in seconds: a behaviour file tried out on a few candidates, in a workspace that is thrown away.

The same worker runs the same stages as a job's; only so many candidates are drawn as are to be looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from db import candidates as rows
from db import history
from db.connection import Connection
from db.errors import EvalwrightError
from db.history import CallMade
from db.records import Candidate, Job, Limits
from db.workspace import open_workspace
from generation.comprehension import Comprehension, check_hand_written, try_out
from generation.engines.protocol import Engine
from generation.engines.registry import ENGINES, make_engine
from generation.funnel import Funnel, read_funnel
from generation.jobs import create_job, find_job
from generation.orders import Order
from generation.recipes import Recipe
from generation.stages.sample import SampleStage
from generation.worker import Worker

WATCH_SECONDS = 0.05


@dataclass(frozen=True)
class Previewed:
    """A candidate, and what each stage said of it.

    Attributes:
        fate: `selected`, `dropped`, or `waiting`.
        stage: Where it ended.
        reason: Why it was dropped, if it was.
        twin: The text that it repeats, if it does.
        calls: The prompts exactly as sent and the replies as they came, from the one that wrote it on.
    """

    intended: str
    wording: str
    text: str
    original_text: str | None
    fields: dict[str, Any]
    fate: str
    stage: str
    reason: str
    twin: str | None
    scores: dict[str, Any]
    label_confidence: float | None
    calls: tuple[CallMade, ...]


@dataclass(frozen=True)
class Preview:
    """What a behaviour file brings forth."""

    name: str
    engine: str
    model: str
    candidates: tuple[Previewed, ...]
    funnel: Funnel
    comprehension: Comprehension | None
    input_tokens: int
    output_tokens: int


async def preview(
    order: Order,
    *,
    engine: str,
    model: str,
    count: int,
    seed: int | None = None,
    limits: Limits | None = None,
    engines: Callable[[str, str], Engine] = make_engine,
    tell: Callable[[str], None] = lambda _: None,
) -> Preview:
    """Draws about `count` candidates and takes each through every stage.

    Args:
        order: The behaviour, its recipe and inputs.
        engine: An engine's name.
        model: A model id; "" is the engine's default.
        count: How many candidates to draw, at least one per label; replies that hold several may bring more.
        seed: What prompts are drawn from; drawn at random if None.
        limits: As for a job.
        engines: Makes an engine from its name and model.
        tell: Is told what is going on.

    Raises:
        InputError: if the job could not be made of it, or the author's own examples can't be tried.
        EvalwrightError: what stopped the engine.
    """
    check_hand_written(order)
    facts = ENGINES.get(engine)
    if facts is not None and facts.batches and facts.like:
        engine = facts.like  # Nobody waits an hour for a sample.
    made = engines(engine, model)
    with TemporaryDirectory(prefix="evalwright-preview-") as folder:
        path = Path(folder) / "preview.db"
        connection = open_workspace(path)
        try:
            labels = len(order.recipe.intended_answers)
            wanted = -(-count // labels) * labels
            job = create_job(
                connection, order.behavior, order.recipe, engine=engine, model=model, count=wanted, rounds=1,
                seed=seed, limits=limits or Limits(), inputs=order.inputs,
            )  # fmt: skip
            await made.prepare(tell)
            if order.behavior.hand_written:
                tell("trying the discriminator on your own examples")
            comprehension = await try_out(order, engine, made)
            done = await _run(Worker(path, engines=lambda *_: made, adapt=thinned), connection, job, tell)
            return _read(connection, done, comprehension, count)
        finally:
            connection.close()
            await made.close()


def thinned(recipe: Recipe) -> Recipe:
    """Returns a recipe that draws no more candidates than are wanted: none is there only to be dropped."""

    def thin(stage: SampleStage) -> SampleStage:
        drawings = {
            name: replace(drawing, per_kept=min(drawing.per_kept, 1)) for name, drawing in stage.drawings.items()
        }
        return replace(stage, drawings=drawings)

    return replace(
        recipe, stages=tuple(thin(stage) if isinstance(stage, SampleStage) else stage for stage in recipe.stages)
    )


async def _run(worker: Worker, connection: Connection, job: Job, tell: Callable[[str], None]) -> Job:
    """Runs the worker until the job is over."""
    running = asyncio.create_task(worker.run())
    try:
        while not job.finished and job.state != "paused" and not running.done():
            tell(job.note or f"{job.items_done:,} of {job.items:,} calls")
            await asyncio.sleep(WATCH_SECONDS)
            job = find_job(connection, job.id)
    finally:
        worker.stop()
        await running
    if job.state != "done":
        raise EvalwrightError(job.note or "The preview was stopped.")
    return job


def _read(connection: Connection, job: Job, comprehension: Comprehension | None, count: int) -> Preview:
    found = rows.candidates_of_job(connection, job.id, limit=count)
    return Preview(
        job.dataset,
        job.engine,
        job.model,
        tuple(_previewed(connection, candidate) for candidate in found),
        read_funnel(connection, job.id),
        comprehension,
        job.input_tokens,
        job.output_tokens,
    )


def _previewed(connection: Connection, candidate: Candidate) -> Previewed:
    twin = None if candidate.twin_id is None else rows.get_candidate(connection, candidate.twin_id).text
    return Previewed(
        candidate.intended,
        candidate.wording,
        candidate.text,
        candidate.original_text,
        candidate.fields,
        candidate.fate,
        candidate.stage,
        candidate.reason,
        twin,
        candidate.scores,
        candidate.label_confidence,
        tuple(history.calls_about(connection, candidate.id)),
    )
