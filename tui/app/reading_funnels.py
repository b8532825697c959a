"""What the screens of one dataset and of a job's funnel show, read like what `tui.app.reading` reads.

A module of its own, because the funnel needs all that writes examples, and a validator shall not wait for that.
"""

from __future__ import annotations

from dataclasses import dataclass

from db import annotators, assignment, datasets, decisions
from db.decisions import StoredRelease
from db.job_records import Job
from db.records import Dataset, DatasetCounts, Progress
from db.store.connection import Connection
from generation.jobs.funnel import Funnel, read_funnel
from generation.jobs.jobs import find_job
from review.datasets.find_and_close import find
from tui.app.reading import last_job


@dataclass(frozen=True)
class JobFunnel:
    """A job, and what became of its candidates."""

    job: Job
    funnel: Funnel


@dataclass(frozen=True)
class DatasetPage:
    """One dataset: its counters, its last job with the funnel, what each annotator has done, and its newest release."""

    dataset: Dataset
    counts: DatasetCounts
    written: JobFunnel | None
    annotators: tuple[tuple[str, Progress], ...]
    excluded: dict[str, str]
    shipped: StoredRelease | None


def read_dataset(connection: Connection, name: str, before: JobFunnel | None = None) -> DatasetPage:
    """Reads one dataset; the funnel only where its job has moved since it was read `before`.

    Raises:
        InputError: if there is none of that name.
    """
    dataset = find(connection, name)
    job = last_job(connection, dataset)
    names = annotators.names(connection)
    done = [(names[key], assignment.progress(connection, dataset.id, key)) for key in sorted(names)]
    return DatasetPage(
        dataset,
        datasets.counts(connection, dataset.id),
        _funnel(connection, job, before) if job else None,
        tuple((name, progress) for name, progress in done if progress != Progress(0, 0)),
        {names[key]: reason for key, reason in annotators.excluded(connection).items()},
        decisions.last_release(connection, dataset.id),
    )


def read_job_funnel(connection: Connection, job_id: int, before: JobFunnel | None = None) -> JobFunnel:
    """Reads what became of a job's candidates, anew only where the job has moved since it was read `before`.

    Raises:
        InputError: if there is no such job.
    """
    return _funnel(connection, find_job(connection, job_id), before)


def _funnel(connection: Connection, job: Job, before: JobFunnel | None) -> JobFunnel:
    if before is not None and before.job == job:
        return before
    return JobFunnel(job, read_funnel(connection, job.id))
