"""`evalwright generate`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from db import jobs as rows
from db.connection import Connection
from db.records import Job
from db.workspace import open_workspace
from tui.commands.limits import limit_options, limits_of
from tui.console import say, tell
from tui.progress import Bar

WATCH_SECONDS = 0.5
ENGINE_HELP = "local, anthropic, anthropic-batches (half the price) or openai-compatible."


@click.command("generate")
@click.argument("behaviors", nargs=-1, required=True, metavar="BEHAVIOR.toml...", type=click.Path(path_type=Path))
@click.option("--recipe", help="A recipe's name, or a .toml file; default: the behaviour file's.")
@click.option("--engine", default="local", show_default=True, help=ENGINE_HELP)
@click.option("--model", default="", help="A model id, or for local a path; default: the engine's.")
@click.option("--count", default=100, show_default=True, help="Examples to select, all labels together.")
@click.option("--rounds", default=5, show_default=True, help="Rounds of selection; each can be reviewed at once.")
@limit_options
@click.option("--detach", is_flag=True, help="Queue the jobs and leave them to the app or to `evalwright worker`.")
@click.option("--keep-open", is_flag=True, help="Leave the dataset open when the job is done.")
@click.pass_obj
def generate_command(
    workspace: Path,
    /,
    behaviors: tuple[Path, ...],
    recipe: str | None,
    engine: str,
    model: str,
    count: int,
    rounds: int,
    *,
    detach: bool,
    keep_open: bool,
    **limits: Any,
) -> int:
    """Let a model write a dataset for each behaviour file, and wait until it is done.

    Interrupted, it goes on where it was: with `evalwright worker`, or in the app.
    """
    from generation.engines.registry import checked_model
    from generation.jobs import Wanted, create_jobs
    from generation.orders import load_order

    orders = [load_order(path, recipe) for path in behaviors]
    model = checked_model(engine, model)
    connection = open_workspace(workspace)
    wanted = Wanted(engine, model, count, rounds, keep_open, limits=limits_of(limits))
    jobs = create_jobs(connection, orders, wanted)
    for job in jobs:
        if job.count != count:
            tell(f"{count} can't be shared evenly between the labels; {job.count} examples will be selected.")
    if detach:
        for job in jobs:
            tell(f"Job {job.id} is queued for {job.dataset}; the app or `evalwright worker` runs it.")
        return 0
    try:
        done = [watch(connection, workspace, job.id) for job in jobs]
    except KeyboardInterrupt:
        tell("Stopped; what is written is kept, and `evalwright worker` or the app goes on.")
        raise
    for job in done:
        say(f"{job.dataset}: {job.selected} examples{f' ({job.note})' if job.note else ''}")
    return 0 if all(job.state == "done" for job in done) else 2


def watch(connection: Connection, workspace: Path, job_id: int) -> Job:
    """Waits until a job is over or paused, showing how far it is; starts the worker where none lives."""
    from generation.jobs import find_job
    from generation.supervisor import WorkerChild

    worker = WorkerChild(workspace)
    job = find_job(connection, job_id)
    try:
        with Bar(f"writing {job.dataset}", "examples") as bar:
            while not job.finished and job.state != "paused":
                worker.ensure(connection)
                if job.note:
                    bar.say(job.note)
                else:
                    bar.update(job.selected, job.count)
                time.sleep(WATCH_SECONDS)
                job = find_job(connection, job_id)
    finally:
        worker.stop()
    if job.state != "done":
        tell(f"evalwright: job {job.id} is {job.state}: {job.note or 'stopped by hand'}")
    return rows.get_job(connection, job_id) or job
