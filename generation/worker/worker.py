"""The worker: the one process of a workspace in which engines run.

It claims work items, calls the engine outside any transaction, and stores what comes back in batches, each row fenced
by lease and attempt: killed anywhere it goes on where it was, no stored call is made twice, and a late duplicate of a
call is a no-op. Everything it knows is in the workspace; nothing needs to be cleaned up after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from db import jobs
from db.errors import EvalwrightError, WorkspaceError
from db.job_records import Job, Limits, WorkItem
from db.store.connection import write
from db.store.workspace import open_workspace
from generation.engines.prices import known_prices
from generation.engines.protocol import BatchEngine, Engine, NoKeyError
from generation.engines.registry import make_engine
from generation.jobs import pipeline
from generation.jobs.allowed import Allowed
from generation.jobs.running import RunningJob
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import Recipe, parse_recipe
from generation.worker.batches import Batches
from generation.worker.calls import Calls, Ready
from generation.worker.lease import RENEW_SECONDS, OvertakenError, give_up_lease, new_holder, renew_lease, take_lease
from generation.worker.retries import patiently
from generation.worker.shared import LEFT, Workshop
from generation.worker.steady_clock import now

log = logging.getLogger("evalwright.worker")

IDLE_SECONDS = 0.25
BREATH_SECONDS = 0.02
"""How long a turn waits for the results of others, so that one transaction stores many of them."""

CLAIMED_AT_ONCE = 400

REST_SECONDS = 5.0
"""For so long a worker that nobody asked for waits for another job of its user's before it makes room for others."""

CLOSING_SECONDS = 5.0
"""How long engines may take to close; what they hold ends with the process."""


EngineKey = tuple[str, str, int | None, tuple[str, ...] | None]


@dataclass(frozen=True)
class _Preparing:
    """An engine, and the task that gets it ready."""

    engine: Engine
    task: asyncio.Task[None]


class Worker:
    """Runs the jobs of one workspace until it is told to stop or loses its lease."""

    def __init__(
        self,
        workspace: Path,
        *,
        engines: Callable[[str, str, Limits], Engine] = make_engine,
        adapt: Callable[[Recipe], Recipe] | None = None,
        own_only: bool = False,
    ) -> None:
        """Prepares to work; nothing happens before `run`.

        Args:
            workspace: The workspace file.
            engines: Makes an engine from its name and model, and the limits of the job that asks first.
            adapt: What to make of each job's recipe before it is used, if anything.
            own_only: Whether nobody asked for this worker: it then runs only jobs that its user has agreed to, and
                stops by itself when none is left that it can run, so that others' workers can.
        """
        self._workspace = workspace
        self._adapt = adapt
        self._make_engine = engines
        self._own_only = own_only
        self._idle_since: float | None = None
        self._shop = Workshop(new_holder(), Allowed(own_only=own_only))
        self._engines: dict[EngineKey, _Preparing] = {}
        self._running: dict[tuple[int, EngineKey], RunningJob] = {}
        self._turns = 0
        self._calls = Calls(self._shop)
        self._batches = Batches(self._shop, self._prepare)

    def stop(self) -> None:
        """Asks the worker to stop; calls in flight are abandoned and made again by the next one."""
        self._shop.stopping.set()
        self._shop.news.set()

    @property
    def left_any(self) -> bool:
        """Whether it has left a job alone whose engine has no key here."""
        return self._shop.allowed.left_any

    async def run(self) -> bool:
        """Works until stopped, or without its user's own jobs if it runs no others.

        Returns:
            False at once if another worker serves this workspace.
        """
        shop = self._shop
        shop.connection = await shop.db(lambda: open_workspace(self._workspace))
        try:
            if not await shop.db(lambda: take_lease(shop.connection, shop.holder)):
                return False
            log.info("worker %s serves %s", os.getpid(), self._workspace.name)
            renewing = asyncio.create_task(self._keep_lease())
            try:
                while not shop.stopping.is_set():
                    moved = await self._turn()
                    await self._wait(BREATH_SECONDS if moved else IDLE_SECONDS)
            finally:
                renewing.cancel()
                await self._leave()
            if renewing.done() and not renewing.cancelled():
                renewing.result()
        finally:
            await shop.close()
        return True

    async def _turn(self) -> bool:
        """Stores what came back, moves jobs on, claims what there is room for; whether anything happened."""
        results = list(self._calls.results())
        going, at_an_end = await self._shop.look(results, self._calls.forget)
        self._batches.note_going(going)
        moved = bool(results)
        dropped = self._calls.keep(going)
        if dropped:
            await self._shop.db(lambda: self._release(dropped))
        # Another job is first each time: what there is room for would else always be the first one's.
        self._turns += 1
        first = self._turns % max(1, len(going))
        for job in (*going[first:], *going[:first]):
            moved = await self._move(job, at_an_end=job.id in at_an_end) or moved
        self._calls.begin()
        await self._batches.tend()
        if self._own_only and self._is_idle(going):
            self.stop()
        return moved

    def _is_idle(self, going: list[Job]) -> bool:
        """Whether there has been nothing to run for a while; none needs to come back where jobs were left alone."""
        if going or self._calls.under_way or self._batches.under_way:
            self._idle_since = None
            return False
        if self._idle_since is None:
            self._idle_since = time.monotonic()
        return self.left_any or time.monotonic() > self._idle_since + REST_SECONDS

    async def _move(self, job: Job, *, at_an_end: bool) -> bool:
        """Moves one job on; what goes wrong with it pauses it, and it alone."""
        try:
            running = await self._prepare(job)
            if running is None:
                return False
            turn = self._shop.turn(job)
            takes_up = any(stage.at_once for stage in running.recipe.stages)
            if (at_an_end or takes_up) and await self._shop.db(lambda: pipeline.advance(turn, job, running)):
                return True
            if isinstance(running.engine, BatchEngine):
                claimed, spent = await self._batches.send(job, running), await self._batches.is_spent(job)
            else:
                claimed, spent = await self._claim(job, running), self._calls.is_spent(job)
            if spent:
                await self._stop_spending(job)
            return claimed > 0
        except OvertakenError:
            return False
        except WorkspaceError:
            raise
        except EvalwrightError as error:
            sentence = str(error)
        except Exception as error:
            log.exception("job %s", job.id)
            sentence = f"The job stopped unexpectedly ({type(error).__name__}); see the worker's log."
        await self._shop.pause(job.id, sentence)
        return False

    async def _claim(self, job: Job, running: RunningJob) -> int:
        room = self._calls.room(job, running)
        ready = await self._shop.db(lambda: self._claim_items(job, running, room)) if room > 0 else []
        self._calls.add(job, running, ready)
        self._calls.begin()
        return len(ready)

    def _claim_items(self, job: Job, running: RunningJob, room: int) -> list[Ready]:
        """Claims items, each with what it asks."""
        connection = self._shop.connection
        with self._shop.turn(job).write():
            items = jobs.claim_items(
                connection, job.id, job.round, lease=self._shop.holder, limit=min(room, CLAIMED_AT_ONCE), now=now()
            )
            if items and job.state == "queued":
                jobs.set_state(connection, job.id, "running")
            return [(item, pipeline.request_of(connection, job, running, item)) for item in items]

    async def _stop_spending(self, job: Job) -> None:
        """Pauses a job whose budget has no room for another call; everything that was paid for is stored."""
        items = self._calls.drop(job.id)
        await self._shop.db(lambda: self._release(items))
        await self._shop.pause(job.id, self._shop.purses[job.id].sentence())

    def _release(self, items: list[WorkItem]) -> None:
        with write(self._shop.connection):
            jobs.release_items(self._shop.connection, items)

    async def _prepare(self, job: Job) -> RunningJob | None:
        """Reads a job's recipe and makes its engine, once.

        Returns:
            None while the engine gets ready, or where the job is left to others; other jobs go on meanwhile.

        Raises:
            EvalwrightError: if the job can't run.
        """
        known = (job.id, _engine_key(job))
        if known in self._running:
            return self._running[known]
        texts = await self._shop.db(lambda: self._shop.allowed.texts(self._shop.connection, job))
        if texts is None:
            return None
        recipe = parse_recipe(f"the recipe of job {job.id}", texts.recipe)
        if self._adapt is not None:
            recipe = self._adapt(recipe)
        behavior = parse_behavior(f"the behaviour of job {job.id}", texts.behavior)
        known_prices()  # A price file that can't be read is told now, and not when an answer is to be stored.
        try:
            engine = self._ready_engine(job)
        except NoKeyError as error:
            self._shop.leave(job, str(error))
            return None
        if engine is None:
            return None
        if job.note.startswith(LEFT):
            self._shop.tell(job.id, "")
        self._running[known] = RunningJob(recipe, behavior, engine, texts.inputs)
        return self._running[known]

    def _ready_engine(self, job: Job) -> Engine | None:
        """Returns a job's engine if it is ready; the first who asks has it made."""
        key = _engine_key(job)
        if key not in self._engines:
            engine = self._make_engine(job.engine, job.model, job.limits)
            tell = partial(self._shop.tell, job.id)
            task = asyncio.create_task(patiently(lambda: engine.prepare(tell), tell))
            task.add_done_callback(lambda _: self._shop.news.set())
            self._engines[key] = _Preparing(engine, task)
        preparing = self._engines[key]
        if not preparing.task.done():
            return None
        try:
            preparing.task.result()
        except Exception:
            del self._engines[key]  # Resumed, the job tries again.
            raise
        return preparing.engine

    async def _keep_lease(self) -> None:
        """Renews the lease for as long as the worker runs; without it, or if that fails, the worker stops."""
        shop = self._shop
        try:
            while await shop.db(lambda: renew_lease(shop.connection, shop.holder)):
                await asyncio.sleep(RENEW_SECONDS)
            log.warning("another worker has taken over; this one stops")
        finally:
            self.stop()

    async def _wait(self, seconds: float) -> None:
        """Waits for news, at most that long; a breath only while there is always some."""
        if seconds > BREATH_SECONDS:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._shop.news.wait(), seconds)
        await asyncio.sleep(BREATH_SECONDS)
        self._shop.news.clear()

    async def _leave(self) -> None:
        """Stores what has come back and gives the lease up; only then are the engines closed, which may take long."""
        tasks = self._calls.cancel() | self._batches.cancel()
        await self._shop.put(self._calls.results())
        await self._shop.db(lambda: give_up_lease(self._shop.connection, self._shop.holder))
        for preparing in self._engines.values():
            tasks |= {preparing.task, asyncio.create_task(preparing.engine.close())}
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_SECONDS)


def _engine_key(job: Job) -> EngineKey:
    """Returns what two jobs have in common that share an engine."""
    return (job.engine, job.model, job.limits.call_seconds, job.limits.leave_out)
