"""What the tables of generation hold, as frozen dataclasses with plain field names."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

JobState = Literal["queued", "running", "waiting", "paused", "done", "short", "cancelled", "failed"]
"""`waiting` is shown and never stored: a job that is queued or running, while no worker takes it up."""


@dataclass(frozen=True)
class Limits:
    """What a job may take; `None` is no limit, or the engine's own.

    Attributes:
        concurrency: Calls in flight.
        requests_per_minute: Calls begun in a minute.
        tokens_per_minute: Tokens read and written in a minute.
        budget_usd: US dollars that the job may cost in all.
        budget_tokens: Tokens that the job may read and write in all.
        batch_size: The most requests in one batch.
        call_seconds: How long a call may take before it counts as lost.
        failures_in_a_row: How many calls may fail, with none between that succeeds, before the job pauses.
        redraws: How often a round may draw again for a label that came out short.
        leave_out: Settings that the server refuses, which are not sent.
    """

    concurrency: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    budget_usd: Decimal | None = None
    budget_tokens: int | None = None
    batch_size: int | None = None
    call_seconds: int | None = None
    failures_in_a_row: int | None = None
    redraws: int | None = None
    leave_out: tuple[str, ...] | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Job:
    """A durable run of a recipe, with the counters that a live screen needs; see also `JobTexts`.

    Attributes:
        cost_nanodollars: What its calls cost so far, in billionths of a US dollar; those without a known price,
            `unpriced_calls` of them, are not in it.
        queued_by: The user name of whoever queued it, as the workspace says.
    """

    id: int
    dataset_id: int
    dataset: str
    recipe: str
    engine: str
    model: str
    count: int
    rounds: int
    round: int
    seed: int
    keep_open: bool
    state: JobState
    note: str
    items: int
    items_done: int
    items_failed: int
    candidates: int
    selected: int
    input_tokens: int
    output_tokens: int
    limits: Limits = NO_LIMITS
    cost_nanodollars: int = 0
    unpriced_calls: int = 0
    created_at: str = ""
    started_at: str | None = None
    finished_at: str | None = None
    queued_by: str = ""

    @property
    def cost_usd(self) -> Decimal:
        """What the calls with a known price cost so far, in US dollars."""
        return Decimal(self.cost_nanodollars) / 10**9

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen unless a person asks."""
        return self.state in {"done", "short", "cancelled", "failed"}


@dataclass(frozen=True)
class JobTexts:
    """What a job was made from, as it was read then.

    Attributes:
        recipe: The recipe file.
        behavior: The behaviour file.
        inputs: The rows of the input files, by the recipe's names for them.
    """

    recipe: str
    behavior: str
    inputs: dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class WorkItem:
    """One engine call to make; fenced by `lease` and `attempt`."""

    id: int
    job_id: int
    round: int
    stage: str
    ordinal: int
    candidate_id: int | None
    payload: dict[str, Any]
    attempt: int
    lease: str


@dataclass(frozen=True)
class Call:
    """A call that an engine answered: the prompt as sent, the reply as it came; its cost is None if unknown."""

    prompt: dict[str, Any]
    reply: dict[str, Any]
    model: str
    input_tokens: int
    output_tokens: int
    seconds: float
    cost_nanodollars: int | None = None


@dataclass(frozen=True)
class NewCandidate:
    """A candidate that a stage makes.

    Attributes:
        ordinal: Its place among those of the same call, candidate or file.
        intended: The intended label, or empty where the recipe's examples have none of their own.
        text: What the last stage wrote.
        born: The stage that makes it.
        fields: What is known of it by name, for prompts and for the example: texts, numbers, lists of texts.
        wording: The name of the behaviour's wording that wrote it.
        problem: Why it is dropped at once, as what couldn't be parsed, or empty.
    """

    ordinal: int
    intended: str
    text: str
    born: str
    fields: dict[str, Any] = field(default_factory=dict)
    wording: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Candidate:
    """An example before selection, and its fate; see also `NewCandidate`.

    Attributes:
        parent_id: The candidate that it was made from, where a stage makes several of one.
        original_text: What was written first, where a stage has rewritten it.
        fate: `waiting`, `used` (others were made from it), `selected` or `dropped`.
        stage: Where it waits or ended.
        twin_id: The candidate that it repeats.
        scores: What each judge gave: by stage, and replies without an answer under `unread`.
    """

    id: int
    job_id: int
    round: int
    parent_id: int | None
    wording: str
    born: str
    intended: str
    text: str
    original_text: str | None
    fields: dict[str, Any]
    fate: str
    stage: str
    reason: str
    twin_id: int | None
    scores: dict[str, Any]
    label_confidence: float | None
    example_id: int | None
