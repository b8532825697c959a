"""`evalwright jobs`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from db import jobs as rows
from db.errors import InputError
from db.job_records import NO_LIMITS, Job
from db.store.connection import Connection
from db.store.workspace import open_workspace
from generation.jobs.consent import agree, waits_for
from generation.jobs.figures import JobFigures, job_figures
from review.annotation.own_name import user_name
from review.text.json import fields_of
from tui.app.start import name_given_before
from tui.cli.console import print_json, print_table, say, tell
from tui.cli.limits import limit_options, limits_of
from tui.presentation.amounts import duration, money

SHOWN = 100


@click.command("jobs")
@click.argument("action", default="list", type=click.Choice(["list", "funnel", "pause", "resume", "cancel", "retry"]))
@click.argument("job", type=int, required=False)
@limit_options
@click.option("--stage", help="funnel: show the candidates that stopped at this stage.")
@click.option("--reason", help="funnel: only those that stopped for this reason.")
@click.option("--candidate", type=int, help="funnel: show everything that is known of this candidate.")
@click.option("--limit", type=click.IntRange(min=1), help=f"funnel: show at most so many; default: {SHOWN}.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def jobs_command(workspace: Path, /, action: str, job: int | None, *, as_json: bool, **options: Any) -> int:
    """List jobs (one of them with its last errors), or pause, resume, cancel or retry one.

    What is in flight when a job is paused or cancelled is still stored: it is paid for. `resume` may give a job other
    limits, such as a bigger budget; a job that somebody else queued is then run by your worker too, with your keys.
    `funnel` shows what became of a job's candidates, stage by stage and one by one.
    """
    from generation.jobs.jobs import find_job, move_job, retry_job, widen
    from generation.worker.supervisor import worker_needed

    asked = {name: options.pop(name) for name in ("stage", "reason", "candidate", "limit")}
    given = limits_of(options)
    if given != NO_LIMITS and action != "resume":
        raise InputError(f"Limits can't be given with `{action}`; `evalwright jobs resume JOB` takes them.")
    if action != "funnel" and (wrong := [name for name, value in asked.items() if value is not None]):
        raise InputError(f"--{wrong[0]} can't be given with `{action}`; `evalwright jobs funnel JOB` takes it.")
    connection = open_workspace(workspace, create=False)
    if action == "list":
        idle = "no worker runs; open the app or run `evalwright worker`" if worker_needed(connection) else ""
        found = rows.all_jobs(connection) if job is None else [find_job(connection, job)]
        _list(
            connection,
            [_as_it_stands(connection, each, idle) for each in found],
            as_json=as_json,
            in_full=job is not None,
        )
        return 0
    if job is None:
        raise InputError(f"Which job? `evalwright jobs` lists them; then `evalwright jobs {action} JOB`.")
    if action == "funnel":
        _funnel(connection, find_job(connection, job), asked, as_json=as_json)
        return 0
    if action == "retry":
        tell(f"Job {job}: {retry_job(connection, job, said_yes=True)} failed calls will be made again.")
        return 0
    if given != NO_LIMITS:
        widen(connection, job, given)
    was = find_job(connection, job)
    if action == "resume" and waits_for(connection, was):
        agree(connection, job)
        tell(f"Job {job} is {was.state}; from now on your worker runs it too, with your keys.")
        return 0
    tell(f"Job {job} is {move_job(connection, job, action, said_yes=action == 'resume').state}.")
    if was.state == "short" and action == "resume":
        tell(f"{was.dataset} is open again; its evidence starts again on what is unanswered, if examples are added.")
    return 0


def _as_it_stands(connection: Connection, job: Job, idle: str) -> Job:
    """Returns a job; one that waits for a worker says so, and why nothing happens."""
    if job.state not in rows.GOING:
        return job
    others = waits_for(connection, job)
    why = f"{others} (`evalwright jobs resume {job.id}`)" if others else idle
    return replace(job, state="waiting", note=job.note or why) if why else job


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


def _funnel(connection: Connection, job: Job, asked: dict[str, Any], *, as_json: bool) -> None:
    from tui.cli.funnel import print_candidate, print_candidates, print_stages

    stage, reason, candidate, limit = asked.values()
    viewer = name_given_before() or user_name()
    if candidate is not None:
        if stage is not None or reason is not None or limit is not None:
            raise InputError("Give --candidate alone; it shows one candidate.")
        print_candidate(connection, job, candidate, viewer)
    elif stage is not None:
        print_candidates(connection, job, stage, reason, viewer, limit=limit or SHOWN, as_json=as_json)
    elif reason is not None or limit is not None:
        raise InputError("Which stage? --reason and --limit go with --stage NAME.")
    else:
        print_stages(connection, job, as_json=as_json)


def _plain(job: Job, figures: JobFigures) -> dict[str, Any]:
    cost = None if job.unpriced_calls else job.cost_usd
    return {"job": job.id, **fields_of(job), "cost_usd": cost, "figures": figures}


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
