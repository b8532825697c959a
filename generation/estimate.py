"""What a job will cost, before it begins: a rule of thumb, told as such."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from generation.engines.prices import cost
from generation.engines.protocol import Usage
from generation.engines.registry import model_for
from generation.orders import Order
from generation.stages.judge import JudgeStage
from generation.stages.revise import ReviseStage
from generation.stages.sample import SampleStage

CHARACTERS_PER_TOKEN = 4
TOKENS_WRITTEN = 40
"""Output tokens for each text that a model writes."""

TOKENS_VOTED = 20


@dataclass(frozen=True)
class Estimate:
    """Calls and tokens of a job if no stage drops anything; `dollars` is None where the model's price is unknown."""

    calls: int
    usage: Usage
    dollars: Decimal | None

    @property
    def sentence(self) -> str:
        """The estimate and its rule, for people."""
        price = "at a price that isn't known" if self.dollars is None else f"${self.dollars:,.2f}"
        return (
            f"about {price} at most: {self.calls:,} calls, {self.usage.input_tokens:,} tokens read and "
            f"{self.usage.output_tokens:,} written (a rule of thumb: {CHARACTERS_PER_TOKEN} characters a token, "
            f"{TOKENS_WRITTEN} tokens a text, {TOKENS_VOTED} a vote)"
        )


def estimate(order: Order, *, engine: str, model: str, count: int) -> Estimate:
    """Returns what a job takes at most.

    Args:
        order: What is asked for.
        engine: The engine's name.
        model: A model id; "" is the engine's default.
        count: Examples to select, all labels together.
    """
    calls = read = written = 0
    texts = count  # that come to a stage
    for stage in order.recipe.stages:
        if isinstance(stage, SampleStage):
            drawing = stage.drawing(engine)
            texts = count * drawing.per_kept if drawing.per_kept else texts * drawing.draws
            made = -(-texts // drawing.per_call)
            length = len(drawing.prompt) + len(drawing.reply) + len(order.behavior.description)
            written += texts * TOKENS_WRITTEN
        elif isinstance(stage, JudgeStage):
            question = stage.question(engine)
            made = texts * question.votes
            length = len(question.prompt) + len(order.behavior.description) + TOKENS_WRITTEN * CHARACTERS_PER_TOKEN
            written += made * TOKENS_VOTED
        elif isinstance(stage, ReviseStage):
            made, length = 2 * texts, 4 * TOKENS_WRITTEN * CHARACTERS_PER_TOKEN
            written += made * TOKENS_WRITTEN
        else:
            continue
        calls += made
        read += made * -(-length // CHARACTERS_PER_TOKEN)
    usage = Usage(read, written)
    return Estimate(calls, usage, cost(engine, model_for(engine, model), usage))
