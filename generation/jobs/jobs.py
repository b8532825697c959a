"""Making and steering jobs."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from db import candidates, datasets, retries
from db import jobs as rows
from db.errors import InputError
from db.job_records import NO_LIMITS, Job, JobState, JobTexts, Limits
from db.names import nearly
from db.store.connection import Connection, write
from generation.engines.registry import check_sampling, model_for
from generation.jobs import consent
from generation.jobs.limits import check_limits, merged
from generation.jobs.rounds import redraws_allowed
from generation.recipes.behaviors import Behavior
from generation.recipes.inputs import Row
from generation.recipes.order import Order, check_wordings
from generation.recipes.recipe import Recipe, parse_recipe
from generation.recipes.stages import STAGES
from generation.recipes.stages.stage import REDRAWS_APART
from review.annotation.own_name import user_name
from review.assignment.gold import GoldRow
from review.assignment.settings import gold_of, store_changes
from review.datasets.find_and_close import close_now

DEFAULT_COUNT = 100
DEFAULT_ROUNDS = 5
MOST = 1_000_000
"""The most examples that one job may be asked for."""

MOVES: dict[str, tuple[tuple[JobState, ...], JobState]] = {
    "pause": (("queued", "running"), "paused"),
    "resume": (("paused", "short"), "queued"),
    "cancel": (("queued", "running", "paused", "short"), "cancelled"),
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
    inputs: Mapping[str, list[Row]] | None = None,
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
        seed: What prompts and seeds are drawn from; drawn at random if None. The review order never is.
        limits: What the job may take, before what the behaviour file and the recipe say.
        inputs: The rows of the recipe's inputs.

    Raises:
        InputError: if the name is taken, or a number or a name can't be.
    """
    wanted = Wanted(engine, model, count, rounds, keep_open, seed, limits)
    return create_jobs(connection, [Order(behavior, recipe, inputs or {})], wanted)[0]


def create_jobs(
    connection: Connection, orders: Sequence[Order], wanted: Wanted, *, agreed: bool = True
) -> list[Job]:  # fmt: skip
    """Queues a job for each order, or none at all if one of them can't be; see `create_job`.

    Who queues a job has agreed to it, unless `agreed` is false: then only a worker that is asked for runs it.
    """
    check_jobs(connection, orders, wanted)
    gold = [gold_of(order.behavior.assignment) for order in orders]
    with write(connection):
        _check_names(connection, orders)  # Again, since somebody may have taken one meanwhile.
        job_ids = [_insert(connection, order, wanted, each) for order, each in zip(orders, gold, strict=True)]
        for job_id in job_ids if agreed else []:
            consent.agree(connection, job_id)
    return [find_job(connection, job_id) for job_id in job_ids]


def check_jobs(connection: Connection, orders: Sequence[Order], wanted: Wanted) -> None:
    """Says what keeps jobs from being made, before anybody is asked whether to make them; see `create_job`.

    Raises:
        InputError: as `create_jobs` would.
    """
    for order in orders:
        _check(wanted, order.behavior, order.recipe)
    _check_names(connection, orders)


def _check_names(connection: Connection, orders: Sequence[Order]) -> None:
    names = [order.behavior.name for order in orders]
    for place, name in enumerate(names):
        if datasets.name_taken(connection, name):
            raise InputError(
                f"There is a dataset named {name} already; change `name` in the behaviour file to make another"
                f"{_way_out(connection, name)}."
            )
        datasets.refuse_nearly(connection, name)
        if nearly(name, names[:place]) is not None:
            raise InputError(f"Two of the files make a dataset named {name}; change `name` in one of them.")


def _check(wanted: Wanted, behavior: Behavior, recipe: Recipe) -> None:
    model = model_for(wanted.engine, wanted.model)
    for stage, sampling, reply in recipe.samplings(wanted.engine):
        check_sampling(wanted.engine, recipe.name, stage, sampling, reply)
    check_wordings(behavior, recipe)
    check_limits(_limits(wanted, behavior, recipe), wanted.engine, model)
    least = len(recipe.intended_answers)
    if not least <= wanted.count <= MOST:
        raise InputError(
            f"--count must be at least {least}, one example for each label of the recipe, and at most {MOST:,}."
        )
    if wanted.rounds < 1:
        raise InputError("--rounds must be at least 1.")


def _limits(wanted: Wanted, behavior: Behavior, recipe: Recipe) -> Limits:
    return merged(wanted.limits, behavior.limits, recipe.limits)


def _way_out(connection: Connection, name: str) -> str:
    """Says how a name can be had again that a paused job without examples holds."""
    for job in rows.all_jobs(connection):
        if job.dataset == name and job.state in {"paused", "short"}:
            return f", go on with `evalwright jobs resume {job.id}`, or drop it with `evalwright jobs cancel {job.id}`"
    return ""


def _insert(connection: Connection, order: Order, wanted: Wanted, gold: list[GoldRow]) -> int:
    behavior, recipe = order.behavior, order.recipe
    seed = secrets.randbits(62) if wanted.seed is None else wanted.seed
    per_label = wanted.count // len(recipe.intended_answers)
    dataset_id = datasets.insert_dataset(
        connection,
        name=behavior.name,
        behavior=behavior.description,
        guidelines=behavior.guidelines,
        kind=recipe.kind,
        origin=f"recipe {recipe.name}",
        seed=secrets.randbits(62),
        closed=False,
        visible=True,
        questions=behavior.questions,
    )
    store_changes(connection, dataset_id, behavior.assignment, gold)
    return rows.insert_job(
        connection,
        dataset_id=dataset_id,
        recipe=recipe.name,
        texts=JobTexts(recipe.text, behavior.text, dict(order.inputs)),
        engine=wanted.engine,
        model=wanted.model,
        count=per_label * len(recipe.intended_answers),
        rounds=min(wanted.rounds, per_label),
        seed=seed,
        keep_open=wanted.keep_open,
        limits=_limits(wanted, behavior, recipe),
        queued_by=user_name(),
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


def move_job(connection: Connection, job_id: int, move: str, *, said_yes: bool = False) -> Job:
    """Pauses, resumes or cancels a job; calls in flight are still stored.

    Args:
        connection: The workspace.
        job_id: The job.
        move: One of `MOVES`.
        said_yes: Whether a worker of this user's may run it from now on, whoever queued it.

    Raises:
        InputError: if the job is in a state from which that can't be done.
    """
    allowed, state = MOVES[move]
    with write(connection):
        job = find_job(connection, job_id)
        wanted_here = said_yes or consent.has_agreed(connection, job_id)
        if job.state not in allowed:
            raise InputError(f"Job {job_id} is {job.state}: there is nothing to {move}.")
        if job.state == "short" and move == "resume":
            _allow_another_draw(connection, job)
            _open_again(connection, job)
        rows.set_state(connection, job_id, state)
        if state == "cancelled":
            _end_dataset(connection, job)
        if wanted_here:
            consent.agree(connection, job_id)  # Its limits may be others now.
    return find_job(connection, job_id)


def widen(connection: Connection, job_id: int, limits: Limits) -> Job:
    """Gives a job other limits, those that are set; such as a bigger budget before it goes on.

    Raises:
        InputError: if there is no such job, it is over, or its engine can't keep them.
    """
    with write(connection):
        job = find_job(connection, job_id)
        wanted_here = consent.has_agreed(connection, job_id)
        if job.finished and job.state != "short":
            raise InputError(f"Job {job_id} is {job.state}: its limits mean nothing any more.")
        wanted = merged(limits, job.limits)
        check_limits(wanted, job.engine, model_for(job.engine, job.model))
        rows.set_limits(connection, job_id, wanted)
        if wanted_here:
            consent.agree(connection, job_id)
    return find_job(connection, job_id)


def _end_dataset(connection: Connection, job: Job) -> None:
    """Closes the dataset of a cancelled job; one that never had an example gives its name back."""
    if datasets.counts(connection, job.dataset_id).examples == 0:
        datasets.hide(connection, job.dataset_id, f"{job.dataset} (cancelled, job {job.id})")
    elif not job.keep_open and datasets.get_dataset(connection, job.dataset_id).state == "open":
        close_now(connection, job.dataset_id)


def retry_job(connection: Connection, job_id: int, *, said_yes: bool = False) -> int:
    """Puts a job's failed calls back to be made again, and resumes it if it was paused or short; returns how many.

    Candidates that were dropped because calls about them had failed wait again. For `said_yes` see `move_job`.

    Raises:
        InputError: if the job is over, or came out short without a failed call.
    """
    with write(connection):
        job = find_job(connection, job_id)
        wanted_here = said_yes or consent.has_agreed(connection, job_id)
        if job.finished and job.state != "short":
            raise InputError(f"Job {job_id} is {job.state}: its calls can't be made again.")
        candidates.revive(connection, job_id, {reason for kind in STAGES.values() for reason in kind.failures})
        retried = retries.retry_failed_items(connection, job_id)
        if job.finished and not retried:
            other = next(way for way in ways_on(job) if "retry" not in way)
            raise InputError(f"Job {job_id} came out short, but not for calls that could be made again; {other}")
        if job.finished:
            _open_again(connection, job)
        if job.state in {"paused", "short"}:
            rows.set_state(connection, job_id, "queued")
        if wanted_here:
            consent.agree(connection, job_id)
    return retried


def waiting_job(connection: Connection, job_id: int) -> Job:
    """Returns a job that waits for somebody else's worker.

    Raises:
        InputError: if there is no such job, it doesn't wait, or a worker runs it anyway.
    """
    job = find_job(connection, job_id)
    if not consent.waits_for(connection, job):
        whose = (
            f"{job.state}: it waits for no worker" if job.state not in rows.GOING else "run anyway, and needs no yes"
        )
        raise InputError(f"Job {job_id} is {whose}.")
    return job


def ways_on(job: Job) -> list[str]:
    """Returns what can be done about a job that stopped or came out short, a sentence each."""
    again = f"`evalwright jobs retry {job.id}` makes the failed calls again." if job.items_failed else ""
    if job.state == "short":
        more = f"`evalwright jobs resume {job.id}` draws more."
        other = f"Another wording, in a file with another `name`, is another job; {job.dataset} keeps what it has."
        return [each for each in (again, more, other) if each]
    if job.state == "paused":
        resume = f"`evalwright jobs resume {job.id}`, then `evalwright worker` or the app, goes on."
        return [each for each in (resume, again, f"`evalwright jobs cancel {job.id}` drops it.") if each]
    return []


def _allow_another_draw(connection: Connection, job: Job) -> None:
    """Lets a short job draw once more in its last round, if it may not anyway.

    Raises:
        InputError: if it draws from inputs, which are used up.
    """
    recipe = parse_recipe(f"the recipe of job {job.id}", rows.job_texts(connection, job.id).recipe)
    allowed = redraws_allowed(recipe, replace(job.limits, redraws=job.limits.redraws or 1))
    if not allowed:
        raise InputError(
            f"Job {job.id} can't draw more: its recipe reads candidates from a file, or has `balance = false`; another "
            "job can have other inputs or draw more for each."
        )
    drawn = rows.last_ordinal(connection, job.id, job.round, recipe.stages[0].name) // REDRAWS_APART
    if redraws_allowed(recipe, job.limits) <= drawn:
        rows.set_limits(connection, job.id, replace(job.limits, redraws=drawn + 1))


def _open_again(connection: Connection, job: Job) -> None:
    """Opens the dataset of a job that goes on, so that examples can be added."""
    if datasets.get_dataset(connection, job.dataset_id).state == "closed":
        datasets.reopen(connection, job.dataset_id)
