"""`evalwright jobs`."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from db import jobs as rows
from db.connection import Connection
from db.errors import InputError
from db.records import NO_LIMITS, Job
from db.workspace import open_workspace
from generation.figures import JobFigures, job_figures
from tui.amounts import duration, money
from tui.commands.limits import limit_options, limits_of
from tui.console import print_json, print_table, say, tell


@click.command("jobs")
@click.argument("action", default="list", type=click.Choice(["list", "pause", "resume", "cancel", "retry"]))
@click.argument("job", type=int, required=False)
@limit_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def jobs_command(workspace: Path, /, action: str, job: int | None, *, as_json: bool, **limits: Any) -> int:
    """List jobs (one of them with its last errors), or pause, resume, cancel or retry one.

    What is in flight when a job is paused or cancelled is still stored: it is paid for. `resume` may give a job other
    limits, such as a bigger budget.
    """
    from generation.jobs import find_job, move_job, retry_job, widen
    from generation.supervisor import worker_needed

    given = limits_of(limits)
    if given != NO_LIMITS and action != "resume":
        raise InputError(f"Limits can't be given with `{action}`; `evalwright jobs resume JOB` takes them.")
    connection = open_workspace(workspace, create=False)
    if action == "list":
        idle = "no worker runs; open the app or run `evalwright worker`" if worker_needed(connection) else ""
        found = rows.all_jobs(connection) if job is None else [find_job(connection, job)]
        _list(connection, [_with_note(each, idle) for each in found], as_json=as_json, in_full=job is not None)
        return 0
    if job is None:
        raise InputError(f"Which job? `evalwright jobs` lists them; then `evalwright jobs {action} JOB`.")
    if action == "retry":
        tell(f"Job {job}: {retry_job(connection, job)} failed calls will be made again.")
        return 0
    if given != NO_LIMITS:
        widen(connection, job, given)
    tell(f"Job {job} is {move_job(connection, job, action).state}.")
    return 0


def _with_note(job: Job, idle: str) -> Job:
    """Says of a job that waits for a worker why nothing happens."""
    return replace(job, note=idle) if idle and not job.note and job.state in {"queued", "running"} else job


def _list(connection: Connection, jobs: list[Job], *, as_json: bool, in_full: bool) -> None:
    figures = [job_figures(connection, job) for job in jobs]
    if as_json:
        print_json([_plain(job, each) for job, each in zip(jobs, figures, strict=True)])
        return
    headings = ["job", "dataset", "state", "round", "selected", "calls", "failed", "tokens", "cost", "left", "note"]
    print_table(headings, [_row(job, each) for job, each in zip(jobs, figures, strict=True)])
    if in_full:
        for error in figures[0].errors:
            say(f"! {error.stage}{f', {error.times} x' if error.times > 1 else ''}: {error.error}")
            if error.reply:
                say(f"  reply: {error.reply}")


def _plain(job: Job, figures: JobFigures) -> dict[str, Any]:
    budget = job.limits.budget_usd
    limits = {**asdict(job.limits), "budget_usd": None if budget is None else float(budget)}
    cost = None if job.unpriced_calls else float(job.cost_usd)
    return {**asdict(job), "limits": limits, "cost_usd": cost, "figures": asdict(figures)}


def _row(job: Job, figures: JobFigures) -> list[str]:
    return [
        str(job.id),
        job.dataset,
        job.state,
        f"{job.round} of {job.rounds}",
        f"{job.selected} of {job.count}",
        f"{job.items_done:,} of {job.items:,}",
        str(job.items_failed),
        f"{job.input_tokens + job.output_tokens:,}",
        "-" if job.engine == "local" else money(job).split(":")[0],
        "-" if figures.seconds_left is None else duration(figures.seconds_left),
        job.note,
    ]
