"""How far a job is, in words that screens and commands share."""

from __future__ import annotations

from db.job_records import Job


def progress_words(job: Job) -> list[str]:
    """Returns the round that a job is in, and how many of the calls that are known to be needed so far are made."""
    calls = [f"{job.items_done:,} of {job.items:,} calls"] if job.items and not job.finished else []
    if calls and job.state == "running" and not job.items_done + job.items_failed:
        calls = [f"the first of {job.items:,} calls is under way"]
    return [f"round {job.round:,} of {job.rounds:,}", *calls]
