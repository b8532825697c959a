"""The options that say what a job may take; `generate` and `jobs resume` share them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from db.job_records import Limits

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--budget-usd", metavar="DOLLARS", help="Stop before the job costs more than this."),
    click.option("--budget-tokens", type=int, help="Stop before the job takes more tokens than this."),
    click.option("--concurrency", type=int, help="Calls in flight; default: the engine's."),
    click.option("--requests-per-minute", type=int, help="Begin no more calls in a minute."),
    click.option("--tokens-per-minute", type=int, help="Read and write no more tokens in a minute."),
    click.option("--batch-size", type=int, help="The most requests in one batch (anthropic-batches)."),
    click.option("--call-seconds", type=int, help="Take a call for lost after so long; default: 600."),
    click.option("--failures-in-a-row", type=int, help="Pause when so many calls fail in a row; default: 10."),
    click.option("--redraws", type=int, help="Draw again so often for a label that came out short; default: 1."),
    click.option("--leave-out", metavar="NAME,...", help="Settings that the server refuses, such as seed."),
)


def limit_options(command: Function) -> Function:
    """Gives a command the options of `Limits`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def limits_of(options: Mapping[str, Any]) -> Limits:
    """Returns the limits that the options say.

    Raises:
        InputError: if the budget isn't an amount.
    """
    from generation.jobs.limits import dollars

    budget, left_out = options["budget_usd"], options["leave_out"]
    names = None if left_out is None else tuple(name for each in left_out.split(",") if (name := each.strip()))
    return Limits(**{**options, "budget_usd": None if budget is None else dollars(budget), "leave_out": names})
