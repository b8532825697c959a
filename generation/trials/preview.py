"""Samples in seconds: a behaviour file tried out on a few candidates, in a workspace that is thrown away.

The same worker runs the same stages as a job's; only so many candidates are drawn as are to be looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from db import candidates as rows
from db import history
from db.errors import EvalwrightError
from db.history import CallMade
from db.job_records import NO_LIMITS, Candidate, Limits
from db.store.connection import Connection
from db.store.workspace import open_workspace
from generation.engines.protocol import Engine
from generation.engines.registry import ENGINES, make_engine
from generation.jobs.funnel import Funnel, read_funnel
from generation.jobs.jobs import Wanted, create_jobs, find_job
from generation.recipes.order import Order
from generation.recipes.recipe import Recipe
from generation.trials.comprehension import Comprehension, check_hand_written, try_out
from generation.worker.worker import Worker

WATCH_SECONDS = 0.05
STOPPED = ("paused", "failed", "cancelled")


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

    @property
    def outcome(self) -> str:
        """What became of it, in words."""
        confidence = "" if self.label_confidence is None else f", label confidence {self.label_confidence:.2f}"
        if self.fate != "dropped":
            return f"kept{confidence}"
        twin = f" ({self.twin})" if self.twin else ""
        return f"dropped by {self.stage}: {self.reason}{twin}{confidence}"


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
    orders: Sequence[Order],
    *,
    engine: str,
    model: str,
    count: int,
    seed: int | None = None,
    limits: Limits = NO_LIMITS,
    engines: Callable[[str, str, Limits], Engine] = make_engine,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Preview, ...]:
    """Draws about `count` candidates for each order and takes them through every stage.

    Args:
        orders: Behaviours, each with its recipe and inputs; all on one engine, so that a model is loaded once.
        engine: An engine's name.
        model: A model id; "" is the engine's default.
        count: How many candidates to draw, at least one per label; replies that hold several may bring more.
        seed: What prompts are drawn from; drawn at random if None.
        limits: As for a job.
        engines: Makes an engine from its name, its model and the limits.
        tell: Is told what is going on.

    Raises:
        InputError: if a job could not be made of an order, or the author's own examples can't be tried.
        EvalwrightError: what stopped the engine.
    """
    for order in orders:
        check_hand_written(order)
    facts = ENGINES.get(engine)
    if facts is not None and facts.batches and facts.like:
        engine = facts.like  # Nobody waits an hour for a sample.
    limits = replace(limits, redraws=0)  # So many candidates are looked at, whatever becomes of them.
    with TemporaryDirectory(prefix="evalwright-preview-") as folder:
        path = Path(folder) / "preview.db"
        connection = open_workspace(path)
        made = engines(engine, model, limits)
        try:
            jobs = [
                _queue(connection, order, Wanted(engine, model, count, 1, False, seed, limits), place)
                for place, order in enumerate(orders)
            ]
            await made.prepare(tell)
            tried = [await _try_out(order, engine, made, tell) for order in orders]
            await _run(Worker(path, engines=lambda *_: made, adapt=thinned), connection, jobs, tell)
            return tuple(
                _read(connection, job, order.behavior.name, comprehension, count)
                for job, order, comprehension in zip(jobs, orders, tried, strict=True)
            )
        finally:
            connection.close()
            await made.close()


def _queue(connection: Connection, order: Order, wanted: Wanted, place: int) -> int:
    """Queues a job under a name of its own: two wordings may have one name."""
    labels = len(order.recipe.intended_answers)
    own = replace(order, behavior=replace(order.behavior, name=f"{place + 1}. {order.behavior.name}"))
    rounded = replace(wanted, count=-(-wanted.count // labels) * labels)
    (job,) = create_jobs(connection, [own], rounded, agreed=False)
    return job.id


async def _try_out(order: Order, name: str, engine: Engine, tell: Callable[[str], None]) -> Comprehension | None:
    if not order.behavior.hand_written:
        return None
    tell("trying the discriminator on your own examples")
    return await try_out(order, name, engine)


def thinned(recipe: Recipe) -> Recipe:
    """Returns a recipe that draws no more candidates than are wanted: none is there only to be dropped."""
    return replace(recipe, stages=tuple(stage.thinned() for stage in recipe.stages))


async def _run(worker: Worker, connection: Connection, job_ids: Sequence[int], tell: Callable[[str], None]) -> None:
    """Runs the worker until every job is over."""
    running = asyncio.create_task(worker.run())
    try:
        while not running.done():
            jobs = [find_job(connection, job_id) for job_id in job_ids]
            if stopped := next((job for job in jobs if job.state in STOPPED), None):
                raise EvalwrightError(stopped.note or "The preview was stopped.")
            if all(job.finished for job in jobs):
                return
            done, items = sum(job.items_done for job in jobs), sum(job.items for job in jobs)
            calls = f"{done:,} of {items:,} calls" if done else "the first call is under way"
            tell(next((job.note for job in jobs if job.note), calls))
            await asyncio.sleep(WATCH_SECONDS)
    finally:
        worker.stop()
        await running


def _read(connection: Connection, job_id: int, name: str, comprehension: Comprehension | None, count: int) -> Preview:
    job = find_job(connection, job_id)
    found = rows.candidates_of_job(connection, job.id, limit=count)
    return Preview(
        name,
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
