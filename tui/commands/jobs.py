"""`evalwright jobs`."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from db import jobs as rows
from db.errors import InputError
from db.records import Job
from db.workspace import open_workspace
from tui.console import print_json, print_table, tell


@click.command("jobs")
@click.argument("action", default="list", type=click.Choice(["list", "pause", "resume", "cancel", "retry"]))
@click.argument("job", type=int, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def jobs_command(workspace: Path, action: str, job: int | None, *, as_json: bool) -> int:
    """List jobs, or pause, resume, cancel or retry one.

    What is in flight when a job is paused or cancelled is still stored: it is paid for.
    """
    from generation.jobs import move_job, retry_job
    from generation.supervisor import worker_needed

    connection = open_workspace(workspace, create=False)
    if action == "list":
        idle = "no worker runs; open the app or run `evalwright worker`" if worker_needed(connection) else ""
        _list([_with_note(found, idle) for found in rows.all_jobs(connection)], as_json=as_json)
        return 0
    if job is None:
        raise InputError(f"Which job? `evalwright jobs` lists them; then `evalwright jobs {action} JOB`.")
    if action == "retry":
        tell(f"Job {job}: {retry_job(connection, job)} failed calls will be made again.")
    else:
        tell(f"Job {job} is {move_job(connection, job, action).state}.")
    return 0


def _with_note(job: Job, idle: str) -> Job:
    """Says of a job that waits for a worker why nothing happens."""
    return replace(job, note=idle) if idle and not job.note and job.state in {"queued", "running"} else job


def _list(jobs: list[Job], *, as_json: bool) -> None:
    if as_json:
        print_json([_plain(job) for job in jobs])
        return
    headings = ["job", "dataset", "state", "round", "selected", "candidates", "calls", "failed", "tokens", "note"]
    print_table(headings, [_row(job) for job in jobs])


def _plain(job: Job) -> dict[str, Any]:
    return asdict(job)


def _row(job: Job) -> list[str]:
    return [
        str(job.id),
        job.dataset,
        job.state,
        f"{job.round} of {job.rounds}",
        f"{job.selected} of {job.count}",
        f"{job.candidates:,}",
        f"{job.items_done:,} of {job.items:,}",
        str(job.items_failed),
        f"{job.input_tokens + job.output_tokens:,}",
        job.note,
    ]
