"""Limits of a job: where they come from, and which an engine can't keep."""

from decimal import Decimal
from pathlib import Path

import pytest

from db.errors import InputError
from db.job_records import NO_LIMITS, Limits
from db.store.connection import Connection
from generation.jobs.jobs import create_job, find_job
from generation.jobs.limits import check_limits, dollars, merged
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe, parse_recipe

BEHAVIOR = 'name = "walks"\ndescription = "walks"\n[limits]\nbudget_usd = "2.50"\nconcurrency = 64\n'


def test_a_flag_goes_before_the_behaviour_file_and_that_before_the_recipe(connection: Connection) -> None:
    recipe_text = load_recipe("persona").text + "\n[limits]\nconcurrency = 8\nrequests_per_minute = 50\n"
    job = create_job(
        connection,
        parse_behavior("walks.toml", BEHAVIOR),
        parse_recipe("mine.toml", recipe_text),
        engine="anthropic",
        limits=Limits(budget_usd=Decimal("0.10"), budget_tokens=1_000),
    )
    wanted = Limits(64, 50, None, Decimal("0.10"), 1_000)
    assert job.limits == find_job(connection, job.id).limits == wanted
    assert merged(NO_LIMITS, NO_LIMITS) == NO_LIMITS


@pytest.mark.parametrize(
    ("limits", "engine", "sentence"),
    [
        (Limits(concurrency=2), "local", "one call at a time"),
        (Limits(budget_tokens=0), "local", r"budget_tokens must be more than 0 \(it is 0\)"),
        (Limits(budget_usd=Decimal("NaN")), "local", "budget_usd must be more than 0"),
        (Limits(batch_size=9), "anthropic", "has no batches"),
        (Limits(budget_usd=Decimal(1)), "anthropic", "The price of mine isn't known"),
    ],
)
def test_a_limit_that_an_engine_cannot_keep_is_refused(limits: Limits, engine: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        check_limits(limits, engine, "mine")


def test_a_slip_in_the_table_is_told_by_line() -> None:
    with pytest.raises(InputError, match=r"walks.toml, line 5: limits.concurrancy isn't known here"):
        parse_behavior("walks.toml", BEHAVIOR.replace("concurrency", "concurrancy"))


@pytest.mark.parametrize(("text", "amount"), [("2.50", "2.5"), ("$0.001", "0.001")])
def test_amounts_of_dollars(text: str, amount: str) -> None:
    assert dollars(text) == Decimal(amount)


def test_what_is_no_amount_is_said() -> None:
    with pytest.raises(InputError, match="--budget-usd must be an amount of US dollars"):
        dollars("2,50")


def test_a_setting_that_the_engine_lacks_is_refused_before_anything_runs(connection: Connection) -> None:
    plain = load_recipe("persona").text
    start, end = plain.index("[sample.engine.anthropic]"), plain.index("[check]")
    behavior = parse_behavior("walks.toml", BEHAVIOR)
    with pytest.raises(InputError, match=r"has no temperature, and the recipe persona sets it: give .*anthropic"):
        create_job(connection, behavior, parse_recipe("mine.toml", plain[:start] + plain[end:]), engine="anthropic")


def test_the_limits_of_the_documentation_are_limits() -> None:
    text = (Path(__file__).parents[2] / "docs" / "engines.md").read_text(encoding="utf-8")
    block = text.split("```toml\n")[1].split("```")[0]
    found = parse_behavior("walks.toml", f'name = "walks"\ndescription = "walks"\n{block}').limits
    assert found == Limits(64, 1_000, 400_000, Decimal("2.50"), 1_000_000, 2_000, 120, 20, 3, ("seed",))


@pytest.mark.parametrize("left_out", [("model",), ("max_tokens",), ("seed", "sed")])
def test_only_a_setting_can_be_left_out(left_out: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="what may be left out is grammar"):
        check_limits(Limits(leave_out=left_out), "openai-compatible", "mine")
    check_limits(Limits(leave_out=("seed", "top_p"), redraws=0), "openai-compatible", "mine")
