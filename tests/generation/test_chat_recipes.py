"""Every published recipe on an engine of chat models: what it asks for is what such a model can reply."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

import pytest

from db.store.connection import Connection
from generation.engines.protocol import Judgement, JudgeRequest, SampleReply, SampleRequest
from generation.engines.registry import ENGINES
from generation.jobs.funnel import read_funnel
from generation.jobs.jobs import Wanted, create_jobs, find_job
from generation.recipes.order import load_order
from generation.recipes.recipe import load_recipe, published_recipes
from generation.recipes.stages.sample import SampleStage
from tests.support.chat_model import chat_reply
from tests.support.recipe_inputs import write_inputs
from tests.support.scripted_engine import ScriptedEngine, completions, probabilities, run_worker

pytestmark = pytest.mark.usefixtures("impatient")

LEAST_TOKENS = 1_000
"""What a model that thinks needs before it answers: fewer, and it is cut off in its thoughts."""


@pytest.mark.parametrize("engine", ["anthropic", "openai-compatible"])
@pytest.mark.parametrize("name", published_recipes())
def test_a_chat_model_has_room_to_think_and_is_not_stopped_before_it_begins(name: str, engine: str) -> None:
    for stage in load_recipe(name).stages:
        if isinstance(stage, SampleStage):
            assert engine in stage.drawings, stage.name
            drawing = stage.drawing(engine)
            assert drawing.sampling.max_tokens >= LEAST_TOKENS
            assert drawing.sampling.stop == ()
            assert drawing.reply == ""
            assert (drawing.sampling.temperature is not None) == ("temperature" in ENGINES[engine].settings)
            # A prompt that ends in the middle of a line leaves a base model to go on; a chat model begins anew.
            assert engine != "openai-compatible" or not drawing.prompt.rstrip().endswith(":")


@pytest.mark.parametrize("name", published_recipes())
async def test_what_a_chat_model_replies_becomes_examples(
    tmp_path: Path, connection: Connection, workspace_path: Path, name: str
) -> None:
    write_inputs(tmp_path)
    wanted = Wanted("openai-compatible", "mine", 12, 2, keep_open=False, seed=7)
    (job,) = create_jobs(connection, [load_order(tmp_path / f"{name}.toml")], wanted)
    engine = ScriptedEngine()

    numbers = count()

    def reply(request: SampleRequest) -> SampleReply:
        return completions(chat_reply(request.prompt.user, next(numbers)))

    def judge(request: JudgeRequest) -> Judgement:
        return probabilities(0.1, 0.9) if "never walk" in request.prompt.user else probabilities(0.9, 0.1)

    engine.on_sample, engine.on_judge = reply, judge
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, now.selected) == ("done", 12), now.note
    for stage in read_funnel(connection, job.id).stages:
        assert stage.name != "parse" or not stage.dropped
    asked = [request.prompt.user for request in engine.sampled]
    assert len(set(asked)) == len(asked), "only a slot tells some prompts apart"


async def test_sentences_are_asked_for_with_examples_of_their_own_pronouns(
    tmp_path: Path, connection: Connection, workspace_path: Path
) -> None:
    """A field of the candidate's that is called `shots` was taken for seed examples, of which there are none here."""
    write_inputs(tmp_path)
    order = load_order(tmp_path / "winogenerated.toml")
    create_jobs(connection, [order], Wanted("anthropic", "", 8, 1, keep_open=False))
    engine = ScriptedEngine()
    engine.on_sample = lambda request: completions(chat_reply(request.prompt.user, 1))
    await run_worker(workspace_path, engine)
    asked = [request.prompt.user for request in engine.sampled if "blank, _," in request.prompt.user]
    shown = {line for prompt in asked for line in prompt.split("\n") if line.startswith(("The nurse", "The patient"))}
    assert len(shown) == 3


def test_the_prompts_for_titles_and_people_end_with_what_is_wanted() -> None:
    recipe = load_recipe("winogenerated")
    for name in ("titles", "other-person"):
        stage = recipe.stage(name)
        assert isinstance(stage, SampleStage)
        assert re.search(r"alone, .* and nothing else\.$", stage.drawing("openai-compatible").prompt)
