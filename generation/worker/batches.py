"""Batches under way: sent once, adopted after a crash, and stored when they have ended.

A batch is noted with a token before it is sent, and every request's name carries the token. If the worker ends before
the server's name for the batch is stored, the next worker looks for it there, and sends nothing again before it knows.
While a server works on batches, the worker goes on with everything else.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from db import batches, clock, jobs
from db.batches import Batch
from db.errors import EvalwrightError, WorkspaceError
from db.job_records import Job, WorkItem
from db.store.connection import write
from generation.engines.protocol import (
    BatchEngine,
    BatchGoneError,
    EngineBusyError,
    EngineError,
    EngineUnsureError,
    EngineUnusableError,
    JudgeRequest,
    Outcome,
    Prompt,
    SampleRequest,
    Sampling,
)
from generation.jobs import pipeline
from generation.jobs.running import RunningJob
from generation.worker.replies import Answered, Refused
from generation.worker.shared import Workshop
from generation.worker.steady_clock import now

log = logging.getLogger("evalwright.worker")

FIRST_SIZE = 50
"""Requests in a job's first batch: people wait for it. Each later one may be twice as large, up to the limit."""

DEFAULT_SIZE = 10_000
MOST_OPEN = 4
"""Batches of one job that the server may work on at a time."""

CLAIMED_AT_ONCE = 200
FIRST_LOOK_SECONDS = 1.0
LONGEST_LOOK_SECONDS = 30.0
"""How often a server is asked whether a batch has ended: often at first, then seldom."""

Request = SampleRequest | JudgeRequest
Calls = Mapping[str, tuple[WorkItem, Request]]
Prepare = Callable[[Job], Awaitable[RunningJob | None]]


class Batches:
    """The batches of one worker, each with a task of its own that tends it."""

    def __init__(self, shop: Workshop, prepare: Prepare) -> None:
        self._shop = shop
        self._prepare = prepare
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unsent: set[str] = set()
        self._stuck: set[str] = set()
        self._storing: set[int] = set()
        self._too_dear: set[int] = set()
        self._failure: BaseException | None = None
        self._going_since: dict[int, float] = {}

    def note_going(self, going: Iterable[Job]) -> None:
        """Takes note of the jobs that go on now, to know since when each does."""
        ids = {job.id for job in going}
        self._going_since = {job_id: self._going_since.get(job_id, clock.now()) for job_id in ids}

    async def tend(self) -> None:
        """Sees to every open batch of this worker's jobs, those of an earlier one too, whatever state its job is in.

        Raises:
            WorkspaceError: if what became of a batch could not be stored.
        """
        if self._failure is not None:
            raise self._failure
        for batch in await self._shop.db(lambda: batches.open_batches(self._shop.connection)):
            if batch.token in self._tasks:
                continue
            job = await self._shop.db(partial(self._own_job, batch.job_id))
            if job is None:
                continue
            if batch.token in self._stuck and job.state not in jobs.GOING:
                continue
            self._stuck.discard(batch.token)
            task = asyncio.create_task(self._tend(batch, job))
            self._tasks[batch.token] = task
            task.add_done_callback(partial(self._tended, batch.token))

    async def send(self, job: Job, running: RunningJob) -> int:
        """Claims a job's waiting items for one more batch, if it is time for one; returns how many."""
        if job.id in self._storing:  # What is stored asks for more: better in one batch than in many.
            return 0
        made, is_open = await self._shop.db(lambda: batches.job_batches(self._shop.connection, job.id))
        if is_open >= MOST_OPEN or self._shop.store.is_quiet(job.id):
            return 0
        self._too_dear.discard(job.id)
        size = min(FIRST_SIZE * 2 ** min(made, 20), job.limits.batch_size or DEFAULT_SIZE)
        token = f"evalwright-{uuid.uuid4().hex[:16]}"
        claimed = 0
        while claimed < size and job.id not in self._too_dear:
            room = min(CLAIMED_AT_ONCE, size - claimed)
            added = await self._shop.db(partial(self._claim, job, running, token, room, first=claimed == 0))
            claimed += added
            if added < room:
                break
        if claimed:
            self._unsent.add(token)
            self._shop.news.set()
        return claimed

    async def is_spent(self, job: Job) -> bool:
        """Whether what waits doesn't fit the job's budget, and no batch is under way."""
        if job.id not in self._too_dear:
            return False
        _, under_way = await self._shop.db(lambda: batches.job_batches(self._shop.connection, job.id))
        return under_way == 0

    @property
    def under_way(self) -> bool:
        """Whether a batch is tended."""
        return bool(self._tasks)

    def cancel(self) -> set[asyncio.Task[None]]:
        """Stops tending; the server goes on, and the next worker takes the batches up."""
        tasks = set(self._tasks.values())
        for task in tasks:
            task.cancel()
        return tasks

    def _claim(self, job: Job, running: RunningJob, token: str, room: int, *, first: bool) -> int:
        """Claims items in the name of a batch, as many as the budget has room for."""
        connection, purse = self._shop.connection, self._shop.purses[job.id]
        with self._shop.turn(job).write():
            items = jobs.claim_items(connection, job.id, job.round, lease=token, limit=room, now=now())
            entries = [(item, pipeline.request_of(connection, job, running, item)) for item in items]
            afforded: list[tuple[WorkItem, Request]] = []
            for item, request in entries:
                if not purse.hold(item.id, running.engine, request):
                    self._too_dear.add(job.id)
                    break
                afforded.append((item, request))
            jobs.release_items(connection, [item for item, _ in entries[len(afforded) :]])
            if afforded:
                if first:
                    batches.insert_batch(connection, token, job.id, len(afforded), clock.now())
                batches.add_requests(connection, token, [(item, asdict(request)) for item, request in afforded])
                if job.state == "queued":
                    jobs.set_state(connection, job.id, "running")
        return len(afforded)

    def _own_job(self, job_id: int) -> Job | None:
        """Returns a batch's job, unless it isn't this worker's to run: asking about a batch takes a key as well."""
        job = jobs.get_job(self._shop.connection, job_id)
        assert job is not None
        return job if self._shop.allowed.runs(self._shop.connection, job) else None

    def _tended(self, token: str, task: asyncio.Task[None]) -> None:
        del self._tasks[token]
        if not task.cancelled():
            self._failure = task.exception() or self._failure

    async def _tend(self, batch: Batch, job: Job) -> None:
        """Sees to one batch; what goes wrong pauses its job, and the batch is taken up again when that goes on.

        Raises:
            WorkspaceError: if something could not be stored: then nothing can be, and the worker is to end.
        """
        try:
            running = await self._prepare(job)
            if running is not None:
                await self._bring_home(batch, job, running)
        except EngineBusyError as error:
            self._shop.tell(job.id, f"a batch is under way: {error}")
            await asyncio.sleep(error.retry_after or FIRST_LOOK_SECONDS)
        except WorkspaceError:
            raise
        except EvalwrightError as error:
            self._stuck.add(batch.token)
            await self._shop.pause(job.id, str(error))
        except Exception as error:
            log.exception("batch %s of job %s", batch.token, job.id)
            self._stuck.add(batch.token)
            reason = f"A batch stopped unexpectedly ({type(error).__name__}); see the worker's log."
            await self._shop.pause(job.id, reason)
        finally:
            self._shop.news.set()

    async def _bring_home(self, batch: Batch, job: Job, running: RunningJob) -> None:
        """Sends or finds a batch, waits until it has ended, and stores what became of it."""
        engine = running.engine
        assert isinstance(engine, BatchEngine)
        held = await self._shop.db(lambda: batches.held_items(self._shop.connection, batch.token))
        calls = {_name(batch.token, item): (item, request_from(request)) for item, request in held}
        for item, request in calls.values():
            self._shop.purses[job.id].hold(item.id, engine, request, begun=True)
        try:
            batch_id = batch.batch_id or await self._arrived(batch, job, running, calls)
            if batch_id is None:
                return
            counts = await self._counts(batch_id, job, engine)
            self._storing.add(job.id)
            await self._store(batch, batch_id, job, running, calls)
            await self._shop.db(lambda: self._close(batch.token, "stored", counts))
        except BatchGoneError as error:
            self._shop.tell(job.id, str(error))
            await self._shop.db(lambda: self._close(batch.token, "absent", {}))
        finally:
            self._storing.discard(job.id)

    async def _arrived(self, batch: Batch, job: Job, running: RunningJob, calls: Calls) -> str | None:
        """Returns the server's name for a batch: sent now, or found there; None if it isn't there and won't be."""
        engine = running.engine
        assert isinstance(engine, BatchEngine)
        if batch.token in self._unsent:
            self._unsent.discard(batch.token)
            try:
                batch_id = await engine.send_batch({name: request for name, (_, request) in calls.items()})
                await self._shop.db(lambda: self._adopt(batch.token, batch_id))
                return batch_id
            except EngineUnsureError as error:
                self._shop.tell(job.id, str(error))
            except EngineError as error:
                self._shop.store.heed(job.id, error)
                await self._shop.put([Refused(job, running, item, error) for item, _ in calls.values()])
                await self._shop.db(lambda: self._close(batch.token, "absent", {}))
                return None
        found = await self._find(batch, job, engine)
        if found is not None:
            await self._shop.db(lambda: self._adopt(batch.token, found))
        else:
            await self._shop.db(lambda: self._close(batch.token, "absent", {}))
        self._shop.tell(job.id, "")
        return found

    async def _find(self, batch: Batch, job: Job, engine: BatchEngine) -> str | None:
        """Looks for a batch on the server until it is known whether it is there."""
        async for _ in _looks():
            known = await self._shop.db(lambda: batches.known_ids(self._shop.connection))
            try:
                return await engine.look_for_batch(batch.token, batch.requests, batch.created_at, known)
            except EngineBusyError as error:
                self._shop.tell(job.id, str(error))
        return None

    async def _counts(self, batch_id: str, job: Job, engine: BatchEngine) -> Mapping[Outcome, int]:
        """Waits until a batch has ended, or ends it where its job was cancelled."""
        cancelled = False
        async for _ in _looks():
            try:
                counts = await engine.batch_counts(batch_id)
                if counts is not None:
                    return counts
                now_job = await self._shop.db(lambda: jobs.get_job(self._shop.connection, job.id))
                if now_job is not None and now_job.state == "cancelled" and not cancelled:
                    cancelled = True
                    await engine.cancel_batch(batch_id)
            except EngineBusyError as error:
                self._shop.tell(job.id, f"a batch is under way: {error}")
        return {}

    async def _store(self, batch: Batch, batch_id: str, job: Job, running: RunningJob, calls: Calls) -> None:
        """Stores the results of a batch; those of before a crash are known by their items."""
        engine = running.engine
        assert isinstance(engine, BatchEngine)
        waited = max(0.0, clock.now() - batch.created_at)
        left = dict(calls)
        results: list[Answered | Refused] = []
        requests = {name: request for name, (_, request) in calls.items()}
        stale = batch.created_at < self._going_since.get(job.id, 0.0)
        async for result in engine.batch_results(batch_id, requests):
            item, request = left.pop(result.name)
            if isinstance(result.reply, EngineUnusableError) and stale:
                # A person has let the job go on since: the next batch tells whether that holds again.
                results.append(Refused(job, running, item, EngineBusyError(str(result.reply), 0.0)))
            elif isinstance(result.reply, EngineError):
                results.append(Refused(job, running, item, result.reply))
            else:
                results.append(Answered(job, running, item, request, result.reply, waited))
        missing = EngineBusyError("The results of the batch didn't have the call; it is made again.")
        results += [Refused(job, running, item, missing) for item, _ in left.values()]
        await self._shop.put(results)

    def _adopt(self, token: str, batch_id: str) -> None:
        with write(self._shop.connection):
            batches.adopt_batch(self._shop.connection, token, batch_id)

    def _close(self, token: str, state: str, counts: Mapping[Outcome, int]) -> None:
        with write(self._shop.connection):
            batches.release_items(self._shop.connection, token)
            batches.close_batch(self._shop.connection, token, state, counts)


async def _looks() -> AsyncIterator[None]:
    """Comes round whenever it is time to ask a server again, without end."""
    pause = FIRST_LOOK_SECONDS
    while True:
        yield
        await asyncio.sleep(pause)
        pause = min(LONGEST_LOOK_SECONDS, pause * 1.5)


def _name(token: str, item: WorkItem) -> str:
    return f"{token}-{item.id}-{item.attempt}"


def request_from(stored: dict[str, Any]) -> Request:
    """Returns a request from the way it is stored."""
    prompt = Prompt(**stored.pop("prompt"))
    if "answers" in stored:
        return JudgeRequest(prompt, tuple(stored.pop("answers")), **stored)
    sampling = stored.pop("sampling")
    return SampleRequest(prompt, Sampling(**{**sampling, "stop": tuple(sampling["stop"])}), **stored)
