"""A job's budget. It is never exceeded: a call is made only if even its longest reply fits what is left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from db.job_records import Job
from generation.engines.prices import cost
from generation.engines.protocol import Engine, JudgeRequest, SampleRequest, Usage
from generation.engines.registry import model_for

OVERHEAD = 1_000
"""Tokens that a server may add to a prompt: a system prompt of its own, the schema of an answer."""


@dataclass(frozen=True)
class Amount:
    """Tokens and US dollars."""

    tokens: int = 0
    dollars: Decimal = Decimal(0)

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.tokens + other.tokens, self.dollars + other.dollars)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.tokens - other.tokens, self.dollars - other.dollars)


def most_usage(engine: Engine, request: SampleRequest | JudgeRequest) -> Usage:
    """Returns the most tokens that a call can take: no token is shorter than a byte."""
    prompt = request.prompt
    read = len((prompt.system + prompt.user + prompt.reply).encode("utf-8", "replace")) + OVERHEAD
    if isinstance(request, SampleRequest):
        return Usage(read, request.sampling.max_tokens * request.count)
    read += sum(len(answer.encode("utf-8", "replace")) for answer in request.answers)
    return Usage(read, engine.judge_tokens if request.max_tokens is None else request.max_tokens)


class Purse:
    """What a job has spent, and what is held back for calls whose cost isn't stored yet."""

    def __init__(self) -> None:
        self._job: Job | None = None
        self._spent = Amount()
        self._reserved = Amount()
        self._held: dict[int, Amount] = {}

    def refresh(self, job: Job, stored: Iterable[int]) -> None:
        """Takes note of a job as the workspace has it, with the calls of these items stored and counted in it."""
        self._job = job
        self._spent = Amount(job.input_tokens + job.output_tokens, job.cost_usd)
        for item_id in stored:
            self._keep(item_id, None)

    def hold(
        self, item_id: int, engine: Engine, request: SampleRequest | JudgeRequest, *, begun: bool = False
    ) -> bool:  # fmt: skip
        """Holds back the most that a call can cost; false, and nothing is held, if that is more than is left.

        Args:
            item_id: Which call.
            engine: What makes it.
            request: What it asks.
            begun: Whether it is under way already, and so costs what it costs.
        """
        if self._job is None or not self._is_limited(self._job):
            return True
        most = self._amount(self._job, most_usage(engine, request))
        if begun:
            self._keep(item_id, most)
            return True
        total = self._spent + self._reserved + most
        limits = self._job.limits
        if limits.budget_tokens is not None and total.tokens > limits.budget_tokens:
            return False
        if limits.budget_usd is not None and total.dollars > limits.budget_usd:
            return False
        self._keep(item_id, most)
        return True

    def settle(self, item_id: int, usage: Usage) -> None:
        """Holds back what a call took in fact, until it is stored."""
        if self._job is not None and item_id in self._held:
            self._keep(item_id, self._amount(self._job, usage))

    def sentence(self) -> str:
        """Returns why the job stops, and how it goes on."""
        assert self._job is not None
        limits, spent = self._job.limits, self._spent + self._reserved
        parts = []
        if limits.budget_usd is not None:
            parts.append(f"${limits.budget_usd} ({dollars_text(spent.dollars)} spent)")
        if limits.budget_tokens is not None:
            parts.append(f"{limits.budget_tokens:,} tokens ({spent.tokens:,} taken)")
        return (
            f"The budget of {' and '.join(parts)} has no room for another call; `evalwright jobs resume {self._job.id} "
            f"--budget-{'usd' if limits.budget_usd is not None else 'tokens'} MORE` goes on."
        )

    def _keep(self, item_id: int, amount: Amount | None) -> None:
        """Holds another amount, or none, for an item."""
        self._reserved -= self._held.pop(item_id, Amount())
        if amount is not None:
            self._held[item_id] = amount
            self._reserved += amount

    def _is_limited(self, job: Job) -> bool:
        return job.limits.budget_usd is not None or job.limits.budget_tokens is not None

    def _amount(self, job: Job, usage: Usage) -> Amount:
        dollars = cost(job.engine, model_for(job.engine, job.model), usage) or Decimal(0)
        return Amount(usage.input_tokens + usage.output_tokens, dollars)


def dollars_text(dollars: Decimal) -> str:
    """Returns an amount as people read it: cents, and more digits only below one cent."""
    if dollars and dollars < Decimal("0.01"):
        return f"${dollars:.2g}" if dollars >= Decimal("0.0001") else "less than $0.0001"
    return f"${dollars:,.2f}"
