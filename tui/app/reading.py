"""What the screens show, read from the workspace: each one a cheap look on the looking thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from db import annotators, assignment, datasets, disclosures, jobs
from db.job_records import Job
from db.packet_file import read_facts
from db.records import Dataset, DatasetCounts, Progress
from db.store.connection import Connection
from generation.jobs.consent import waits_for
from review.assignment.allowed import barred
from review.datasets.overview import DatasetOverview, overview

RECENT_JOBS = 3
"""How many finished jobs the list still shows."""


@dataclass(frozen=True)
class HomePage:
    """The datasets with this validator's progress in each, and the jobs, those that move first."""

    datasets: tuple[DatasetOverview, ...]
    progress: dict[str, Progress]
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class ReviewStatus:
    """Where the review of a dataset stands.

    Attributes:
        disclosed: Whether this validator has looked at its answers, and so isn't asked any more.
        barred: Why this validator is asked nothing more, as a sentence; empty if they are.
        packet: Whether this is a packet's file.
    """

    counts: DatasetCounts
    progress: Progress
    job: Job | None
    disclosed: bool = False
    barred: str = ""
    packet: bool = False

    @property
    def without_figures(self) -> tuple[ReviewStatus, str]:
        """The same without the job's figures, which move all the time: a change means there may be an example now."""
        return replace(self, job=None), "" if self.job is None else self.job.state

    @property
    def writing(self) -> bool:
        """Whether a job is still adding examples."""
        return self.job is not None and self.job.state in {"queued", "running"}

    @property
    def waiting(self) -> int:
        """At most how many examples wait for this validator."""
        seen = self.progress.answered + self.progress.skipped
        return max(0, min(self.counts.examples - seen, self.counts.examples - self.counts.settled))


def read_home(connection: Connection, annotator: str) -> HomePage:
    """Reads the list of datasets."""
    lines = overview(connection)
    return HomePage(tuple(lines), _own_progress(connection, annotator), _shown_jobs(read_jobs(connection)))


def read_review_status(connection: Connection, dataset: Dataset, annotator_id: int) -> ReviewStatus:
    """Reads where the review of a dataset stands for a validator."""
    return ReviewStatus(
        datasets.counts(connection, dataset.id),
        assignment.progress(connection, dataset.id, annotator_id),
        last_job(connection, dataset),
        disclosures.has_seen(connection, annotator_id, dataset.id),
        barred(connection, dataset, annotator_id),
        read_facts(connection) is not None,
    )


def read_jobs(connection: Connection) -> tuple[Job, ...]:
    """Reads every job, those that move first, each newest first; of somebody else's the note says that it waits."""
    found = sorted(jobs.all_jobs(connection), key=lambda job: (job.finished, -job.id))
    return tuple(_as_it_stands(connection, job) for job in found)


def _as_it_stands(connection: Connection, job: Job) -> Job:
    others = waits_for(connection, job)
    if not others:
        return job
    return replace(job, state="waiting", note=job.note or f"{others} (y in the jobs)")


def _own_progress(connection: Connection, annotator: str) -> dict[str, Progress]:
    keys = [key for key, name in annotators.names(connection).items() if name == annotator]
    if not keys:
        return {}
    return {
        dataset.name: assignment.progress(connection, dataset.id, keys[0])
        for dataset in datasets.all_datasets(connection)
    }


def _shown_jobs(found: Sequence[Job]) -> tuple[Job, ...]:
    """Returns the jobs that may still move and the last few that are over, from jobs in the order of `read_jobs`."""
    return (*(job for job in found if not job.finished), *[job for job in found if job.finished][:RECENT_JOBS])


def last_job(connection: Connection, dataset: Dataset) -> Job | None:
    """Returns the newest job that writes a dataset, or None."""
    of_dataset = [job for job in jobs.all_jobs(connection) if job.dataset_id == dataset.id]
    return of_dataset[-1] if of_dataset else None
