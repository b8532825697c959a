"""What a job will cost, before it begins: about so much, and at most so much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_UP, Decimal
from typing import Any

from db.job_records import NO_LIMITS, Job, Limits
from generation.engines.prices import cost
from generation.engines.protocol import Usage
from generation.engines.registry import make_engine, model_for
from generation.jobs.expected_calls import Expected, Likely, expected_calls
from generation.jobs.limits import merged
from generation.jobs.rounds import redraws_allowed
from generation.jobs.running import RunningJob
from generation.jobs.text_lengths import CHARACTERS, CHARACTERS_PER_TOKEN
from generation.jobs.token_counts import count_tokens, request_characters
from generation.recipes.order import Order
from generation.worker.budget import dollars_text

CALL_TOKENS = 8
"""Tokens that a server's own marks around a prompt are taken to have."""

UNKNOWN = "at a price that isn't known"


@dataclass(frozen=True)
class Estimate:
    """What a job takes.

    Attributes:
        name: The dataset's.
        calls: The calls that are likely, if nothing that a model writes is dropped.
        usage: The tokens that they take.
        dollars: What they cost; None where the model's price isn't known.
        most_calls: The most calls that there can be.
        most: The most tokens that these can take, each prompt a token a byte and each reply as long as it may be.
        most_dollars: What those cost, or the budget if that is less; None where the price isn't known.
        limits: The job's; a budget is never exceeded.
        counted: Whether the server counted the tokens of prompts, on some of them; else characters did.
        unsure: Whether it isn't known if the server gives probabilities; it is taken to.
        lengths: How long texts are taken to be that have yet to be written, in characters.
    """

    name: str
    calls: int
    usage: Usage
    dollars: Decimal | None
    most_calls: int
    most: Usage
    most_dollars: Decimal | None
    limits: Limits
    counted: bool
    unsure: bool
    lengths: tuple[int, ...]

    @property
    def sentence(self) -> str:
        """Both figures and how they come about, for people."""
        price = UNKNOWN if self.dollars is None else f"about {dollars_text(self.dollars)}"
        return f"about {_calls(self.calls, self.usage)}: {price}; at most {self._most()} ({'; '.join(self._rules())})"

    def _most(self) -> str:
        tokens = self.limits.budget_tokens
        if tokens is not None and tokens < self.most.input_tokens + self.most.output_tokens:
            price = UNKNOWN if self.most_dollars is None else dollars_up(self.most_dollars)
            return f"the budget, {tokens:,} tokens, {price}"
        if self.most_dollars is None:
            return f"{_calls(self.most_calls, self.most)}, {UNKNOWN}"
        if self.most_dollars == self.limits.budget_usd:
            return f"the budget, {dollars_up(self.most_dollars)}"
        return f"{dollars_up(self.most_dollars)}, if there are {self.most_calls:,} calls, each as long as it may be"

    def _rules(self) -> Sequence[str]:
        lengths = " or ".join(f"{length:,}" for length in self.lengths)
        return [
            "prompts counted by the server" if self.counted else f"{CHARACTERS_PER_TOKEN} characters a token",
            f"a text not written yet as {lengths} characters, without thoughts",
            *(["a call for each judgement, as where the server gives log-probabilities"] if self.unsure else []),
        ]

    def as_json(self) -> dict[str, Any]:
        """Returns it as it is printed as JSON; what isn't known is null."""
        return {
            "dataset": self.name,
            "calls": self.calls,
            "tokens_read": self.usage.input_tokens,
            "tokens_written": self.usage.output_tokens,
            "dollars": None if self.dollars is None else float(self.dollars),
            "most_calls": self.most_calls,
            "most_tokens_read": self.most.input_tokens,
            "most_tokens_written": self.most.output_tokens,
            "most_dollars": None if self.most_dollars is None else float(self.most_dollars),
            "counted_by": "server" if self.counted else "characters",
        }


def estimate(
    order: Order,
    *,
    engine: str,
    model: str,
    count: int,
    rounds: int,
    limits: Limits = NO_LIMITS,
    seed: int | None = None,
    probabilities: bool | None = None,
    ask: bool = False,
) -> Estimate:
    """Returns what a job takes, about and at most.

    Args:
        order: What is asked for.
        engine: The engine's name.
        model: A model id; "" is the engine's default.
        count: Examples to select, all labels together.
        rounds: In how many rounds.
        limits: Of the job, before what the behaviour file and the recipe say.
        seed: The job's; without it the most is over whatever rows of its inputs it may draw.
        probabilities: Whether the server gives probabilities, where that is known.
        ask: Whether the server is asked, where its key is set, to count some prompts; waits a few seconds at most.

    Raises:
        InputError: if there is no such engine, or the price file can't be used.
    """
    own = merged(limits, order.behavior.limits, order.recipe.limits)
    lacking = replace(own, leave_out=(*(own.leave_out or ()), "logprobs")) if probabilities is False else own
    made = make_engine(engine, model, lacking)
    job = _job(order, engine, model, count, rounds, seed)
    running = RunningJob(order.recipe, order.behavior, made, order.inputs)
    found = expected_calls(job, running, any_rows=seed is None, redraws=redraws_allowed(order.recipe, own))
    counted = count_tokens(engine, model, found.likely) if ask else {}
    known = engine != "openai-compatible" or probabilities is not None
    usage, calls = _usage(found.likely, counted), round(sum(each.calls for each in found.likely))
    return Estimate(
        order.behavior.name,
        calls,
        usage,
        cost(engine, model_for(engine, model), usage),
        found.most_calls,
        found.most,
        _most_dollars(engine, model_for(engine, model), found, own),
        own,
        bool(counted),
        not known and bool(order.recipe.judges),
        _lengths(order, engine),
    )


def dollars_up(dollars: Decimal) -> str:
    """Returns an amount in cents, or below one in two digits, that is no less than it is."""
    place = Decimal("0.01") if dollars >= Decimal("0.01") or not dollars else Decimal(1).scaleb(dollars.adjusted() - 1)
    return f"${dollars.quantize(place, ROUND_UP):,f}"


def _job(order: Order, engine: str, model: str, count: int, rounds: int, seed: int | None) -> Job:
    """Returns the job as it would be stored."""
    labels = len(order.recipe.intended_answers)
    per_label = max(1, count // labels)
    return Job(
        id=0,
        dataset_id=0,
        dataset=order.behavior.name,
        recipe=order.recipe.name,
        engine=engine,
        model=model,
        count=per_label * labels,
        rounds=min(rounds, per_label),
        round=0,
        seed=seed or 0,
        keep_open=False,
        state="queued",
        note="",
        items=0,
        items_done=0,
        items_failed=0,
        candidates=0,
        selected=0,
        input_tokens=0,
        output_tokens=0,
    )


def _usage(likely: Sequence[Likely], tokens_per_character: Mapping[str, float]) -> Usage:
    """Returns the tokens that likely calls take."""
    read = sum(
        each.calls
        * (request_characters(each.request) * tokens_per_character[each.stage]
           if each.stage in tokens_per_character
           else request_characters(each.request) / CHARACTERS_PER_TOKEN + CALL_TOKENS)
        for each in likely
    )  # fmt: skip
    return Usage(round(read), round(sum(each.calls * each.written for each in likely)))


def _most_dollars(engine: str, model: str, found: Expected, limits: Limits) -> Decimal | None:
    """Returns the most that a job can cost: what its calls can, each rounded up as it is stored, or its budget."""
    most = cost(engine, model, found.most)
    if most is None:
        return None
    bounds = [most + Decimal(found.most_calls).scaleb(-9)] if most else [most]
    if limits.budget_usd is not None:
        bounds.append(limits.budget_usd)
    if limits.budget_tokens is not None:
        either = (cost(engine, model, Usage(limits.budget_tokens)), cost(engine, model, Usage(0, limits.budget_tokens)))
        bounds.append(max(price for price in either if price is not None))
    return min(bounds)


def _calls(calls: int, usage: Usage) -> str:
    return f"{calls:,} calls, {usage.input_tokens:,} tokens read and {usage.output_tokens:,} written"


def _lengths(order: Order, engine: str) -> tuple[int, ...]:
    parsers = filter(None, (stage.parser(engine) for stage in order.recipe.stages))
    return tuple(dict.fromkeys(CHARACTERS[parser] for parser in parsers))
