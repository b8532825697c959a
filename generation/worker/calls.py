"""Calls in flight: which may begin, and when. Nothing here touches the workspace.

A slot that becomes free is filled at once, from calls claimed ahead; the worker's turn stores what came back and claims
more, in batches.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field, replace

from db.job_records import Job, WorkItem
from generation.engines.protocol import (
    Engine,
    EngineError,
    Judgement,
    JudgeRequest,
    SampleReply,
    SampleRequest,
    Usage,
)
from generation.jobs.running import RunningJob
from generation.worker.rates import Pace
from generation.worker.replies import Answered, Refused
from generation.worker.shared import Workshop

log = logging.getLogger("evalwright.worker")

AHEAD = 3
"""How many calls may be claimed and not stored, for each that may be in flight."""

FRESH_SECONDS = 1.0
"""For how long after a turn a slot that becomes free is filled at once: by then a person may have stopped the job."""

Ready = tuple[WorkItem, SampleRequest | JudgeRequest]


@dataclass
class _Line:
    """The calls of one job: those that wait for a slot, and how many there are of the others."""

    job: Job
    running: RunningJob
    ready: deque[Ready] = field(default_factory=deque)
    in_flight: int = 0
    too_dear: bool = False


class Calls:
    """The calls of one worker."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._lines: dict[int, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_flight: Counter[Engine] = Counter()
        self._unstored: Counter[Engine] = Counter()
        self._paces: defaultdict[Engine, Pace] = defaultdict(Pace)
        self._results: list[Answered | Refused] = []
        self._looked_at = 0.0

    def room(self, job: Job, running: RunningJob) -> int:
        """Returns how many more calls of a job may be claimed: more than may be in flight.

        Each step of a turn waits until every reply that has come is read; meanwhile those claimed ahead begin.
        """
        engine = running.engine
        limit = _limit(job, engine)
        waiting = sum(len(line.ready) for line in self._lines.values() if line.running.engine is engine)
        taken = waiting + self._in_flight[engine] + self._unstored[engine]
        line = self._lines.get(job.id)
        if self._shop.store.is_quiet(job.id) or (line is not None and line.too_dear):
            return 0
        return max(0, AHEAD * limit - taken)

    def add(self, job: Job, running: RunningJob, calls: list[Ready]) -> None:
        """Takes claimed calls."""
        line = self._line(job, running)
        line.running = running  # A job that was resumed with other limits has another engine.
        line.ready.extend(calls)

    def busy(self, job: Job) -> bool:
        """Whether calls of a job are under way or about to be."""
        line = self._lines.get(job.id)
        return line is not None and bool(line.ready or line.in_flight)

    def is_spent(self, job: Job) -> bool:
        """Whether nothing of a job is under way, and what waits doesn't fit its budget."""
        line = self._lines.get(job.id)
        return line is not None and line.too_dear and line.in_flight == 0

    def begin(self) -> None:
        """Begins every call that may begin now."""
        for line in self._lines.values():
            if line.ready:
                self._begin(line)

    def keep(self, jobs: list[Job]) -> list[WorkItem]:
        """Takes note of the jobs as they are now; returns the waiting calls of those that don't go on any more."""
        self._looked_at = time.monotonic()
        going = {job.id: job for job in jobs}
        dropped: list[WorkItem] = []
        for job_id, line in list(self._lines.items()):
            if job_id in going:
                line.job, line.too_dear = going[job_id], False
                continue
            dropped += self.drop(job_id)
            if not line.in_flight:
                del self._lines[job_id]
        return dropped

    def drop(self, job_id: int) -> list[WorkItem]:
        """Forgets the waiting calls of a job and returns their items."""
        line = self._lines[job_id]
        items = [item for item, _ in line.ready]
        line.ready.clear()
        line.too_dear = False
        return items

    def results(self) -> list[Answered | Refused]:
        """Returns what has come back and isn't stored."""
        return self._results

    def forget(self, count: int) -> None:
        """Takes note that so many of the first results are stored."""
        for result in self._results[:count]:
            self._unstored[result.running.engine] -= 1
        del self._results[:count]

    @property
    def under_way(self) -> bool:
        """Whether a call is in flight, or has come back and isn't stored."""
        return bool(self._tasks or self._results)

    def cancel(self) -> set[asyncio.Task[None]]:
        """Gives up every call in flight; returns their tasks."""
        for task in self._tasks:
            task.cancel()
        return set(self._tasks)

    def _line(self, job: Job, running: RunningJob) -> _Line:
        if job.id not in self._lines:
            self._lines[job.id] = _Line(job, running)
        return self._lines[job.id]

    def _begin(self, line: _Line) -> None:
        while taken := self._take(line):
            task = asyncio.create_task(self._slot(line, *taken))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _take(self, line: _Line) -> tuple[Ready, int] | None:
        """Takes the next call of a job if it may begin now, with the tokens that it is taken to need."""
        engine, limits = line.running.engine, line.job.limits
        limit, pace = _limit(line.job, engine), self._paces[engine]
        full = self._in_flight[engine] >= limit or self._unstored[engine] >= (AHEAD - 1) * limit
        if not line.ready or full or self._shop.stopping.is_set() or self._shop.store.is_quiet(line.job.id):
            return None
        if delay := pace.delay(limits):
            asyncio.get_running_loop().call_later(delay, self._shop.news.set)
            return None
        item, request = line.ready[0]
        if isinstance(request, JudgeRequest):
            # What the budget holds back is what is sent, whatever the engine learns in between.
            request = replace(request, max_tokens=engine.judge_tokens)
        if not self._shop.purses[line.job.id].hold(item.id, engine, request):
            line.too_dear = True
            return None
        line.ready.popleft()
        line.in_flight += 1
        self._in_flight[engine] += 1
        return (item, request), pace.begin(limits)

    async def _slot(self, line: _Line, call: Ready, guess: int) -> None:
        """Makes one call after the other: a new task for each would let every connection fall idle in between."""
        taken: tuple[_Line, Ready, int] | None = (line, call, guess)
        while taken is not None:
            line, (item, request), guess = taken
            await self._call(line, item, request, guess)
            fresh = time.monotonic() < self._looked_at + FRESH_SECONDS
            taken = self._take_next(line) if fresh else None
            if fresh and taken is None:
                self.begin()

    def _take_next(self, line: _Line) -> tuple[_Line, Ready, int] | None:
        """Takes a call of the jobs on the same engine in turn, so that none waits until another is done."""
        lines = list(self._lines.values())
        after = lines.index(line) + 1 if line in lines else 0
        for other in (*lines[after:], *lines[:after]):
            if other.running.engine is line.running.engine and (taken := self._take(other)) is not None:
                return other, *taken
        return None

    async def _call(self, line: _Line, item: WorkItem, request: SampleRequest | JudgeRequest, guess: int) -> None:
        """Makes one call, outside any transaction."""
        job, running = line.job, line.running
        began = time.monotonic()
        result: Answered | Refused
        usage = Usage()
        try:
            reply = await _ask(running.engine, request)
            refuse_unstorable(reply)
        except EngineError as error:
            self._shop.store.heed(job.id, error)
            usage = error.usage
            result = Refused(job, running, item, error)
        except Exception as error:
            log.exception("item %s of job %s", item.id, job.id)
            reason = f"The {job.engine} engine stopped unexpectedly ({type(error).__name__}); see the worker's log."
            result = Refused(job, running, item, EngineError(reason))
        else:
            usage = reply.usage
            result = Answered(job, running, item, request, reply, time.monotonic() - began)
        finally:
            line.in_flight -= 1
            self._in_flight[running.engine] -= 1
        self._paces[running.engine].end(job.limits, guess, usage)
        self._shop.purses[job.id].settle(item.id, usage)
        self._unstored[running.engine] += 1
        self._results.append(result)
        self._shop.news.set()


def _limit(job: Job, engine: Engine) -> int:
    return job.limits.concurrency or engine.concurrency


async def _ask(engine: Engine, request: SampleRequest | JudgeRequest) -> SampleReply | Judgement:
    return await (engine.sample(request) if isinstance(request, SampleRequest) else engine.judge(request))


def refuse_unstorable(reply: SampleReply | Judgement) -> None:
    """Refuses at the door what UTF-8, and so the workspace, can't hold unchanged."""
    texts = [reply.raw] if isinstance(reply, Judgement) else [completion.text for completion in reply.completions]
    try:
        "".join([reply.model, *texts]).encode()
    except UnicodeEncodeError as error:
        unstorable = EngineError("The reply holds half a surrogate pair, which is no character.")
        unstorable.usage = reply.usage
        raise unstorable from error
