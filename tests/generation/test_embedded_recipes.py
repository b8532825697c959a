"""Every recipe on the embedded model itself: a dataset that can be reviewed, and a funnel that adds up.

The model is small, and what it writes is often beside the point; so nothing here leans on its judgement.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import jobs as job_rows
from db.errors import EvalwrightError
from db.examples import iterate_examples
from db.job_records import Job
from db.store.connection import Connection
from db.store.workspace import open_workspace
from generation.engines.model_store import cached_model, fetch_model
from generation.jobs.funnel import read_funnel
from generation.jobs.jobs import Wanted, create_jobs
from generation.recipes.order import load_order
from generation.recipes.recipe import load_recipe, published_recipes
from generation.worker.worker import Worker
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import find
from tests.support.recipe_inputs import write_inputs

pytestmark = pytest.mark.long

COUNT = 20
PATIENCE = 1800.0


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A workspace in which the embedded model has run every recipe."""
    if cached_model() is None:
        try:
            fetch_model()
        except EvalwrightError as error:
            pytest.skip(f"the embedded model can't be had here: {error}")
    folder = tmp_path_factory.mktemp("recipes")
    write_inputs(folder)
    connection = open_workspace(folder / "evalwright.db")
    orders = [load_order(folder / f"{name}.toml") for name in published_recipes()]
    create_jobs(connection, orders, Wanted("local", "", COUNT, 1, keep_open=False, seed=7))
    asyncio.run(work(folder / "evalwright.db", connection))
    yield connection
    connection.close()


async def work(path: Path, connection: Connection) -> None:
    worker = Worker(path)
    running = asyncio.create_task(worker.run())
    deadline = time.monotonic() + PATIENCE
    while job_rows.unfinished_jobs(connection):
        assert time.monotonic() < deadline, "the embedded model doesn't come to an end"
        assert not running.done()
        await asyncio.sleep(0.2)
    worker.stop()
    await running


def job_of(connection: Connection, recipe: str) -> Job:
    return next(job for job in job_rows.all_jobs(connection) if job.recipe == recipe)


@pytest.mark.parametrize("name", published_recipes())
def test_a_recipe_makes_a_dataset_that_can_be_reviewed(written: Connection, name: str) -> None:
    job = job_of(written, name)
    assert (job.state, job.items_failed) == ("done", 0), job.note
    examples = list(iterate_examples(written, job.dataset_id))
    assert len(examples) == job.selected == COUNT, job.note
    for example in examples:
        assert len(example.choices) >= 2
        assert example.intended in {choice.answer for choice in example.choices}
        assert example.body.strip()
    assert len({example.question for example in examples}) == COUNT
    session = start_session(written, "Robin")
    assert next_example(written, session, find(written, job.dataset)) is not None


@pytest.mark.parametrize("name", published_recipes())
def test_the_funnel_adds_up_at_every_stage(written: Connection, name: str) -> None:
    job = job_of(written, name)
    funnel = read_funnel(written, job.id)
    assert [stage.name for stage in funnel.stages if stage.name != "parse"] == [
        stage.name for stage in load_recipe(name).stages
    ]
    coming = 0
    for stage in funnel.stages:
        assert (stage.into, stage.waiting) == (coming, 0)
        assert stage.out >= 0
        coming = stage.out
    assert coming == 0
    assert sum(stage.made for stage in funnel.stages) == job.candidates
    assert funnel.stages[-1].selected == COUNT
