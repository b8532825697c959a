"""Making and steering jobs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db import datasets
from db import jobs as rows
from db.connection import Connection, write
from db.errors import InputError
from db.records import NO_LIMITS, Job, JobState, Limits
from generation.behaviors import Behavior
from generation.engines.registry import check_sampling, model_for
from generation.limits import check_limits, merged
from generation.recipes import Recipe, load_recipe

DEFAULT_COUNT = 100
DEFAULT_ROUNDS = 5
MOST = 1_000_000
"""The most examples that one job may be asked for."""

MOVES: dict[str, tuple[tuple[JobState, ...], JobState]] = {
    "pause": (("queued", "running"), "paused"),
    "resume": (("paused",), "queued"),
    "cancel": (("queued", "running", "paused"), "cancelled"),
}
"""What may be done to a job: from which states, to which."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a job; see `create_job`."""

    engine: str
    model: str
    count: int
    rounds: int
    keep_open: bool
    seed: int | None = None
    limits: Limits = NO_LIMITS


def recipe_for(behavior: Behavior, name: str | None, beside: Path) -> Recipe:
    """Returns the recipe that a command names, or else the behaviour file."""
    if name is not None:
        return load_recipe(name)
    return load_recipe(behavior.recipe, beside)


def create_job(
    connection: Connection,
    behavior: Behavior,
    recipe: Recipe,
    *,
    engine: str,
    model: str = "",
    count: int = DEFAULT_COUNT,
    rounds: int = DEFAULT_ROUNDS,
    keep_open: bool = False,
    seed: int | None = None,
    limits: Limits = NO_LIMITS,
) -> Job:
    """Queues a job and makes the dataset that it fills.

    Args:
        connection: The workspace.
        behavior: What the dataset tests.
        recipe: How candidates are made; the job keeps its own copy of both.
        engine: An engine's name.
        model: A model id; "" is the engine's default.
        count: Examples to select, all labels together; at least one per label.
        rounds: In how many rounds; each round's choice is final and can be reviewed at once.
        keep_open: Whether the dataset stays open when the job is done.
        seed: What prompts, seeds and the review order are drawn from; drawn at random if None.
        limits: What the job may take, before what the behaviour file and the recipe say.

    Raises:
        InputError: if the name is taken, or a number or a name can't be.
    """
    wanted = Wanted(engine, model, count, rounds, keep_open, seed, limits)
    return create_jobs(connection, [(behavior, recipe)], wanted)[0]


def create_jobs(connection: Connection, chosen: Sequence[tuple[Behavior, Recipe]], wanted: Wanted) -> list[Job]:
    """Queues a job for each behaviour, or none at all if one of them can't be; see `create_job`."""
    for behavior, recipe in chosen:
        _check(wanted, behavior, recipe)
    with write(connection):
        job_ids = [_insert(connection, behavior, recipe, wanted) for behavior, recipe in chosen]
    return [find_job(connection, job_id) for job_id in job_ids]


def _check(wanted: Wanted, behavior: Behavior, recipe: Recipe) -> None:
    model = model_for(wanted.engine, wanted.model)
    stage = recipe.sample(wanted.engine)
    check_sampling(wanted.engine, recipe.name, stage.sampling, stage.reply)
    check_limits(_limits(wanted, behavior, recipe), wanted.engine, model)
    if not len(recipe.labels) <= wanted.count <= MOST:
        raise InputError(
            f"--count must be at least {len(recipe.labels)}, one example for each label of the recipe, "
            f"and at most {MOST:,}."
        )
    if wanted.rounds < 1:
        raise InputError("--rounds must be at least 1.")


def _limits(wanted: Wanted, behavior: Behavior, recipe: Recipe) -> Limits:
    return merged(wanted.limits, behavior.limits, recipe.limits)


def _way_out(connection: Connection, name: str) -> str:
    """Says how a name can be had again that a paused job without examples holds."""
    for job in rows.all_jobs(connection):
        if job.dataset == name and job.state == "paused":
            return f", go on with `evalwright jobs resume {job.id}`, or drop it with `evalwright jobs cancel {job.id}`"
    return ""


def _insert(connection: Connection, behavior: Behavior, recipe: Recipe, wanted: Wanted) -> int:
    if datasets.name_taken(connection, behavior.name):
        raise InputError(
            f"There is a dataset named {behavior.name} already; change `name` in the behaviour file to make another"
            f"{_way_out(connection, behavior.name)}."
        )
    seed = secrets.randbits(62) if wanted.seed is None else wanted.seed
    per_label = wanted.count // len(recipe.labels)
    dataset_id = datasets.insert_dataset(
        connection,
        name=behavior.name,
        behavior=behavior.description,
        guidelines=behavior.guidelines,
        kind=recipe.kind,
        origin=f"recipe {recipe.name}",
        seed=seed,
        closed=False,
        visible=True,
        questions=behavior.questions,
    )
    return rows.insert_job(
        connection,
        dataset_id=dataset_id,
        recipe=recipe.name,
        recipe_text=recipe.text,
        behavior_text=behavior.text,
        engine=wanted.engine,
        model=wanted.model,
        count=per_label * len(recipe.labels),
        rounds=min(wanted.rounds, per_label),
        seed=seed,
        keep_open=wanted.keep_open,
        limits=_limits(wanted, behavior, recipe),
    )


def find_job(connection: Connection, job_id: int) -> Job:
    """Returns a job.

    Raises:
        InputError: if there is none of that number.
    """
    job = rows.get_job(connection, job_id) if abs(job_id) < 2**63 else None
    if job is None:
        raise InputError(f"There is no job {job_id}; `evalwright jobs` lists them.")
    return job


def move_job(connection: Connection, job_id: int, move: str) -> Job:
    """Pauses, resumes or cancels a job; calls in flight are still stored.

    Raises:
        InputError: if the job is in a state from which that can't be done.
    """
    allowed, state = MOVES[move]
    with write(connection):
        job = find_job(connection, job_id)
        if job.state not in allowed:
            raise InputError(f"Job {job_id} is {job.state}: there is nothing to {move}.")
        rows.set_state(connection, job_id, state)
        if state == "cancelled":
            _end_dataset(connection, job)
    return find_job(connection, job_id)


def _end_dataset(connection: Connection, job: Job) -> None:
    """Closes the dataset of a cancelled job; one that never had an example gives its name back."""
    if datasets.counts(connection, job.dataset_id).examples == 0:
        datasets.hide(connection, job.dataset_id, f"{job.dataset} (cancelled, job {job.id})")
    elif not job.keep_open:
        datasets.close(connection, job.dataset_id)


def retry_job(connection: Connection, job_id: int) -> int:
    """Puts a job's failed calls back to be made again, and resumes it if it was paused; returns how many.

    Raises:
        InputError: if the job is over.
    """
    with write(connection):
        job = find_job(connection, job_id)
        if job.finished:
            raise InputError(f"Job {job_id} is {job.state}: its calls can't be made again.")
        retried = rows.retry_failed_items(connection, job_id)
        rows.set_state(connection, job_id, "queued" if job.state == "paused" else job.state)
    return retried
