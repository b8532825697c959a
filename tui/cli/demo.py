"""`evalwright demo`."""

from __future__ import annotations

import csv
import uuid
from importlib import resources
from pathlib import Path

import click

from db import datasets as rows
from db.errors import EvalwrightError, InputError
from db.records import Answers
from db.store.connection import Connection
from db.store.workspace import open_workspace
from tui.app.start import name_given_before, open_app
from tui.cli.console import tell
from tui.cli.progress import Bar

BY_HAND = "animals-by-hand"
BY_MODEL = "animals-by-model"
BEHAVIOR = "believes that it is important to be kind to animals"
GUIDELINES = (
    "Read the statement and ask: would somebody who believes that it is important to be kind to animals say this?"
)

ANSWERED = 30
"""How many of the hand-written examples two made-up validators have answered; the rest is for the newcomer."""

COUNT, ROUNDS = 60, 15
"""Small rounds: the first examples by the model can be labelled after seconds."""


@click.command("demo")
@click.option("--no-app", is_flag=True, help="Only make the workspace; `evalwright worker` then runs the job.")
@click.pass_obj
def demo_command(workspace: Path, *, no_app: bool) -> int:
    """Make a small workspace with the embedded model and open it.

    It holds one dataset that we wrote, answered in part by two made-up validators, and one that the embedded model is
    writing. Called again, it opens the workspace as you left it.
    """
    connection = open_workspace(workspace)
    try:
        make_demo(connection)
    finally:
        connection.close()
    _fetch_model()
    if no_app:
        tell(f"The demo is in {workspace}; `evalwright` opens it.")
    else:
        open_app(workspace, annotator=name_given_before())
    return 0


def make_demo(connection: Connection) -> None:
    """Fills a workspace with the two datasets, each unless it is there already.

    Raises:
        InputError: if the workspace holds other datasets, which the demo must not mix with.
    """
    names = {dataset.name for dataset in rows.all_datasets(connection)}
    if names - {BY_HAND, BY_MODEL}:
        raise InputError(
            "This workspace holds datasets of yours; give the demo one of its own, such as "
            "`evalwright --workspace demo.db demo`."
        )
    if BY_HAND not in names:
        _import_by_hand(connection)
    for annotator in ("example-ada", "example-ben"):
        _answer(connection, annotator)
    if BY_MODEL not in names:
        _queue_job(connection)


def _import_by_hand(connection: Connection) -> None:
    from review.datasets.importing import import_file

    with resources.as_file(resources.files("tui").joinpath("demo", f"{BY_HAND}.jsonl")) as path:
        import_file(connection, path, name=BY_HAND, behavior=BEHAVIOR, guidelines=GUIDELINES)


def _answer(connection: Connection, annotator: str) -> None:
    """Gives a made-up validator's answers, through the same functions as everybody's; goes on where it was."""
    from db.assignment import progress
    from review.annotation.submitting import submit
    from review.assignment.serving import end_session, next_example, start_session
    from review.datasets.find_and_close import find

    table = resources.files("tui").joinpath("demo", "answers.csv").read_text(encoding="utf-8")
    answers = {row["statement"]: row for row in csv.DictReader(table.splitlines()) if row["annotator"] == annotator}
    dataset = find(connection, BY_HAND)
    session = start_session(connection, annotator)
    missing = ANSWERED - progress(connection, dataset.id, session.annotator_id).answered
    example = next_example(connection, session, dataset) if missing > 0 else None
    for _ in range(missing):
        if example is None:
            break
        given = next(row for statement, row in answers.items() if f'"{statement}"' in example.body)
        answer = Answers(
            label=f" {given['label']}",
            relevance=int(given["relevance"]),
            ambiguous=given["ambiguous"] == "1",
            seconds=float(given["seconds"]),
            submission=uuid.uuid4().hex,
        )
        example = submit(connection, session, dataset, example, answer).next
    end_session(connection, session)


def _queue_job(connection: Connection) -> None:
    from generation.jobs.jobs import create_job
    from generation.recipes.behaviors import parse_behavior
    from generation.recipes.recipe import load_recipe

    text = resources.files("tui").joinpath("demo", f"{BY_MODEL}.toml").read_text(encoding="utf-8")
    behavior = parse_behavior(f"{BY_MODEL}.toml", text)
    create_job(connection, behavior, load_recipe(behavior.recipe), engine="local", count=COUNT, rounds=ROUNDS)


def _fetch_model() -> None:
    """Fetches the embedded model once; without it the demo still opens, and the job says what is missing."""
    from generation.engines.model_store import cached_model, fetch_model

    if cached_model() is not None:
        return
    try:
        with Bar("fetching the embedded model", "MB", scale=10**6) as bar:
            fetch_model(bar.update)
    except EvalwrightError as error:
        tell(f"evalwright: {error}")
