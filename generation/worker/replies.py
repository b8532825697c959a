"""What came back from engines, and how it is stored: each call once, with all that follows from it."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from db import jobs
from db.errors import WorkspaceError
from db.job_records import Call, Job, WorkItem
from db.store.connection import Connection, write
from generation.engines.prices import cost
from generation.engines.protocol import (
    EngineBusyError,
    EngineError,
    EngineUnusableError,
    Judgement,
    JudgeRequest,
    SampleReply,
    SampleRequest,
    Usage,
)
from generation.engines.registry import model_for
from generation.jobs import pipeline
from generation.jobs.running import RunningJob
from generation.worker.retries import (
    FAILURES_IN_A_ROW,
    LONGEST_WAIT_SECONDS,
    is_asked_to_wait,
    is_over,
    wait_before_next,
)
from generation.worker.steady_clock import now

log = logging.getLogger("evalwright.worker")


@dataclass(frozen=True)
class Answered:
    """A call that an engine answered, not stored yet."""

    job: Job
    running: RunningJob
    item: WorkItem
    request: SampleRequest | JudgeRequest
    reply: SampleReply | Judgement
    seconds: float

    def call(self) -> Call:
        """The call as it is stored."""
        return Call(
            prompt=dict(self.reply.sent) or asdict(self.request),
            reply=_stored(self.reply),
            model=self.reply.model,
            input_tokens=self.reply.usage.input_tokens,
            output_tokens=self.reply.usage.output_tokens,
            seconds=self.seconds,
            cost_nanodollars=_nanodollars(self.job, self.reply.model, self.reply.usage),
        )


@dataclass(frozen=True)
class Refused:
    """A call that failed, not stored yet."""

    job: Job
    running: RunningJob
    item: WorkItem
    error: EngineError


def _stored(reply: SampleReply | Judgement) -> dict[str, Any]:
    """Returns a reply as it is stored: what was sent stands beside it, and counted tokens need no mark."""
    values = {name: value for name, value in asdict(reply).items() if name != "sent"}
    if not reply.usage.guessed:
        del values["usage"]["guessed"]
    return values


def _nanodollars(job: Job, model: str, usage: Usage) -> int | None:
    """Returns what a call cost, in billionths of a US dollar, rounded up; None where the price is unknown."""
    dollars = cost(job.engine, model, usage)
    if dollars is None:
        dollars = cost(job.engine, model_for(job.engine, job.model), usage)
    return None if dollars is None else math.ceil(dollars * 10**9)


class ResultStore:
    """Stores results, and remembers what a worker needs to know of calls that failed: nothing that can't be lost."""

    def __init__(self) -> None:
        self._quiet_until: dict[int, float] = {}
        self._waiting: set[int] = set()
        self._tries: Counter[int] = Counter()
        self._waits: Counter[int] = Counter()
        self._in_a_row: Counter[int] = Counter()

    def is_quiet(self, job_id: int) -> bool:
        """Whether a job's engine was asked to wait, and the time isn't over."""
        return self._quiet_until.get(job_id, 0.0) > now()

    def heed(self, job_id: int, error: EngineError) -> None:
        """Lets a job whose engine asks to wait begin no call until then; storing the failed call tells people."""
        if isinstance(error, EngineBusyError) and error.retry_after is not None:
            wait = min(LONGEST_WAIT_SECONDS, wait_before_next(error, 0))
            self._quiet_until[job_id] = max(self._quiet_until.get(job_id, 0.0), now() + wait)

    def store(self, connection: Connection, results: Sequence[Answered | Refused]) -> None:
        """Stores results in one transaction; where one of them can't be stored, each in its own."""
        try:
            with write(connection):
                for result in results:
                    if isinstance(result, Answered):
                        self._store_answered(connection, result)
                    else:
                        self._store_refused(connection, result)
        except WorkspaceError:
            raise
        except Exception as error:
            if len(results) > 1:
                for result in results:
                    self.store(connection, [result])
                return
            log.exception("item %s of job %s", results[0].item.id, results[0].job.id)
            reason = f"The reply could not be stored ({type(error).__name__}); see the worker's log."
            with write(connection):
                jobs.fail_item(connection, results[0].item, reason)

    def _store_answered(self, connection: Connection, result: Answered) -> None:
        job, running, item, request, reply = result.job, result.running, result.item, result.request, result.reply
        if not jobs.finish_item(connection, item, result.call()):
            return
        self._tries.pop(item.id, None)
        self._waits.pop(item.id, None)
        self._in_a_row.pop(job.id, None)
        if job.id in self._waiting:
            self._waiting.discard(job.id)
            jobs.set_note(connection, job.id, "")
        pipeline.store_reply(connection, job, running, item, request, reply)

    def _store_refused(self, connection: Connection, result: Refused) -> None:
        """Stores what a failed call means for itself and for its job; see `generation.engines.faults`."""
        job, item, error = result.job, result.item, result.error
        if error.usage.input_tokens or error.usage.output_tokens:
            dollars = _nanodollars(job, "", error.usage)
            jobs.add_taken(connection, job.id, error.usage.input_tokens, error.usage.output_tokens, dollars)
        if isinstance(error, EngineUnusableError):
            if jobs.postpone_item(connection, item, str(error), 0.0, reply=error.reply):
                self._pause(connection, job, str(error))
        elif is_asked_to_wait(error):
            self._wait(connection, job, item, error)
        else:
            self._try_again(connection, job, item, error)

    def _try_again(self, connection: Connection, job: Job, item: WorkItem, error: EngineError) -> None:
        """Gives a call back to be tried later, or ends it; whatever it is, too many in a row pause the job."""
        now_job = jobs.get_job(connection, job.id)
        if now_job is not None and now_job.state == "paused":
            # It was under way when the job paused, perhaps for the same reason: it is made again when that goes on.
            jobs.postpone_item(connection, item, str(error), 0.0, reply=error.reply)
            return
        self._tries[item.id] += 1
        ends = is_over(error, self._tries[item.id])
        if ends:
            self._tries.pop(item.id, None)
            mine = jobs.fail_item(connection, item, str(error), error.reply)
        else:
            mine = self._postpone(connection, job, item, error)
        if not mine or not (ends or error.kind == "broken reply"):
            return
        self._in_a_row[job.id] += 1
        now_job = jobs.get_job(connection, job.id)
        limit = job.limits.failures_in_a_row or FAILURES_IN_A_ROW
        # A job of few calls may never see so many failures; those that are tried again are not over yet.
        if now_job is not None and self._in_a_row[job.id] >= (min(limit, now_job.items) if ends else limit):
            self._pause(connection, job, _all_failed(now_job, self._in_a_row[job.id], str(error)))

    def _wait(self, connection: Connection, job: Job, item: WorkItem, error: EngineError) -> None:
        """Tries a call again when its server said; a server that says tomorrow pauses the job."""
        assert isinstance(error, EngineBusyError)
        self._waits[item.id] += 1
        assert error.retry_after is not None
        if error.retry_after <= LONGEST_WAIT_SECONDS:
            self._postpone(connection, job, item, error)
        elif jobs.postpone_item(connection, item, str(error), 0.0, reply=error.reply):
            hours = error.retry_after / 3600
            self._pause(connection, job, f"The server asks to wait {hours:,.1f} hours. {error}")

    def _postpone(self, connection: Connection, job: Job, item: WorkItem, error: EngineError) -> bool:
        """Tries a call again later; asked to wait, the whole job does, and says so. Whether it was ours to give."""
        wait = wait_before_next(error, self._tries[item.id] or self._waits[item.id])
        if not jobs.postpone_item(connection, item, str(error), now() + wait, reply=error.reply):
            return False
        self._waiting.add(job.id)
        jobs.set_note(connection, job.id, f"waiting {wait:.0f} s: {error}")
        return True

    def _pause(self, connection: Connection, job: Job, sentence: str) -> None:
        self._in_a_row.pop(job.id, None)
        self._quiet_until.pop(job.id, None)
        pause(connection, job.id, sentence)


def pause(connection: Connection, job_id: int, sentence: str) -> None:
    """Pauses a job with the reason, unless a person has stopped it already; within a write transaction."""
    job = jobs.get_job(connection, job_id)
    if job is not None and job.state in jobs.GOING:
        jobs.set_state(connection, job_id, "paused", sentence)


def _all_failed(job: Job, times: int, sentence: str) -> str:
    """Returns why a job pauses whose calls fail one after the other, and how it goes on."""
    what = "No call has succeeded" if job.items_done == 0 else f"{times} calls in a row have failed"
    again = f"; `evalwright jobs retry {job.id}` makes the failed calls again" if job.items_failed else ""
    return f"{what}: {sentence.rstrip('.')}{again}."
