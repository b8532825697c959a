"""Which jobs a worker runs: all, where a person started it; else its user's own; none whose engine has no key here."""

from __future__ import annotations

import time
from typing import Any

from db import jobs
from db.job_records import Job, JobTexts
from db.store.connection import Connection, snapshot
from generation.jobs import consent

LOOK_AGAIN_SECONDS = 60.0
"""How long a job is left alone whose engine has no key: some come from a file, which may be there by then."""

ASK_AGAIN_SECONDS = 1.0
"""How often is looked whether the user has agreed to a job meanwhile."""


class Allowed:
    """What one worker may run, as far as it knows; used on the database thread, but for `leave` and `left_any`."""

    def __init__(self, *, own_only: bool) -> None:
        self._own_only = own_only
        self._agreed: dict[int, tuple[Any, ...]] = {}
        self._asked_at: dict[int, float] = {}
        self._left_at: dict[int, float] = {}

    def leave(self, job: Job) -> None:
        """Leaves a job alone for a while."""
        self._left_at[job.id] = time.monotonic()

    @property
    def left_any(self) -> bool:
        """Whether a job was left alone."""
        return bool(self._left_at)

    def runs(self, connection: Connection, job: Job) -> bool:
        """Whether a job is this worker's to run, as it was read just now."""
        now = time.monotonic()
        if now < self._left_at.get(job.id, -LOOK_AGAIN_SECONDS) + LOOK_AGAIN_SECONDS:
            return False
        if not self._own_only or self._agreed.get(job.id) == _wanted(job):
            return True
        if now < self._asked_at.get(job.id, -ASK_AGAIN_SECONDS) + ASK_AGAIN_SECONDS:
            return False
        self._asked_at[job.id] = now
        return self.texts(connection, job) is not None

    def texts(self, connection: Connection, job: Job) -> JobTexts | None:
        """Returns what a job was made from, or None if that, or the job as it was read, isn't the user's own."""
        with snapshot(connection):  # What is looked at here is what is run.
            if self._own_only:
                now = jobs.get_job(connection, job.id)
                same = now is not None and _wanted(now) == _wanted(job)
                if not same or not consent.has_agreed(connection, job.id):
                    self._agreed.pop(job.id, None)
                    return None
                self._agreed[job.id] = _wanted(job)
            return jobs.job_texts(connection, job.id)


def _wanted(job: Job) -> tuple[Any, ...]:
    """Returns what of a job the user has agreed to, apart from its texts."""
    return (job.created_at, job.engine, job.model, job.count, job.rounds, job.seed, job.keep_open, job.limits)
