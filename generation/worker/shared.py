"""What the parts of a worker share: its connection on a thread of its own, its lease, and its books."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from db import jobs
from db.job_records import Job
from db.store.connection import Connection, write
from db.worker_lease import current_lease
from generation.jobs.allowed import Allowed
from generation.worker.budget import Purse
from generation.worker.lease import Turn
from generation.worker.replies import Answered, Refused, ResultStore, pause
from review.annotation.own_name import user_name

log = logging.getLogger("evalwright.worker")

T = TypeVar("T")

LEFT = "Left alone by the worker of"
"""How the note of a job begins that a worker could not run and another may."""

STORED_AT_ONCE = 100
"""Calls stored in one transaction: each makes several rows, and a validator's answer waits for all of them."""


class Workshop:
    """The workspace as one worker uses it.

    Attributes:
        holder: The token of the worker's lease.
        allowed: Which jobs are this worker's to run.
        connection: Used on the database thread only.
        store: Stores what engines answer.
        purses: The budgets, by job.
        stopping: Set once the worker was told to stop.
        news: Set when there is something to store or to claim.
    """

    def __init__(self, holder: str, allowed: Allowed) -> None:
        self.holder = holder
        self.allowed = allowed
        self.connection: Connection
        self.store = ResultStore()
        self.purses: defaultdict[int, Purse] = defaultdict(Purse)
        self._stored: defaultdict[int, list[int]] = defaultdict(list)
        self.stopping = asyncio.Event()
        self.news = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")

    async def db(self, work: Callable[[], T]) -> T:
        """Runs database work on the database thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def turn(self, job: Job) -> Turn:
        """Returns the right to move a job on."""
        return Turn(self.connection, self.holder, job.id)

    async def put(self, results: Sequence[Answered | Refused]) -> None:
        """Stores results, so many per transaction."""
        stored: list[Answered | Refused] = []
        try:
            await self.db(lambda: self._store(results, stored))
        finally:
            self._note(stored)

    async def look(
        self, results: Sequence[Answered | Refused], forget: Callable[[int], None]
    ) -> tuple[list[Job], set[int]]:  # fmt: skip
        """Stores results as `put` does, and looks what there is to do.

        Returns:
            The jobs that go on and are this worker's to run, their budgets brought up to date, and which jobs have no
            calls left in their round; none where the lease is lost.
        """
        stored: list[Answered | Refused] = []
        try:
            found, at_an_end = await self.db(lambda: self._store_and_look(results, stored))
        finally:
            forget(len(stored))
            self._note(stored)
        done, self._stored = self._stored, defaultdict(list)
        for job in found:
            self.purses[job.id].refresh(job, done[job.id])
        return found, at_an_end

    async def pause(self, job_id: int, sentence: str) -> None:
        """Pauses a job with the reason, unless a person has stopped it already."""
        await self.db(lambda: self._pause(job_id, sentence))

    def tell(self, job_id: int, note: str) -> None:
        """Tells people what a job is doing; nobody waits for it."""
        self._thread.submit(self._tell, job_id, note)

    def leave(self, job: Job, sentence: str) -> None:
        """Leaves a job alone that somebody else's worker may be able to run, and says why."""
        log.warning("job %s is left alone: %s", job.id, sentence)
        self.allowed.leave(job)
        self.tell(job.id, f"{LEFT} {user_name()}: {sentence}")

    async def close(self) -> None:
        """Closes the connection, after everything that was handed in."""
        await self.db(self.connection.close)
        self._thread.shutdown()

    def _note(self, stored: Sequence[Answered | Refused]) -> None:
        """Remembers what is stored until the budgets are brought up to date."""
        for result in stored:
            self._stored[result.job.id].append(result.item.id)

    def _store(self, results: Sequence[Answered | Refused], stored: list[Answered | Refused]) -> None:
        for start in range(0, len(results), STORED_AT_ONCE):
            batch = results[start : start + STORED_AT_ONCE]
            self.store.store(self.connection, batch)
            stored += batch

    def _store_and_look(
        self, results: Sequence[Answered | Refused], stored: list[Answered | Refused]
    ) -> tuple[list[Job], set[int]]:
        self._store(results, stored)
        return self._look()

    def _look(self) -> tuple[list[Job], set[int]]:
        lease = current_lease(self.connection)
        if lease is None or lease.holder != self.holder:
            return [], set()
        going = [job for job in jobs.unfinished_jobs(self.connection) if self.allowed.runs(self.connection, job)]
        return going, jobs.jobs_without_calls(self.connection)

    def _pause(self, job_id: int, sentence: str) -> None:
        with write(self.connection):
            pause(self.connection, job_id, sentence)

    def _tell(self, job_id: int, note: str) -> None:
        with write(self.connection):
            jobs.set_note(self.connection, job_id, note)
