"""Does the model grasp the concept? The discriminator, tried on the author's own examples before it is trusted.

Perez et al. 2022 (arXiv 2212.09251) name it as a limit of the method: models fail on concepts that they don't grasp.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from generation.engines.protocol import Engine
from generation.engines.registry import make_engine
from generation.recipes.behaviors import HandWritten
from generation.recipes.order import Order
from generation.recipes.prompts import placeholders
from generation.recipes.stages.judge import JudgeStage, is_lone_vote, mean_probabilities
from generation.recipes.stages.scope import Asked
from generation.worker.retries import patiently
from review.stats.measure import Interval
from review.stats.shares import wilson

GRASPED = 0.75
"""The share of right answers from which a concept counts as grasped; chance is a half for two labels."""

LEAST_EXAMPLES = 6
"""The fewest examples that tell anything: of six, all right are more than chance gives (Wilson's bound is 61 %)."""

ALWAYS_GIVEN = {"text", "description"}


@dataclass(frozen=True)
class Tried:
    """One of the author's examples as the discriminator sees it.

    Attributes:
        confidence: The probability of the author's label (or the share of votes); None if no reply could be read.
        right: Whether it is the most probable label; None likewise.
    """

    text: str
    label: str
    confidence: float | None
    right: bool | None


@dataclass(frozen=True)
class Comprehension:
    """What the discriminator makes of the author's examples.

    Attributes:
        stage: The judge that was tried.
        unread: How many examples had no readable reply: no answer, and no wrong one either.
        accuracy: The share of right answers among the others; None without any.
        confidence: Their mean probability of the author's label; None without any.
        interval: Wilson's 95 % interval of the accuracy: where it lies for all examples like the author's.
    """

    stage: str
    tried: tuple[Tried, ...]
    unread: int
    accuracy: float | None
    confidence: float | None
    interval: Interval

    @property
    def grasped(self) -> bool | None:
        """Whether the model seems to grasp the concept; None if nothing can be said."""
        return None if self.accuracy is None else self.accuracy >= GRASPED

    @property
    def sentence(self) -> str:
        """What it comes to, in a sentence."""
        if self.accuracy is None or self.confidence is None:
            return "The model gave no readable answer on your own examples: nothing can be said of what it grasps."
        right = sum(one.right is True for one in self.tried)
        lower, upper = 100 * self.interval.lower, 100 * self.interval.upper
        said = (
            f"On your own examples the model is right in {right} of {len(self.tried) - self.unread} (of all examples "
            f"like them in {lower:.0f} to {upper:.0f} %, Wilson's 95 % interval), with a mean confidence of "
            f"{100 * self.confidence:.0f} % in your labels"
        )
        if self.grasped:
            by_chance = 1 / len({one.label for one in self.tried})
            if self.interval.lower > by_chance:
                return f"{said}: it grasps the concept."
            return f"{said}: it seems to grasp the concept, but guessing might do as well; more examples would tell."
        seems = "does not grasp" if self.interval.upper < GRASPED else "does not seem to grasp"
        return f"{said}: it {seems} the concept, so its labels and its choice of examples mean little."


def label_judge(order: Order) -> JudgeStage | None:
    """Returns the recipe's judge of the label if the author's examples can be put to it, or None."""
    own = ALWAYS_GIVEN.union(*(label.words for label in order.recipe.labels))
    for stage in order.recipe.judges:
        asked = stage.question("")
        needed = set().union(placeholders(asked.prompt), *(placeholders(answer) for answer in asked.answers))
        if stage.wanted is None and needed <= own:
            return stage
    return None


def check_hand_written(order: Order) -> None:
    """Refuses examples of the author's that can't be put to the discriminator.

    Raises:
        InputError: naming file and line.
    """
    behavior, recipe = order.behavior, order.recipe
    if not behavior.hand_written:
        return
    if label_judge(order) is None:
        raise behavior.error("hand_written", f"can't be tried: the recipe {recipe.name} has no judge of a text's label")
    labels = {choice.strip(): choice for choice in recipe.choices}
    for example in behavior.hand_written:
        if example.label.strip() not in labels:
            raise behavior.error("hand_written", f"has the label {example.label!r}; there are {', '.join(labels)}")
    if len({example.label.strip() for example in behavior.hand_written}) < 2:
        raise behavior.error("hand_written", "has examples of one label only; give some of both")
    if (number := len(behavior.hand_written)) < LEAST_EXAMPLES:
        raise behavior.error(
            "hand_written",
            f"has {number} examples, and what a model makes of fewer than {LEAST_EXAMPLES} may be chance: give "
            f"{LEAST_EXAMPLES - number} more, or none",
        )


async def comprehend(
    order: Order,
    *,
    engine: str,
    model: str,
    engines: Callable[[str, str], Engine] = make_engine,
    tell: Callable[[str], None] = lambda _: None,
) -> Comprehension | None:
    """Tries the discriminator on an engine made for this alone; see `try_out`."""
    made = engines(engine, model)
    try:
        await made.prepare(tell)
        return await try_out(order, engine, made)
    finally:
        await made.close()


async def try_out(order: Order, engine_name: str, engine: Engine) -> Comprehension | None:
    """Tries the discriminator on the author's examples; None if there are none.

    Raises:
        EngineError: if the engine can't be asked.
        InputError: if the examples can't be put to it.
    """
    check_hand_written(order)
    stage = label_judge(order)
    if stage is None or not order.behavior.hand_written:
        return None
    tried = [await _try(order, stage, engine_name, engine, example) for example in order.behavior.hand_written]
    known = [one for one in tried if one.confidence is not None]
    right = sum(one.right is True for one in known)
    return Comprehension(
        stage.name,
        tuple(tried),
        len(tried) - len(known),
        right / len(known) if known else None,
        sum(one.confidence or 0.0 for one in known) / len(known) if known else None,
        wilson(right, len(known)),
    )


async def _try(order: Order, stage: JudgeStage, engine_name: str, engine: Engine, example: HandWritten) -> Tried:
    recipe = order.recipe
    label = next(choice for choice in recipe.choices if choice.strip() == example.label.strip())
    values = {**recipe.words(label), "text": example.text, "description": order.behavior.description}
    votes: list[Sequence[float] | None] = []
    for vote in range(stage.question(engine_name).votes):
        request = stage.request(Asked(engine_name, values, label, {"seed": vote}, order.inputs))
        judgement = await patiently(partial(engine.judge, request))
        if judgement.probabilities is not None:
            votes.append(judgement.probabilities)
            break  # Probabilities need no other vote.
        if judgement.answer is not None:
            votes.append([float(place == judgement.answer) for place in range(len(recipe.choices))])
    mean = mean_probabilities(votes)
    if mean is None or is_lone_vote(votes):
        return Tried(example.text, label, None, None)
    place = recipe.choices.index(label)
    return Tried(example.text, label, mean[place], all(mean[place] > p for i, p in enumerate(mean) if i != place))
