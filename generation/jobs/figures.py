"""The figures of a job that its screen and `evalwright jobs` show: how fast, for how much, how long still."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from db.job_figures import BatchFigures, RecentFailure, batch_figures, last_errors, recent_calls
from db.job_records import Job
from db.store.connection import Connection

WINDOW_SECONDS = 60.0
CALLS_LOOKED_AT = 500
ERRORS = 5


@dataclass(frozen=True)
class JobFigures:
    """What is known of a job at one moment.

    Attributes:
        calls_a_minute: Calls stored in the last minute, or None if there was none.
        tokens_a_minute: Tokens read and written by them.
        calls_expected: Calls of the whole job, if the rounds to come need as many as those so far; None before any.
        seconds_passed: Since the job began, until it ended or now; None before it has begun.
        seconds_left: Until the job is done at this pace, or None where there is no pace.
        dollars_expected: What the whole job costs, if later calls cost what those so far did; None where a price is
            unknown or nothing was paid.
        batches: The batches of the job.
        errors: The last ones, newest first.
    """

    calls_a_minute: float | None
    tokens_a_minute: float | None
    calls_expected: int | None
    seconds_passed: float | None
    seconds_left: float | None
    dollars_expected: float | None
    batches: BatchFigures
    errors: tuple[RecentFailure, ...]


def job_figures(connection: Connection, job: Job) -> JobFigures:
    """Returns the figures of a job; cheap, however many calls it has made."""
    calls, tokens = _pace(connection, job)
    expected = _expected(job)
    left = None if expected is None else max(0, expected - job.items_done - job.items_failed)
    seconds = 60 * left / calls if left is not None and calls and not job.finished else None
    dollars = None
    if expected and job.items_done and job.cost_nanodollars and not job.unpriced_calls:
        dollars = float(job.cost_usd) * expected / job.items_done
    return JobFigures(
        calls,
        tokens,
        expected,
        _passed(job),
        seconds,
        dollars,
        batch_figures(connection, job.id),
        tuple(last_errors(connection, job.id, ERRORS)),
    )


def _pace(connection: Connection, job: Job) -> tuple[float | None, float | None]:
    """Returns calls and tokens a minute, over the last minute or the newest calls of it."""
    now = time.time()
    recent = [call for call in recent_calls(connection, job.id, CALLS_LOOKED_AT) if call[0] > now - WINDOW_SECONDS]
    if not recent:
        return None, None
    # Less than the whole minute only where there are more calls in it than were looked at.
    seconds = WINDOW_SECONDS if len(recent) < CALLS_LOOKED_AT else max(0.1, now - recent[-1][0])
    return 60 * len(recent) / seconds, 60 * sum(tokens for _, tokens in recent) / seconds


def _passed(job: Job) -> float | None:
    if job.started_at is None:
        return None
    end = time.time() if job.finished_at is None else datetime.fromisoformat(job.finished_at).timestamp()
    return max(0.0, end - datetime.fromisoformat(job.started_at).timestamp())


def _expected(job: Job) -> int | None:
    if job.finished:
        return job.items
    return round(job.items * job.rounds / job.round) if job.round and job.items else None
