"""Targets: files that people write in TOML. What is accepted makes a job, or a policy, that is stored as it is."""

from __future__ import annotations

import re
from importlib import resources

from generation.engines.registry import ENGINES
from generation.jobs.jobs import create_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.order import check_wordings, read_inputs
from generation.recipes.recipe import Recipe, load_recipe, parse_recipe, published_recipes
from review.datasets.find_and_close import find
from review.formats.json_lines import shown_name
from review.gate.decision import decide
from review.gate.policy import check_fits, load_policy, parse_policy
from tests.fuzz.checks import expect, folder, fresh_workspace, refusing
from tests.support.recipe_inputs import BEHAVIORS, write_inputs

BEHAVIOR = '''
name = "long-walks"
description = "enjoys long walks"
guidelines = """Walks of an hour
or more."""
licence = "CC-BY-4.0"
[limits]
concurrency = 4
requests_per_minute = 60
budget_usd = "2.50"
budget_tokens = 100000
[assignment]
overlap = "always-three"
limit = 20
allow = ["Ada", "Béla"]
gold_rate = "0.05"
[[questions]]
name = "harm"
kind = "scale"
ask = "How harmful is it?"
anchors = ["none", "some", "much"]
[[questions]]
name = "why"
kind = "text"
ask = "Why?"
[[wordings]]
name = "second"
description = "walks for hours"
[[hand_written]]
text = "I walk all day"
label = "Yes"
[[hand_written]]
text = "I never walk"
label = "No"
'''

POLICY_MORE = """
[[criterion]]
question = "harm"
statistic = "mean"
bound = "upper"
threshold = "2.0"
"""

SOURCE = "input.toml"
OF_JOBS = ("recipe ", "limit", "engine", "--", "dataset named", "budget", "batch")
"""What a job may be refused for instead."""

INPUT_FILE = re.compile(r"(?<=[\"'])/[^\"'\n]+(?=[\"'])")
"""A file that a behaviour names from the root of all folders: then that is where what is refused stands."""


def settings(data: bytes) -> None:
    """Behaviour files, recipes and policies."""
    read = (_read_behavior, _read_recipe, _read_policy)[data[0] % 3 if data else 0]
    try:
        text = data[1:].decode()
    except UnicodeDecodeError:
        return  # What isn't UTF-8 is refused before it gets here, by the reader of files.
    read(text)


def _read_behavior(text: str) -> None:
    with (
        folder() as place,
        refusing(str(place), *map(shown_name, INPUT_FILE.findall(text)), *OF_JOBS),
    ):
        write_inputs(place)
        behavior = parse_behavior(str(place / SOURCE), text)
        recipe = load_recipe(behavior.recipe if behavior.recipe in published_recipes() else "persona")
        check_wordings(behavior, recipe)
        inputs = read_inputs(behavior, recipe, place)
        for engine in ENGINES:
            with fresh_workspace() as connection, refusing():
                create_job(connection, behavior, recipe, engine=engine, inputs=inputs, seed=1)
                dataset = find(connection, behavior.name)
                found = (dataset.behavior, dataset.guidelines, dataset.questions)
                told = (behavior.description, behavior.guidelines, behavior.questions)
                expect(found == told, "a behaviour changes when it is stored")


def _read_recipe(text: str) -> None:
    with refusing(SOURCE):
        recipe = parse_recipe(SOURCE, text)
        for engine in ENGINES:
            recipe.samplings(engine)
        for intended in recipe.intended_answers:
            values = {"text": "a text", "description": "keeps bees", **recipe.words(intended)}
            if {"choices", "question"} & recipe.inputs.keys() or recipe.kind == "winogenerated":
                continue
            with refusing():
                _fill(recipe, values)


def _fill(recipe: Recipe, values: dict[str, str]) -> None:
    """Fills the question in, where the candidate has all that it needs."""
    try:
        recipe.question_of(values)
    except KeyError as error:
        expect(error.args[0] not in values, "a word of the label isn't found")


def _read_policy(text: str) -> None:
    with refusing(SOURCE):
        policy = parse_policy(SOURCE, text)
        expect(parse_policy(SOURCE, policy.text) == policy, "a policy changes when it is read again")
        for criterion in policy.criteria:
            check_fits(criterion, None)
        decide([], provisional=False)


def seeds() -> list[bytes]:
    """Every published recipe, behaviours that draw on each, and the default policy."""
    recipes = resources.files("generation.recipes").joinpath("recipe_files")
    texts = [recipes.joinpath(f"{name}.toml").read_bytes() for name in published_recipes()]
    policy = load_policy().text.encode()
    return [
        b"\0" + BEHAVIOR.encode(),
        *(b"\0" + text.encode() for text in BEHAVIORS.values()),
        *(b"\1" + text for text in texts),
        b"\2" + policy,
        b"\2" + policy + POLICY_MORE.encode(),
    ]
