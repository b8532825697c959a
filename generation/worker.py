"""The worker: the one process of a workspace in which engines run.

It claims work items, calls the engine outside any transaction, and stores what comes back in batches, each row fenced
by lease and attempt: killed anywhere it goes on where it was, no stored call is made twice, and a late duplicate of a
call is a no-op. Everything it knows is in the workspace; nothing needs to be cleaned up after it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from db import candidates, jobs
from db.clock import now
from db.connection import Connection, write
from db.errors import EvalwrightError, WorkspaceError
from db.records import Candidate, Job, WorkItem
from db.workspace import open_workspace
from generation import pipeline
from generation.behaviors import parse_behavior
from generation.engines.protocol import (
    Engine,
    EngineError,
    Judgement,
    SampleReply,
    SampleRequest,
)
from generation.engines.registry import make_engine
from generation.lease import RENEW_SECONDS, OvertakenError, Turn, give_up_lease, renew_lease, take_lease
from generation.recipes import parse_recipe
from generation.results import Answered, Refused, ResultStore, pause
from generation.running import RunningJob

T = TypeVar("T")
log = logging.getLogger("evalwright.worker")

IDLE_SECONDS = 0.25
STORED_AT_ONCE = 100

CLOSING_SECONDS = 5.0
"""How long engines may take to close; what they hold ends with the process."""

NICE = 10
"""How far the worker steps back behind the people who type while it computes."""


class Worker:
    """Runs the jobs of one workspace until it is told to stop or loses its lease."""

    def __init__(self, workspace: Path, *, engines: Callable[[str, str], Engine] = make_engine) -> None:
        self._workspace = workspace
        self._make_engine = engines
        self._holder = uuid.uuid4().hex
        self._stopping = asyncio.Event()
        self._database = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._connection: Connection
        self._engines: dict[tuple[str, str], Engine] = {}
        self._running: dict[int, RunningJob] = {}
        self._tasks: dict[asyncio.Task[None], Engine] = {}
        self._results: list[Answered | Refused] = []
        self._store = ResultStore()
        self._news = asyncio.Event()

    def stop(self) -> None:
        """Asks the worker to stop; calls in flight are abandoned and made again by the next one."""
        self._stopping.set()
        self._news.set()

    async def run(self) -> bool:
        """Works until stopped.

        Returns:
            False at once if another worker serves this workspace.
        """
        self._connection = await self._db(lambda: open_workspace(self._workspace))
        try:
            if not await self._db(lambda: take_lease(self._connection, self._holder)):
                return False
            log.info("worker %s serves %s", os.getpid(), self._workspace.name)
            renewing = asyncio.create_task(self._keep_lease())
            try:
                while not self._stopping.is_set():
                    moved = await self._turn()
                    await self._wait(0 if moved else IDLE_SECONDS)
            finally:
                renewing.cancel()
                await self._leave()
            if renewing.done() and not renewing.cancelled():
                renewing.result()
        finally:
            await self._db(self._connection.close)
            self._database.shutdown()
        return True

    async def _turn(self) -> bool:
        """Stores what came back, moves jobs on, claims what there is room for; whether anything happened."""
        moved = await self._flush()
        for job in await self._db(lambda: jobs.unfinished_jobs(self._connection)):
            moved = await self._move(job) or moved
        return moved

    async def _move(self, job: Job) -> bool:
        """Moves one job on; what goes wrong with it pauses it, and it alone."""
        try:
            running = await self._prepare(job)
            if running is None:
                return False
            turn = Turn(self._connection, self._holder, job.id)
            advanced = await self._db(lambda: pipeline.advance(turn, job, running))
            return advanced or await self._claim(job, running) > 0
        except OvertakenError:
            return False
        except WorkspaceError:
            raise
        except EvalwrightError as error:
            sentence = str(error)
        except Exception as error:
            log.exception("job %s", job.id)
            sentence = f"The job stopped unexpectedly ({type(error).__name__}); see the worker's log."
        await self._db(lambda: self._pause(job.id, sentence))
        return False

    def _pause(self, job_id: int, sentence: str) -> None:
        with write(self._connection):
            pause(self._connection, job_id, sentence)

    async def _claim(self, job: Job, running: RunningJob) -> int:
        # What was answered and not stored yet still counts: a crash now would repeat it.
        open_calls = [*self._tasks.values(), *(result.running.engine for result in self._results)]
        room = running.engine.concurrency - sum(engine is running.engine for engine in open_calls)
        if room <= 0 or self._store.is_quiet(job.id):
            return 0
        items = await self._db(lambda: self._claim_items(job, room))
        for item, candidate in items:
            task = asyncio.create_task(self._call(job, running, item, candidate))
            self._tasks[task] = running.engine
            task.add_done_callback(self._tasks.pop)
        return len(items)

    def _claim_items(self, job: Job, room: int) -> list[tuple[WorkItem, Candidate | None]]:
        """Claims items, each with the candidate that it is about."""
        connection = self._connection
        with Turn(connection, self._holder, job.id).write():
            items = jobs.claim_items(connection, job.id, job.round, lease=self._holder, limit=room, now=now())
            if items and job.state == "queued":
                jobs.set_state(connection, job.id, "running")
        return [
            (item, None if item.candidate_id is None else candidates.get_candidate(connection, item.candidate_id))
            for item in items
        ]

    async def _call(self, job: Job, running: RunningJob, item: WorkItem, candidate: Candidate | None) -> None:
        """Makes one call, outside any transaction."""
        began = time.monotonic()
        reply: SampleReply | Judgement
        try:
            request = pipeline.request_for(job, running, item, candidate)
            if isinstance(request, SampleRequest):
                reply = await running.engine.sample(request)
            else:
                reply = await running.engine.judge(request)
            _refuse_unstorable(reply)
        except EngineError as error:
            self._results.append(Refused(job, running, item, error))
        except Exception as error:
            log.exception("item %s of job %s", item.id, job.id)
            reason = f"The {job.engine} engine stopped unexpectedly ({type(error).__name__}); see the worker's log."
            self._results.append(Refused(job, running, item, EngineError(reason)))
        else:
            self._results.append(Answered(job, running, item, request, reply, time.monotonic() - began))
        self._news.set()

    async def _flush(self) -> bool:
        """Stores every result so far, so many per transaction; what can't be stored now is kept."""
        results, self._results = self._results, []
        stored = 0
        try:
            while stored < len(results):
                batch = results[stored : stored + STORED_AT_ONCE]
                await self._db(partial(self._store.store, self._connection, batch))
                stored += len(batch)
        finally:
            self._results = results[stored:] + self._results
        return bool(results)

    async def _prepare(self, job: Job) -> RunningJob | None:
        """Reads a job's recipe and makes its engine, once.

        Returns:
            None if the worker was stopped meanwhile.

        Raises:
            EvalwrightError: if the job can't run.
        """
        if job.id in self._running:
            return self._running[job.id]
        texts = await self._db(lambda: jobs.job_texts(self._connection, job.id))
        recipe = parse_recipe(f"the recipe of job {job.id}", texts.recipe)
        behavior = parse_behavior(f"the behaviour of job {job.id}", texts.behavior)
        engine = self._engines.get((job.engine, job.model))
        if engine is None:
            engine = self._make_engine(job.engine, job.model)
            if not await self._make_ready(job):
                return None
            self._engines[job.engine, job.model] = engine
        self._running[job.id] = RunningJob(recipe, behavior, engine, texts.inputs)
        return self._running[job.id]

    async def _make_ready(self, job: Job) -> bool:
        """Fetches the embedded model where the job needs it, telling people how far it is; false if told to stop."""
        if job.engine != "local" or job.model:
            return True
        from generation.engines.model_store import cached_model, fetch_model

        if cached_model() is not None:
            return True
        told = -1

        def tell(done: int, total: int) -> None:
            nonlocal told
            if self._stopping.is_set():
                raise _StoppedError
            percent = 100 * done // max(total, 1)
            if percent != told:
                told = percent
                note = f"fetching the embedded model, {percent} % of {total // 10**6} MB"
                self._database.submit(self._set_note, job.id, note)

        try:
            await asyncio.to_thread(fetch_model, tell)
        except _StoppedError:
            return False
        await self._db(lambda: self._set_note(job.id, ""))
        return True

    def _set_note(self, job_id: int, note: str) -> None:
        with write(self._connection):
            jobs.set_note(self._connection, job_id, note)

    async def _keep_lease(self) -> None:
        """Renews the lease for as long as the worker runs; without it, or if that fails, the worker stops."""
        try:
            while await self._db(lambda: renew_lease(self._connection, self._holder)):
                await asyncio.sleep(RENEW_SECONDS)
            log.warning("another worker has taken over; this one stops")
        finally:
            self.stop()

    async def _wait(self, seconds: float) -> None:
        """Waits for news, at most that long."""
        if seconds > 0:
            try:
                await asyncio.wait_for(self._news.wait(), seconds)
            except TimeoutError:
                return
        self._news.clear()

    async def _leave(self) -> None:
        """Stores what has come back and gives the lease up; only then are the engines closed, which may take long."""
        for task in self._tasks:
            task.cancel()
        await self._flush()
        await self._db(lambda: give_up_lease(self._connection, self._holder))
        closing = [*self._tasks, *(asyncio.create_task(engine.close()) for engine in self._engines.values())]
        if closing:
            await asyncio.wait(closing, timeout=CLOSING_SECONDS)

    async def _db(self, work: Callable[[], T]) -> T:
        """Runs database work on the worker's database thread."""
        return await asyncio.get_running_loop().run_in_executor(self._database, work)


class _StoppedError(Exception):
    """The worker was told to stop while it fetched the model."""


def _refuse_unstorable(reply: SampleReply | Judgement) -> None:
    """Refuses at the door what UTF-8, and so the workspace, can't hold unchanged."""
    texts = [reply.raw] if isinstance(reply, Judgement) else [completion.text for completion in reply.completions]
    try:
        "".join([reply.model, *texts]).encode()
    except UnicodeEncodeError as error:
        raise EngineError("The reply holds half a surrogate pair, which is no character.") from error
