"""`evalwright generate`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from db import jobs as rows
from db.job_records import Job
from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.text.json import fields_of
from tui.cli.console import print_json, say, tell
from tui.cli.limits import limit_options, limits_of
from tui.cli.progress import Bar
from tui.presentation.job_words import progress_words

if TYPE_CHECKING:
    from generation.jobs.jobs import Wanted
    from generation.recipes.order import Order

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
@click.option(
    "--preview",
    "sampled",
    type=click.IntRange(1, 200),
    metavar="K",
    help="Only show K candidates and what each stage says of them.",
)
@click.option("--dry-run", is_flag=True, help="Only say about how much the jobs would take, and at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
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
    sampled: int | None,
    dry_run: bool,
    as_json: bool,
    detach: bool,
    keep_open: bool,
    **limits: Any,
) -> int:
    """Let a model write a dataset for each behaviour file, and wait until it is done.

    Interrupted, it goes on where it was: with `evalwright worker`, or in the app. With --preview or --dry-run nothing
    is stored.
    """
    from generation.engines.registry import checked_model
    from generation.jobs.jobs import Wanted, create_jobs
    from generation.recipes.order import load_order
    from generation.trials.comprehension import check_hand_written

    orders = [load_order(path, recipe) for path in behaviors]
    model = checked_model(engine, model)
    if sampled is not None:
        from tui.cli.preview import show_previews

        show_previews(orders, engine, model, sampled, limits_of(limits), as_json=as_json)
        return 0
    for order in orders:
        check_hand_written(order)
    wanted = Wanted(engine, model, count, rounds, keep_open, limits=limits_of(limits))
    if dry_run:
        show_estimates(workspace, orders, wanted, as_json=as_json)
        return 0
    connection = open_workspace(workspace)
    if not detach:
        say_comprehension(orders, engine, model)
    jobs = create_jobs(connection, orders, wanted)
    for job in jobs:
        if job.count != count:
            tell(f"{count} can't be shared evenly between the labels; {job.count} examples will be selected.")
    if engine != "local":
        say_estimates(orders, jobs)
    if detach:
        for job in jobs:
            tell(f"Job {job.id} is queued for {job.dataset}; the app or `evalwright worker` runs it.")
        if as_json:
            _print(jobs, as_json=True)
        return 0
    try:
        done = [watch(connection, workspace, job.id) for job in jobs]
    except KeyboardInterrupt:
        tell("Stopped; what is written is kept, and `evalwright worker` or the app goes on.")
        raise
    _print(done, as_json=as_json)
    if all(job.state in {"done", "short"} for job in done):
        return int(any(job.state == "short" for job in done))
    return 2


def _print(jobs: Sequence[Job], *, as_json: bool) -> None:
    if as_json:
        print_json([{"job": job.id, **fields_of(job)} for job in jobs])
        return
    for job in jobs:
        say(f"{job.dataset}: {job.selected} examples{f' ({job.note})' if job.note else ''}")


def say_estimates(orders: Sequence[Order], jobs: Sequence[Job]) -> None:
    """Says what jobs will take, about and at most, before they begin; the server is asked, for a few seconds."""
    from generation.jobs.estimate import estimate

    for order, job in zip(orders, jobs, strict=True):
        with Bar(f"counting the prompts of {job.dataset}", "prompts"):
            found = estimate(
                order,
                engine=job.engine,
                model=job.model,
                count=job.count,
                rounds=job.rounds,
                limits=job.limits,
                seed=job.seed,
                ask=True,
            )
        tell(f"{job.dataset}: {found.sentence}")


def show_estimates(workspace: Path, orders: Sequence[Order], wanted: Wanted, *, as_json: bool) -> None:
    """Prints what jobs would take; nothing is asked, and nothing is stored, not even a workspace where there is none.

    Raises:
        InputError: as if the jobs were made.
    """
    from generation.jobs.estimate import estimate
    from generation.jobs.jobs import check_jobs

    with TemporaryDirectory(prefix="evalwright-dry-run-") as folder:
        connection = open_workspace(workspace if workspace.exists() else Path(folder) / "none.db")
        check_jobs(connection, orders, wanted)
        connection.close()
    found = [
        estimate(
            order,
            engine=wanted.engine,
            model=wanted.model,
            count=wanted.count,
            rounds=wanted.rounds,
            limits=wanted.limits,
        )
        for order in orders
    ]
    if as_json:
        print_json(found)
        return
    for one in found:
        say(f"{one.name}: {one.sentence}")


def say_comprehension(orders: Sequence[Order], engine: str, model: str) -> None:
    """Says what the discriminator makes of the authors' own examples, before anything is asked for in bulk."""
    from generation.trials.comprehension import comprehend

    for order in orders:
        if order.behavior.hand_written:
            with Bar(f"trying {order.behavior.name} on your own examples", "calls") as bar:
                found = asyncio.run(comprehend(order, engine=engine, model=model, tell=bar.say))
            if found is not None:
                tell(f"{order.behavior.name}: {found.sentence}")


def watch(connection: Connection, workspace: Path, job_id: int) -> Job:
    """Waits until a job is over or paused, showing how far it is; starts the worker where none lives."""
    from generation.jobs.jobs import find_job, ways_on
    from generation.worker.supervisor import WorkerChild

    worker = WorkerChild(workspace)
    job = find_job(connection, job_id)
    try:
        with Bar(f"writing {job.dataset}", "examples") as bar:
            while not job.finished and job.state != "paused":
                worker.ensure(connection)
                if worker.has_left(connection, job_id):
                    break
                if job.note:
                    bar.say(job.note)
                else:
                    waits = "waiting for the worker" if job.state == "queued" else ", ".join(progress_words(job))
                    bar.update(job.selected, job.count, doing=waits)
                time.sleep(WATCH_SECONDS)
                job = find_job(connection, job_id)
    finally:
        worker.stop()
    job = find_job(connection, job_id)
    if job.state != "done":
        tell(f"evalwright: job {job.id} is {job.state}: {job.note or 'stopped by hand'}")
    for way in ways_on(job):
        tell(f"To go on: {way}")
    if job.state in rows.GOING:
        tell("To go on: `evalwright worker` or the app, where the engine has a key.")
    return rows.get_job(connection, job_id) or job
