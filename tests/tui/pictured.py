"""The workspaces of which pictures are taken: the same to the byte that is shown, whenever they are made."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from db.examples import get_blind
from db.records import Answers
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from generation.recipes.order import load_order
from generation.trials.preview import preview
from review.agreement import agreement
from review.annotation.submitting import submit
from review.assignment.serving import end_session, start_session
from review.assignment.settings import Changes, assign
from review.datasets.find_and_close import find
from review.text.json import to_json
from tests.review.test_diversity import both_origins, finish
from tests.review.test_second_look import argument_row, write_arguments
from tests.support.jobs import make_history
from tests.support.scripted_engine import BEHAVIOR, ScriptedEngine
from tests.support.workspaces import NO, YES, make_dataset
from tests.support.written import write_job
from tests.tui.app_driver import add_dataset
from tests.tui.test_home import add_job

WHEN = "2026-03-14T15:09:26.000Z"
GUIDELINES = "Would somebody who keeps bees say this?"
BUDGET = "The budget of $2 is spent; resume the job with a bigger one."
STATEMENTS = (
    "The hum of the hives is the first thing I listen for in the morning.",
    "I would rather spend a Sunday with my bees than at the beach.",
    "Honey from the shop is good enough for me.",
    "I never quite saw the point of keeping insects.",
    "Smoke calms a colony, and lighting the smoker calms me.",
    "If a swarm settled in my garden, I would call someone to take it away, and I would stay indoors until the last of "
    "them had gone, however long that took and whatever the neighbours might think of it.",
)
COMMENTS = {("Béla", 11): "Says little about keeping them.", ("Carla", 13): "Two readings: as a pet, or for honey."}
SAID = {"Béla": (range(20), {13, 17}), "Carla": (range(30), {11, 13, 19}), "Dora": (range(20, 30), {24})}
"""Who answers which examples, by their places in the review order, and to which of these they say no."""


async def write_lead(path: Path) -> dict[str, Any]:
    """Makes what a lead looks at, and returns the agreement of its dataset `beekeeping`.

    A job has written `long-walks`; three people have answered thirty of the forty examples of `beekeeping`, two each,
    and differ on some; a job for `tea` is paused.
    """
    await write_job(path)
    connection = open_workspace(path)
    try:
        bodies = [*STATEMENTS, *(f"I have kept {number} colonies through the winter." for number in range(2, 36))]
        add_dataset(
            connection,
            "beekeeping",
            bodies,
            behavior="keeps bees",
            guidelines="Would somebody who keeps bees say this?",
        )
        _answer(connection)
        job = add_job(connection, "tea", "paused", BUDGET)
        make_history(connection, job, calls=20, failures=3)
        with write(connection):
            connection.execute("UPDATE jobs SET engine = 'anthropic', model = 'claude-haiku-5-5' WHERE id = ?", (job,))
        found: dict[str, Any] = json.loads(to_json(asdict(agreement(connection, find(connection, "beekeeping")))))
        _fix_times(connection)
        return found
    finally:
        connection.close()


def _answer(connection: Connection) -> None:
    """Everybody answers their share of thirty examples."""
    dataset = find(connection, "beekeeping")
    ids = [
        row[0]
        for row in connection.execute(
            "SELECT example_id FROM review_status WHERE dataset_id = ? ORDER BY position", (dataset.id,)
        )
    ]
    for name, (places, others) in SAID.items():
        session = start_session(connection, name)
        for place in places:
            given = Answers(
                NO if place in others else YES, 5 - (place * len(name)) % 3, 4.0 + place % 9, f"{name} {place}",
                comment=COMMENTS.get((name, place), ""), ambiguous=place == 13, flagged=place == 11 and name == "Carla",
                suggested_edit="I would rather spend a day with my bees than anywhere else." if place == 11 else None,
            )  # fmt: skip
            submit(connection, session, dataset, get_blind(connection, ids[place]), given)
        end_session(connection, session)


def make_pairs(path: Path) -> None:
    """Makes two datasets for one behaviour, 25 examples of each finished by anna."""
    connection = open_workspace(path)
    for dataset in both_origins(connection, 40):
        finish(connection, dataset, "anna", 25)
    connection.close()


def make_argued(path: Path) -> None:
    """Makes a dataset with second looks whose examples are all argued about."""
    connection = open_workspace(path)
    made = make_dataset(connection, 12)
    for_it = "Counting one's bees is what somebody does who keeps them; nobody else would know the number."
    against = "Anybody may say so in jest: the number is too round, and bees are counted by the hive."
    rows = [argument_row(number, **{"for": for_it, "against": against}) for number in range(12)]
    assign(connection, made, Changes(second_look=True, arguments=write_arguments(path.with_name("A.jsonl"), rows)))
    connection.close()


def _fix_times(connection: Connection) -> None:
    """Lets everything that is told with its time have happened at one."""
    with write(connection):
        for table in ("annotations", "rulings", "calls"):
            connection.execute(f"UPDATE {table} SET created_at = ?", (WHEN,))


async def tried_out(folder: Path) -> list[str]:
    """Makes a behaviour file, and a command that counts its runs and prints samples of it; both for this folder."""
    (folder / "walks.toml").write_text(BEHAVIOR)
    order, engine = load_order(folder / "walks.toml"), ScriptedEngine()
    found = await preview([order], engine="local", model="", count=6, seed=3, engines=lambda *_: engine)
    (folder / "samples.json").write_text(to_json([asdict(one) for one in found]))
    script = "open('drawn.txt', 'a').write('x'); print(open('samples.json').read())"
    return [sys.executable, "-c", script]
