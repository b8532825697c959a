"""How far a job is, in words that screens and commands share."""

from __future__ import annotations

from db import jobs
from db.errors import EvalwrightError
from db.job_records import Job
from db.store.connection import Connection
from generation.jobs.consent import order_name, whose
from generation.jobs.jobs import waiting_job
from tui.presentation.text import visible


def progress_words(job: Job) -> list[str]:
    """Returns the round that a job is in, and how many of the calls that are known to be needed so far are made."""
    calls = [f"{job.items_done:,} of {job.items:,} calls"] if job.items and not job.finished else []
    if calls and job.state == "running" and not job.items_done + job.items_failed:
        calls = [f"the first of {job.items:,} calls is under way"]
    return [f"round {job.round:,} of {job.rounds:,}", *calls]


def asks_to_run(connection: Connection, job_id: int) -> tuple[str, str]:
    """Returns what a yes to somebody else's job is to, and what a person is told before they say it.

    Raises:
        InputError: if the job doesn't wait for somebody else's worker.
    """
    job = waiting_job(connection, job_id)
    seen, takes = order_name(connection, job_id), _what_it_takes(connection, job)
    # Asked of the environment, not of the workspace: an engine's address never stands there.
    from generation.engines.registry import asked_at

    address = asked_at(job.engine)
    where = f"at {address}, with your key" if address else "on this machine"
    text = (
        f"Job {job.id} of {job.dataset} was {whose(job)}. Your worker "
        f"would run {' '.join(part for part in (job.engine, job.model) if part)} {where}. It takes {takes}."
    )
    return seen, visible(text, one_line=True)


def _what_it_takes(connection: Connection, job: Job) -> str:
    from generation.jobs.estimate import estimate
    from generation.recipes.behaviors import parse_behavior
    from generation.recipes.order import Order
    from generation.recipes.recipe import parse_recipe

    texts = jobs.job_texts(connection, job.id)
    try:
        behavior = parse_behavior(f"the behaviour of job {job.id}", texts.behavior)
        order = Order(behavior, parse_recipe(f"the recipe of job {job.id}", texts.recipe), texts.inputs)
        found = estimate(
            order,
            engine=job.engine,
            model=job.model,
            count=job.count,
            rounds=job.rounds,
            limits=job.limits,
            seed=job.seed,
        )
    except EvalwrightError as error:
        return f"nobody knows how much ({error})"
    return found.sentence
