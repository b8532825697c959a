"""What the parts of a worker share: its connection on a thread of its own, its lease, and its books."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from db import jobs
from db.connection import Connection, write
from db.records import Job
from db.worker_lease import current_lease
from generation.lease import Turn
from generation.purse import Purse
from generation.results import Answered, Refused, ResultStore, pause

T = TypeVar("T")


class Workshop:
    """The workspace as one worker uses it.

    Attributes:
        holder: The token of the worker's lease.
        connection: Used on the database thread only.
        store: Stores what engines answer.
        purses: The budgets, by job.
        stopping: Set once the worker was told to stop.
        news: Set when there is something to store or to claim.
    """

    def __init__(self, holder: str) -> None:
        self.holder = holder
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
        """Stores results."""
        await self.db(lambda: self.store.store(self.connection, results))
        for result in results:
            self._stored[result.job.id].append(result.item.id)

    async def unfinished_jobs(self) -> list[Job]:
        """Returns the jobs that go on, with their budgets brought up to date; none where the lease is lost."""
        stored, self._stored = self._stored, defaultdict(list)
        found = await self.db(self._look)
        for job in found:
            self.purses[job.id].refresh(job, stored[job.id])
        return found

    async def pause(self, job_id: int, sentence: str) -> None:
        """Pauses a job with the reason, unless a person has stopped it already."""
        await self.db(lambda: self._pause(job_id, sentence))

    def tell(self, job_id: int, note: str) -> None:
        """Tells people what a job is doing; nobody waits for it."""
        self._thread.submit(self._tell, job_id, note)

    async def close(self) -> None:
        """Closes the connection, after everything that was handed in."""
        await self.db(self.connection.close)
        self._thread.shutdown()

    def _look(self) -> list[Job]:
        lease = current_lease(self.connection)
        if lease is None or lease.holder != self.holder:
            return []
        return jobs.unfinished_jobs(self.connection)

    def _pause(self, job_id: int, sentence: str) -> None:
        with write(self.connection):
            pause(self.connection, job_id, sentence)

    def _tell(self, job_id: int, note: str) -> None:
        with write(self.connection):
            jobs.set_note(self.connection, job_id, note)
