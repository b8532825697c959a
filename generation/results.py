"""What came back from engines, and how it is stored: each call once, with all that follows from it."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from db import jobs
from db.clock import now
from db.connection import Connection, write
from db.errors import WorkspaceError
from db.job_records import Call, Job, WorkItem
from generation import pipeline
from generation.engines.prices import cost
from generation.engines.protocol import (
    EngineBusyError,
    EngineError,
    EngineUnusableError,
    Judgement,
    JudgeRequest,
    SampleReply,
    SampleRequest,
)
from generation.engines.registry import model_for
from generation.running import RunningJob

log = logging.getLogger("evalwright.worker")

ATTEMPTS = 8
"""How often a call is tried before its item counts as failed; being asked to wait is no try."""

BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 60.0

HOPELESS = 5
"""A job none of whose calls succeeded is paused after this many failures: most often a setting is wrong."""


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
            prompt=asdict(self.request),
            reply=asdict(self.reply),
            model=self.reply.model,
            input_tokens=self.reply.usage.input_tokens,
            output_tokens=self.reply.usage.output_tokens,
            seconds=self.seconds,
            cost_nanodollars=_nanodollars(self.job, self.reply),
        )


@dataclass(frozen=True)
class Refused:
    """A call that failed, not stored yet."""

    job: Job
    running: RunningJob
    item: WorkItem
    error: EngineError


def _nanodollars(job: Job, reply: SampleReply | Judgement) -> int | None:
    """Returns what a call cost, in billionths of a US dollar, rounded up; None where the price is unknown."""
    dollars = cost(job.engine, reply.model, reply.usage)
    if dollars is None:
        dollars = cost(job.engine, model_for(job.engine, job.model), reply.usage)
    return None if dollars is None else math.ceil(dollars * 10**9)


class ResultStore:
    """Stores results, and remembers what a worker needs to know of calls that failed: nothing that can't be lost."""

    def __init__(self) -> None:
        self._quiet_until: dict[int, float] = {}
        self._waiting: set[int] = set()
        self._tries: Counter[int] = Counter()

    def is_quiet(self, job_id: int) -> bool:
        """Whether a job's engine was asked to wait, and the time isn't over."""
        return self._quiet_until.get(job_id, 0.0) > now()

    def heed(self, job_id: int, error: EngineError) -> None:
        """Lets a job whose engine asks to wait begin no call until then; storing the failed call tells people."""
        if isinstance(error, EngineBusyError) and error.retry_after is not None:
            wait = max(error.retry_after, BACKOFF_SECONDS)
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
        if job.id in self._waiting:
            self._waiting.discard(job.id)
            jobs.set_note(connection, job.id, "")
        pipeline.store_reply(connection, job, running, item, request, reply)

    def _store_refused(self, connection: Connection, result: Refused) -> None:
        job, item, error = result.job, result.item, result.error
        sentence = str(error)
        if isinstance(error, EngineUnusableError):
            if jobs.postpone_item(connection, item, sentence, 0.0):
                pause(connection, job.id, sentence)
            return
        self._tries[item.id] += int(not _is_asked_to_wait(error))
        if isinstance(error, EngineBusyError) and self._tries[item.id] < ATTEMPTS:
            self._postpone(connection, job, item, error)
            return
        self._tries.pop(item.id, None)
        if jobs.fail_item(connection, item, sentence, error.reply):
            _pause_if_hopeless(connection, job.id, sentence)

    def _postpone(self, connection: Connection, job: Job, item: WorkItem, error: EngineBusyError) -> None:
        """Tries a call again later; asked to wait, the whole job does, and says so."""
        wait = min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2 ** self._tries[item.id])
        if error.retry_after is not None:
            wait = max(error.retry_after, BACKOFF_SECONDS)
        if jobs.postpone_item(connection, item, str(error), now() + wait, reply=error.reply):
            self._waiting.add(job.id)
            jobs.set_note(connection, job.id, f"waiting {wait:.0f} s: {error}")


def pause(connection: Connection, job_id: int, sentence: str) -> None:
    """Pauses a job with the reason, unless a person has stopped it already; within a write transaction."""
    job = jobs.get_job(connection, job_id)
    if job is not None and job.state in jobs.GOING:
        jobs.set_state(connection, job_id, "paused", sentence)


def _pause_if_hopeless(connection: Connection, job_id: int, sentence: str) -> None:
    job = jobs.get_job(connection, job_id)
    if job is not None and job.items_done == 0 and job.items_failed >= min(HOPELESS, job.items):
        pause(connection, job_id, f"No call has succeeded: {sentence}")


def _is_asked_to_wait(error: EngineError) -> bool:
    return isinstance(error, EngineBusyError) and error.retry_after is not None
