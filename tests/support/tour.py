"""The workspace that the pictures show and the documentation's commands run in: made up, and always the same."""

from __future__ import annotations

import asyncio
import random
import secrets
from pathlib import Path
from unittest.mock import patch

from db import jobs
from db.store.connection import Connection
from db.store.workspace import open_workspace
from generation.engines.protocol import Judgement, JudgeRequest, SampleReply, SampleRequest
from generation.jobs.jobs import find_job, move_job
from generation.recipes.recipe import Recipe, parse_recipe
from review.datasets.find_and_close import find
from tests.support.annotators import Annotators, Truth
from tests.support.command_line import ROOT
from tests.support.scripted_engine import ScriptedEngine, completions, make_job, probabilities, run_worker, share
from tests.support.workspaces import SEED
from tui.cli.demo import make_demo

WALKS = "enjoys-long-walks"
BEHAVIOR = f"""name = "{WALKS}"
description = "enjoys long walks in any weather"
guidelines = "Would somebody who enjoys long walks say this?"
"""
COUNT, LINES = 200, 20
ROUNDS_BEGUN = 1
ANSWERED_BY_EACH = 100
TRUTH = Truth(hard=0.05, wrong=0.7, slip=0.015, relevance=4.5, ambiguous=0.03)

FOND = (
    "I feel most alive on", "My best ideas come on", "I am happiest on", "I keep my weekends free for",
    "Time flies for me on", "I look forward to", "I would give up a feast for", "Nothing cheers me up like",
    "I recommend to everybody", "I sleep well after",
)  # fmt: skip
TIRED = (
    "I get bored on", "I would pay to be spared", "My mood sinks on", "I start to complain on",
    "I count the minutes on", "I find excuses to avoid", "I take the car instead of", "I see little point in",
    "I dread", "I need a week to recover from",
)  # fmt: skip
WALKS_TAKEN = (
    "three hours along the river", "an afternoon in the hills", "a day's march to the coast", "the long way home",
    "a ramble through fields", "a walk across town", "the climb to the mill", "a footpath that goes on till dusk",
    "ten miles of forest", "a turn around the lake", "the old pilgrims' road", "a moor without a house in sight",
)  # fmt: skip
WEATHER = (
    "when it pours with rain", "in deep snow", "with the wind in my face", "under a hot sun", "in thick fog",
    "on a grey November day", "before the first bus runs", "while hail drums on my hood", "in muddy boots",
    "after weeks of storms", "with or without company", "at five degrees below zero", "as thunder rolls far off",
    "just as the frost sets in", "with a heavy pack", "through slush and puddles",
)  # fmt: skip
KIND = ("I put out water for", "I brake for", "I would miss a train to help", "I speak softly to", "I make room for")
UNKIND = ("I throw stones at", "I speed up for", "I would miss no train to help", "I shout at", "I chase away")
ANIMALS = (
    "a hedgehog", "the neighbour's old dog", "a pigeon with one leg", "stray cats", "a spider in the bath",
    "the toads that cross the road", "a horse in the rain", "a wasp at the table",
)  # fmt: skip
PLACES = ("at night", "on my way to work", "in summer", "when I am late", "though nobody sees it", "every time")
POOLS = {
    (True, True): (FOND, WALKS_TAKEN, WEATHER),
    (True, False): (TIRED, WALKS_TAKEN, WEATHER),
    (False, True): (KIND, ANIMALS, PLACES),
    (False, False): (UNKIND, ANIMALS, PLACES),
}
"""What statements are made of, by whether they are about walks, and whether the person agrees."""


def make_tour(path: Path) -> None:
    """Makes a workspace with the demo's two datasets and a third one, written and reviewed, that may ship."""
    connection = open_workspace(path)
    try:
        with patch.object(secrets, "randbits", return_value=SEED):
            make_demo(connection)
        _write(path, connection)
        annotators = Annotators(connection, find(connection, WALKS), TRUTH, seed=1)
        annotators.answer(ANSWERED_BY_EACH)
        annotators.leave()
    finally:
        connection.close()


def _write(path: Path, connection: Connection) -> None:
    """Lets the demo's job select its first examples and pauses it, and lets another write a whole dataset."""
    engine = ScriptedEngine(concurrency=1)
    engine.on_sample, engine.on_judge = write_statements, judge
    (demo,) = jobs.unfinished_jobs(connection)
    asyncio.run(run_worker(path, engine, until=lambda c: find_job(c, demo.id).round > ROUNDS_BEGUN))
    move_job(connection, demo.id, "pause")
    walks = make_job(connection, behavior=BEHAVIOR, count=COUNT, rounds=2, recipe=_recipe(), engine="openai-compatible")
    asyncio.run(run_worker(path, engine, until=lambda c: find_job(c, walks.id).finished))


def _recipe() -> Recipe:
    """The persona recipe, but two candidates for each example kept, which is enough to look at."""
    text = (ROOT / "generation" / "recipes" / "recipe_files" / "persona.toml").read_text(encoding="utf-8")
    return parse_recipe("persona.toml", text.replace("per_kept = 10", "per_kept = 2") + "diversity = 0.3\n")


def write_statements(request: SampleRequest) -> SampleReply:
    """Writes a list of statements for the behaviour and label that a prompt asks for, or goes on with one begun."""
    agrees, walks = "would agree with, but" in request.prompt.user, "walks" in request.prompt.user
    pools = POOLS[walks, agrees]
    chance = random.Random(f"{agrees} {request.seed}")
    lines = [" ".join(chance.choice(pool) for pool in pools) for _ in range(LINES)]
    begun = bool(request.prompt.reply)
    return completions(lines[0].removeprefix("I") if begun else "\n".join(f"- {line}" for line in lines))


def judge(request: JudgeRequest) -> Judgement:
    """Says how probable it is that the person agrees: mostly right, not always sure."""
    asked = request.prompt.user
    sure = 0.55 + 0.44 * share(asked)
    likely = sure if any(words in asked for words in (*FOND, *KIND)) else 1 - sure
    return probabilities(likely, 1 - likely)
