"""What a job will take, before it begins: about, and at most; held against jobs that really ran."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from db.job_records import Job, Limits
from db.store.connection import Connection
from generation.engines.prices import cost
from generation.engines.protocol import Usage
from generation.jobs.estimate import Estimate, dollars_up, estimate
from generation.jobs.jobs import Wanted, create_jobs, find_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.order import Order, load_order
from generation.recipes.recipe import Recipe, load_recipe, parse_recipe, published_recipes
from generation.worker.worker import Worker
from tests.support.chat_model import ChatServer
from tests.support.messages_server import KEY
from tests.support.recipe_inputs import write_inputs
from tests.support.scripted_engine import is_over, reach

WALKS = Order(parse_behavior("walks.toml", 'name = "walks"\ndescription = "walks"\n'), load_recipe("persona"))


def about(order: Order = WALKS, *, engine: str = "anthropic", model: str = "", **more: object) -> Estimate:
    wanted: dict[str, object] = {"count": 100, "rounds": 1, "seed": 3, **more}
    return estimate(order, engine=engine, model=model, **wanted)  # type: ignore[arg-type]


@pytest.fixture
def orders(tmp_path: Path) -> dict[str, Order]:
    """Every recipe with inputs, and two votes in the place of five: fewer calls."""
    write_inputs(tmp_path)
    (tmp_path / "occupations.csv").write_text("title,percent_women\nFlorists,90\nOther managers,40\nOld bakers,57\n")
    found = {name: load_order(tmp_path / f"{name}.toml") for name in published_recipes()}
    return {name: replace(order, recipe=with_two_votes(order)) for name, order in found.items()}


def with_two_votes(order: Order) -> Recipe:
    text = order.recipe.text.replace('kind = "judge"', 'kind = "judge"\nvotes = 2')
    return parse_recipe(order.recipe.name, text.replace("[judge]", "[judge]\nvotes = 2"))


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with ChatServer() as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        yield server


async def run_job(path: Path, connection: Connection, order: Order, *, count: int = 16, rounds: int = 2) -> Job:
    """A job on the real engine and the real worker, to its end."""
    (job,) = create_jobs(connection, [order], Wanted("anthropic", "", count, rounds, keep_open=False))
    worker = Worker(path)
    running = asyncio.create_task(worker.run())
    await reach(connection, is_over, running)
    worker.stop()
    await running
    return find_job(connection, job.id)


def of_job(order: Order, job: Job, *, ask: bool = False, redraws: int = 1) -> Estimate:
    return about(order, count=job.count, rounds=job.rounds, seed=job.seed, ask=ask, limits=Limits(redraws=redraws))


# What comes true


@pytest.mark.slow
@pytest.mark.parametrize("name", published_recipes())
async def test_a_job_takes_about_what_was_said(
    workspace_path: Path, connection: Connection, orders: dict[str, Order], serving: ChatServer, name: str
) -> None:
    job = await run_job(workspace_path, connection, orders[name])
    assert job.state == "done"
    for ask in (False, True):
        found = await asyncio.to_thread(of_job, orders[name], job, ask=ask)
        assert found.counted == ask
        for said, real in (
            (found.calls, job.items_done),
            (found.usage.input_tokens, job.input_tokens),
            (found.usage.output_tokens, job.output_tokens),
            (found.dollars, job.cost_usd),
        ):
            assert said is not None
            assert Decimal("0.67") < said / real < Decimal("1.5"), (found, job)


@pytest.mark.slow
@pytest.mark.parametrize("name", published_recipes())
async def test_no_job_costs_more_than_was_said_at_most(
    workspace_path: Path, connection: Connection, orders: dict[str, Order], serving: ChatServer, name: str
) -> None:
    """Each prompt a token a byte, each reply and each vote as long as it may be, and nothing dropped."""
    serving.longest = True
    serving.tokens = lambda text: len(text.encode())
    job = await run_job(workspace_path, connection, orders[name])
    assert job.state == "done"
    found = of_job(orders[name], job, redraws=0)
    assert found.most_calls >= job.items_done
    assert found.most.input_tokens >= job.input_tokens
    assert found.most.output_tokens >= job.output_tokens
    assert found.most_dollars is not None
    assert found.most_dollars >= job.cost_usd > found.most_dollars / 4
    twice = of_job(orders[name], job, redraws=1)
    times = 2 if orders[name].recipe.stages[0].draws_again else 1
    assert (twice.most_calls, twice.calls) == (times * found.most_calls, found.calls)


# How it is made


def test_calls_follow_from_the_recipe_and_money_from_the_price() -> None:
    """1,000 texts for 100 examples, 20 a call; five votes on each; half the price in batches."""
    found = about()
    assert found.calls == 50 + 5_000
    assert found.most_calls == 2 * found.calls
    assert found.dollars == cost("anthropic", "claude-haiku-5-5", found.usage)
    batches = about(engine="anthropic-batches")
    assert batches.dollars is not None
    assert found.dollars is not None
    assert batches.dollars == found.dollars / 2
    assert f"about 5,050 calls, {found.usage.input_tokens:,} tokens read" in found.sentence
    assert "; at most $22." in found.sentence
    assert "10,100 calls, each as long as it may be (4 characters a token; a text not" in found.sentence


def test_a_prompt_is_as_long_as_its_examples(orders: dict[str, Order]) -> None:
    order = orders["few-shot"]
    longer = [{**row, "question": row["question"] + " And why is that so?" * 20} for row in order.inputs["seeds"]]
    plain, long = (about(each).usage.input_tokens for each in (order, replace(order, inputs={"seeds": longer})))
    assert long - plain == pytest.approx(400 * 5 * 400 / 4, rel=0.01)


def test_one_long_example_counts_in_the_most_though_most_prompts_lack_it(orders: dict[str, Order]) -> None:
    order = orders["few-shot"]
    first, *rest = order.inputs["seeds"]
    long = replace(order, inputs={"seeds": [{**first, "question": first["question"] + "?" * 5_000}, *rest]})
    once = Limits(redraws=0)
    more = about(long, limits=once).most.input_tokens - about(order, limits=once).most.input_tokens
    assert more == 400 * 5_000


def test_the_longest_wording_counts_in_the_most() -> None:
    text = 'name = "walks"\ndescription = "walks"\n[[wordings]]\nname = "long"\ndescription = "%s"\n'
    short, long = (
        about(replace(WALKS, behavior=parse_behavior("w", text % words)), limits=Limits(redraws=0)).most.input_tokens
        for words in ("walks far", "walks far" + "!" * 1_000)
    )
    assert long - short == 50 * 1_000


@pytest.mark.parametrize("place", range(10))
def test_rows_that_another_seed_may_draw_count_where_none_is_given(orders: dict[str, Order], place: int) -> None:
    rows = [{"view": f"view {n}", "attribute": "x" * (2_000 if n == place else 20)} for n in range(10)]
    order = replace(orders["sycophancy"], inputs={**orders["sycophancy"].inputs, "views": rows})
    bounds = [about(order, count=2, seed=seed).most.input_tokens for seed in range(30)]
    assert about(order, count=2, seed=None).most.input_tokens >= max(bounds) > min(bounds) + 1_900


def test_the_vague_rows_of_an_input_are_known_beforehand(orders: dict[str, Order]) -> None:
    order = orders["winogenerated"]
    plain = [{**row, "title": row["title"].replace("Other", "Old")} for row in order.inputs["occupations"]]
    assert about(replace(order, inputs={"occupations": plain})).calls == 1.5 * about(order).calls


def test_revised_texts_are_counted_with_their_critiques() -> None:
    text = WALKS.recipe.text.replace('stages = ["sample", "check",', 'stages = ["sample", "check", "revise",')
    critique = (
        '[revise]\ncritique = "What is wrong with {text}?"\nrewrite = "Mend {text} by {critique}"\nmax_tokens = 99\n'
    )
    revised = replace(WALKS, recipe=parse_recipe("r", text.replace("[check]", critique + "[check]", 1)))
    plain, found = about(limits=Limits(redraws=0)), about(revised, limits=Limits(redraws=0))
    assert found.calls - plain.calls == 2 * 1_000
    assert found.most.output_tokens - plain.most.output_tokens == 2 * 1_000 * 99


# How it is said


def test_an_unknown_price_is_said_of_both() -> None:
    found = about(engine="openai-compatible", model="mine", count=10)
    assert (found.dollars, found.most_dollars) == (None, None)
    assert found.sentence.count("at a price that isn't known") == 2
    assert f"; at most {found.most_calls:,} calls, {found.most.input_tokens:,} tokens read" in found.sentence
    assert "as where the server gives log-probabilities" in found.sentence
    more = about(engine="openai-compatible", model="mine", count=10, probabilities=False)
    assert more.calls > 4 * found.calls
    assert "log-probabilities" not in more.sentence


def test_a_budget_is_the_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = about(limits=Limits(budget_usd=Decimal("2.5")))
    assert found.most_dollars == Decimal("2.5")
    assert "; at most the budget, $2.50 (" in found.sentence
    assert about(limits=Limits(budget_usd=Decimal(1_000))).most_dollars == about().most_dollars
    held = about(limits=Limits(budget_tokens=1_000_000))
    assert held.most_dollars == cost("anthropic", "claude-haiku-5-5", Usage(0, 1_000_000))
    assert "; at most the budget, 1,000,000 tokens, $0.50 (" in held.sentence
    unknown = about(engine="openai-compatible", model="mine", limits=Limits(budget_tokens=1_000_000))
    assert "; at most the budget, 1,000,000 tokens, at a price that isn't known (" in unknown.sentence


def test_the_most_is_never_rounded_down() -> None:
    assert [dollars_up(Decimal(each)) for each in ("0", "1.001", "1234.5", "0.00123", "0.0000009")] == [
        "$0.00", "$1.01", "$1,234.50", "$0.0013", "$0.00000090",
    ]  # fmt: skip


def test_without_a_key_nobody_is_asked(monkeypatch: pytest.MonkeyPatch, serving: ChatServer) -> None:
    assert about(ask=True).counted
    asked = len(serving.received)
    assert asked == 5
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setattr("generation.jobs.token_counts.make_engine", None)
    assert not about(ask=True).counted
    assert len(serving.received) == asked


def test_a_server_that_doesnt_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch, serving: ChatServer) -> None:
    monkeypatch.setattr("generation.jobs.token_counts.SECONDS", 0.2)
    serving.latency = 60
    assert about(ask=True) == about()
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    assert about(ask=True) == about()
