"""Limits of a job: how much at once, how fast, and for how much, from files and flags."""

from __future__ import annotations

import math
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import Any

from db.errors import InputError
from db.job_records import Limits
from generation.engines.faults import MAY_BE_LEFT_OUT
from generation.engines.prices import cost
from generation.engines.protocol import Usage
from generation.engines.registry import ENGINES
from review.text.toml import Section

MOST = 10**15
"""The most that a limit may say."""

MOST_REQUESTS = 100_000
"""The most requests that the Message Batches API takes in one batch."""


def read_limits(section: Section) -> Limits:
    """Reads a `[limits]` table; what it leaves out is left open."""
    limits = Limits(
        concurrency=_whole(section, "concurrency"),
        requests_per_minute=_whole(section, "requests_per_minute"),
        tokens_per_minute=_whole(section, "tokens_per_minute"),
        budget_usd=section.decimal("budget_usd") if section.has("budget_usd") else None,
        budget_tokens=_whole(section, "budget_tokens"),
        batch_size=_whole(section, "batch_size"),
        call_seconds=_whole(section, "call_seconds"),
        failures_in_a_row=_whole(section, "failures_in_a_row"),
        redraws=section.integer("redraws", least=0) if section.has("redraws") else None,
        leave_out=section.texts("leave_out") if section.has("leave_out") else None,
    )
    section.refuse_unknown()
    return limits


def dollars(text: str) -> Decimal:
    """Reads an amount of US dollars from a flag.

    Raises:
        InputError: if it isn't one.
    """
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation as error:
        raise InputError(f"--budget-usd must be an amount of US dollars, such as 2.50, and not {text!r}.") from error
    return amount


def merged(*limits: Limits) -> Limits:
    """Returns limits of which each is the first that is set: flags before the behaviour file before the recipe.

    What is left out adds up.
    """
    names = [field.name for field in fields(Limits)]
    chosen: dict[str, Any] = {
        name: next((value for each in limits if (value := getattr(each, name)) is not None), None) for name in names
    }
    # What one server refuses and what another does are both left out.
    left_out = tuple(sorted({name for each in limits for name in each.leave_out or ()}))
    return Limits(**{**chosen, "leave_out": left_out or None})


def check_limits(limits: Limits, engine: str, model: str) -> None:
    """Refuses limits that this engine can't keep.

    Raises:
        InputError: saying which, and what to do.
    """
    for field in fields(Limits):
        value = getattr(limits, field.name)
        if value is None or field.name == "leave_out":
            continue
        if field.name == "redraws" and value == 0:
            continue  # None is as many as is usual.
        if not (math.isfinite(value) and 0 < value < MOST):
            raise InputError(f"The limit {field.name} must be more than 0 (it is {value}).")
    if unknown := sorted(set(limits.leave_out or ()) - MAY_BE_LEFT_OUT):
        raise InputError(
            f"A call can't be made without {unknown[0]}, or has nothing of that name; what may be left out is "
            f"{', '.join(sorted(MAY_BE_LEFT_OUT))}."
        )
    if engine == "local" and (limits.concurrency or 1) > 1:
        raise InputError("The local engine makes one call at a time: leave out `concurrency`.")
    if limits.batch_size is not None and not ENGINES[engine].batches:
        raise InputError(f"The {engine} engine has no batches: leave out `batch_size`, or use anthropic-batches.")
    if (limits.batch_size or 0) > MOST_REQUESTS:
        raise InputError(f"A batch can hold {MOST_REQUESTS:,} requests at most: make `batch_size` smaller.")
    if limits.budget_usd is not None and cost(engine, model, Usage()) is None:
        raise InputError(
            f"The price of {model} isn't known, so a budget in dollars can't be kept: give the budget in tokens, or "
            "the price in a file named by EVALWRIGHT_PRICES."
        )


def _whole(section: Section, key: str) -> int | None:
    return section.integer(key) if section.has(key) else None
