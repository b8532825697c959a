"""Recipes: how candidates are made, as data.

One idea, from Perez et al. 2022 (arXiv 2212.09251), section 2: draw x from p_g(x | label), score it with
p_d(label | x), and keep the best per label. A recipe file states the prompts, the stop rule, the parser, the checks
and the selection; nothing of a recipe is code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TypeVar

from db.errors import InputError
from db.records import NO_LIMITS, Limits
from generation.checks import Checks
from generation.engines.protocol import Prompt, Sampling
from generation.engines.registry import ENGINES
from generation.limits import read_limits
from generation.parsers import PARSERS
from generation.prompts import fill, placeholders
from review.toml_file import Section, parse, read_text

Stage = TypeVar("Stage")

KINDS = ("persona",)
"""The kinds of example that a recipe can make."""

ALWAYS_KNOWN = {"description"}
SAMPLE_KNOWN = {*ALWAYS_KNOWN, "slot", "per_call"}


@dataclass(frozen=True)
class Label:
    """One direction in which candidates are written: the answer they are meant to have, and words for the prompts."""

    intended: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class SampleStage:
    """How candidates are drawn.

    Attributes:
        prompt: Template of what is asked; `reply` of the reply begun for the model.
        sampling: Settings.
        parser: Name of what reads candidates from a reply; see `generation.parsers`.
        per_call: The most candidates that one reply may hold, at least 1.
        per_kept: Candidates drawn per example kept, at least 1.
    """

    prompt: str
    reply: str
    sampling: Sampling
    parser: str
    per_call: int
    per_kept: int


@dataclass(frozen=True)
class JudgeStage:
    """How candidates are scored: a prompt and, per choice in order, the reply that stands for it.

    Attributes:
        votes: How often an engine without probabilities is asked.
    """

    prompt: str
    answers: tuple[str, ...]
    votes: int


@dataclass(frozen=True)
class Recipe:
    """A recipe, with its stages for each engine that has a section of its own."""

    name: str
    summary: str
    kind: str
    question: str
    choices: tuple[str, ...]
    labels: tuple[Label, ...]
    samples: Mapping[str, SampleStage]
    judges: Mapping[str, JudgeStage]
    checks: Checks
    balance: bool
    text: str
    limits: Limits = NO_LIMITS

    def sample(self, engine: str) -> SampleStage:
        """Returns how candidates are drawn on this engine."""
        return for_engine(self.samples, engine)

    def judge(self, engine: str) -> JudgeStage:
        """Returns how candidates are scored on this engine."""
        return for_engine(self.judges, engine)

    def label(self, intended: str) -> Label:
        """Returns the label of that answer."""
        return next(label for label in self.labels if label.intended == intended)

    def sample_prompt(self, engine: str, label: Label, description: str, slot: int) -> Prompt:
        """Returns the prompt that draws candidates for a label, exactly as it is sent."""
        stage = self.sample(engine)
        values = {
            **label.words,
            "description": description,
            "slot": str(slot),
            "per_call": str(stage.per_call),
        }
        return Prompt(user=fill(stage.prompt, values), reply=fill(stage.reply, values))

    def judge_prompt(self, engine: str, description: str, text: str) -> Prompt:
        """Returns the prompt that scores a candidate, exactly as it is sent."""
        return Prompt(user=fill(self.judge(engine).prompt, {"description": description, "text": text}))

    def question_of(self, text: str) -> str:
        """Returns the question that an example of this text asks a model."""
        return fill(self.question, {"text": text})


def for_engine(stages: Mapping[str, Stage], engine: str) -> Stage:
    """Returns the section of a stage for an engine: its own, that of the engine it is like, or the general one."""
    facts = ENGINES.get(engine)
    return stages.get(engine) or stages.get((facts and facts.like) or "") or stages[""]


def published_recipes() -> list[str]:
    """Returns the names of the recipes that come with evalwright."""
    folder = resources.files("generation").joinpath("recipe_files")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_recipe(name: str, beside: Path | None = None) -> Recipe:
    """Loads a recipe by name, or from a file.

    Args:
        name: One of `published_recipes()`, or a path ending in .toml, taken from `beside` if it is relative.
        beside: A folder.

    Raises:
        InputError: naming file, line and key, or the recipes that exist.
    """
    if name.endswith(".toml"):
        path = (beside or Path()) / name
        return parse_recipe(str(path), read_text(path))
    if name not in published_recipes():
        raise InputError(
            f"There is no recipe named {name}; there are {', '.join(published_recipes())}, or name a .toml file."
        )
    text = resources.files("generation").joinpath("recipe_files", f"{name}.toml").read_text(encoding="utf-8")
    return parse_recipe(f"recipe {name}", text)


def parse_recipe(source: str, text: str) -> Recipe:
    """Reads a recipe from its text; `source` is what messages call it."""
    section = parse(source, text)
    example = section.section("example")
    select = section.section("select", optional=True)
    choices = _choices(example)
    recipe = Recipe(
        name=section.text("name"),
        summary=section.text("summary", ""),
        kind=_one_of(section, "kind", section.text("kind"), KINDS),
        question=example.text("question"),
        choices=choices,
        labels=_labels(section.sections("label"), choices),
        samples=_stages(section.section("sample"), _sample),
        judges=_stages(section.section("judge"), lambda judge, base: _judge(judge, base, choices)),
        checks=Checks.read(section.section("check", optional=True)),
        balance=select.boolean("balance", default=True),
        text=text,
        limits=read_limits(section.section("limits", optional=True)),
    )
    for part in (example, select, section):
        part.refuse_unknown()
    _check_placeholders(section, recipe)
    return recipe


def _choices(section: Section) -> tuple[str, ...]:
    choices = section.texts("choices")
    if len(choices) < 2 or len(set(choices)) < len(choices) or not all(choice.strip() for choice in choices):
        raise section.error("choices", "must be at least two different texts, none of them blank")
    return choices


def _labels(sections: Sequence[Section], choices: tuple[str, ...]) -> tuple[Label, ...]:
    labels: list[Label] = []
    for section in sections:
        label = Label(section.text("intended"), section.words("words"))
        if label.intended not in choices:
            raise section.error("intended", f"is not among the choices {list(choices)}")
        if label.intended in {earlier.intended for earlier in labels}:
            raise section.error("intended", f"is {label.intended!r}, which an earlier label has")
        if taken := SAMPLE_KNOWN & label.words.keys():
            raise section.error("words", f"can't give {{{min(taken)}}} another meaning")
        for word in label.words.values():
            _refuse_placeholders(section, "words", word, set())
        section.refuse_unknown()
        labels.append(label)
    return tuple(labels)


def _stages(section: Section, read: Callable[[Section, Stage | None], Stage]) -> dict[str, Stage]:
    """Reads a stage and the sections that engines have of it, by engine; "" is every other engine."""
    own = section.named_sections("engine", tuple(ENGINES))
    stages = {"": read(section, None)}
    section.refuse_unknown()
    for engine, part in own.items():
        stages[engine] = read(part, stages[""])
        part.refuse_unknown()
    return stages


def _sample(section: Section, base: SampleStage | None) -> SampleStage:
    """Reads a sample stage. An engine's section states its sampling settings anew; the rest it may leave out."""
    return SampleStage(
        prompt=section.text("prompt", base.prompt if base else None),
        reply=section.text("reply", base.reply if base else ""),
        sampling=Sampling(
            max_tokens=section.integer("max_tokens"),
            temperature=section.number("temperature", least=0),
            top_p=section.number("top_p", least=0.01, most=1),
            stop=section.texts("stop", ()),
        ),
        parser=_one_of(section, "parser", section.text("parser", base.parser if base else None), PARSERS),
        per_call=section.integer("per_call", base.per_call if base else 1),
        per_kept=section.integer("per_kept", base.per_kept if base else None),
    )


def _judge(section: Section, base: JudgeStage | None, choices: tuple[str, ...]) -> JudgeStage:
    answers = section.texts("answers", base.answers if base else None)
    if len(answers) != len(choices) or len(set(answers)) != len(answers):
        raise section.error("answers", f"must be {len(choices)} different texts, one per choice in order")
    return JudgeStage(
        prompt=section.text("prompt", base.prompt if base else None),
        answers=answers,
        votes=section.integer("votes", base.votes if base else 5),
    )


def _check_placeholders(section: Section, recipe: Recipe) -> None:
    """A prompt that is never filled in scores all items alike: every placeholder must have a value."""
    for stage in recipe.samples.values():
        for label in recipe.labels:
            _refuse_placeholders(section, "sample", stage.prompt + stage.reply, SAMPLE_KNOWN | label.words.keys())
    for judge in recipe.judges.values():
        _refuse_placeholders(section, "judge", judge.prompt, {*ALWAYS_KNOWN, "text"})
        if "text" not in placeholders(judge.prompt):
            raise section.error("judge", "has a prompt without {text}, so that it would score all candidates alike")
    _refuse_placeholders(section, "example", recipe.question, {"text"})
    if "text" not in placeholders(recipe.question):
        raise section.error("example", "has a question without {text}")


def _one_of(section: Section, key: str, value: str, known: Iterable[str]) -> str:
    if value not in known:
        raise section.error(key, f"is {value!r}; there are {', '.join(known)}")
    return value


def _refuse_placeholders(section: Section, key: str, template: str, known: set[str]) -> None:
    unknown = placeholders(template) - known
    if unknown:
        there = f"there are {', '.join(sorted(known))}" if known else "nothing is filled in here"
        raise section.error(key, f"uses {{{min(unknown)}}}, which has no value; {there}")
