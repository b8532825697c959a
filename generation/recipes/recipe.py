"""Recipes: how candidates are made, as data.

One idea, from Perez et al. 2022 (arXiv 2212.09251), section 2: draw x from p_g(x | label), score it with
p_d(label | x) and p_d(requirement | x, label), rank by the mean, and keep the best per label. A recipe file names the
stages and states their prompts, rules and settings; nothing of a recipe is code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from db.candidates import PARSE
from db.errors import InputError
from db.job_records import NO_LIMITS, Limits
from generation.engines.protocol import Sampling
from generation.jobs.limits import read_limits
from generation.recipes.inputs import InputShape, read_shape
from generation.recipes.prompts import fill, fill_value, placeholders
from generation.recipes.stages import STAGES
from generation.recipes.stages.drawing import OWN
from generation.recipes.stages.judge import JudgeStage
from generation.recipes.stages.scope import Scope, one_of, refuse_placeholders
from generation.recipes.stages.select import SelectStage
from generation.recipes.stages.stage import Stage
from review.text.toml import Section, parse, read_text

USUAL_STAGES = ("sample", "check", "deduplicate", "judge", "select")
KINDS = ("persona", "multiple-choice", "winogenerated")
"""The kinds of example that a recipe can make."""

ALWAYS_KNOWN = ("description",)


@dataclass(frozen=True)
class Label:
    """One direction in which candidates are written: the answer they are meant to have, and words for the prompts."""

    intended: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class Recipe:
    """A recipe.

    Attributes:
        kind: The shape of the rows that ship.
        question: Template of what a model is asked.
        choices: The answers on offer; empty where each example has its own in its field `choices`.
        row: Templates of the row's further fields.
        labels: The directions in which candidates are written; empty where their fields tell the intended answer.
        inputs: What it draws on beyond the behaviour file.
        stages: In order; the last is the selection.
        text: The file as it was read; a job keeps it.
    """

    name: str
    summary: str
    kind: str
    question: str
    choices: tuple[str, ...]
    row: Mapping[str, str]
    labels: tuple[Label, ...]
    inputs: Mapping[str, InputShape]
    stages: tuple[Stage, ...]
    text: str
    limits: Limits = NO_LIMITS

    def stage(self, name: str) -> Stage:
        """Returns a stage by name."""
        return next(stage for stage in self.stages if stage.name == name)

    def after(self, name: str) -> Sequence[Stage]:
        """Returns the stages that follow one."""
        names = [stage.name for stage in self.stages]
        return self.stages[names.index(name) + 1 :]

    @property
    def selection(self) -> SelectStage:
        """The last stage."""
        return self.stages[-1].as_selection()

    @property
    def judges(self) -> tuple[JudgeStage, ...]:
        """The stages that score candidates."""
        return tuple(judge for stage in self.stages if (judge := stage.as_judge()) is not None)

    @property
    def intended_answers(self) -> tuple[str, ...]:
        """The labels' answers; one empty text where there are no labels."""
        return tuple(label.intended for label in self.labels) or ("",)

    def words(self, intended: str) -> Mapping[str, str]:
        """Returns the words of the label with that answer, if there is one."""
        return next((label.words for label in self.labels if label.intended == intended), {})

    def samplings(self, engine: str) -> list[tuple[str, Sampling, str]]:
        """Returns how this engine is to sample: by stage its name, the settings, and the reply begun, if any."""
        found = [(stage.name, stage.sampling(engine)) for stage in self.stages]
        return [(name, *sampling) for name, sampling in found if sampling is not None]

    def question_of(self, values: Mapping[str, Any]) -> str:
        """Returns the question that an example of these values asks a model."""
        return fill(self.question, values)

    def row_fields(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the row's further fields; numbers and lists stay what they are."""
        return {name: fill_value(template, values) for name, template in self.row.items()}


def published_recipes() -> list[str]:
    """Returns the names of the recipes that come with evalwright."""
    folder = resources.files("generation.recipes").joinpath("recipe_files")
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
        raise InputError(f"There is no recipe named {name}; {ways_to_name_one()}.")
    text = resources.files("generation.recipes").joinpath("recipe_files", f"{name}.toml").read_text(encoding="utf-8")
    return parse_recipe(f"recipe {name}", text)


def ways_to_name_one() -> str:
    """Returns what a recipe may be named by."""
    return f"there are {', '.join(published_recipes())}, or name a .toml file"


def parse_recipe(source: str, text: str) -> Recipe:
    """Reads a recipe from its text; `source` is what messages call it."""
    section = parse(source, text)
    example = section.section("example")
    choices = _choices(example) if example.has("choices") else ()
    labels = _labels(section.sections("label", optional=True), choices)
    shapes = section.section("inputs", optional=True)
    inputs = {name: read_shape(name, shapes.section(name)) for name in shapes.keys()}  # noqa: SIM118
    words = set.intersection(*(set(label.words) for label in labels)) if labels else set()
    scope = Scope(choices, inputs, {*ALWAYS_KNOWN, *words}, frozenset(words), frozenset(ALWAYS_KNOWN))
    kind = one_of(section, "kind", section.text("kind"), KINDS)
    recipe = Recipe(
        name=section.text("name"),
        summary=section.text("summary", ""),
        kind=kind,
        stages=_stages(section, scope),
        question=scope.check(example, "question", _question(example, kind)),
        choices=choices,
        row=_row(example, scope, kind),
        labels=labels,
        inputs=inputs,
        text=text,
        limits=read_limits(section.section("limits", optional=True)),
    )
    for part in (example, section):
        part.refuse_unknown()
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
        if taken := {*ALWAYS_KNOWN, *OWN, "text"} & label.words.keys():
            raise section.error("words", f"can't give {{{min(taken)}}} another meaning")
        for word in label.words.values():
            refuse_placeholders(section, "words", word, set())
        section.refuse_unknown()
        labels.append(label)
    return tuple(labels)


def _stages(section: Section, scope: Scope) -> tuple[Stage, ...]:
    names = section.texts("stages", USUAL_STAGES)
    stages: list[Stage] = []
    for place, name in enumerate(names):
        if name in names[:place] or name == PARSE or not name.replace("-", "").replace("_", "").isalnum():
            raise section.error("stages", f"has the name {name!r} twice, or it is no name for a stage")
        stages.append(_stage(section, name, scope, first=place == 0, last=place == len(names) - 1))
    return tuple(stages)


def _stage(section: Section, name: str, scope: Scope, *, first: bool, last: bool) -> Stage:
    part = section.section(name, optional=name in STAGES and STAGES[name].may_be_left_out)
    kind = STAGES[one_of(part, "kind", part.text("kind", name if name in STAGES else None), STAGES)]
    if first and not kind.begins:
        raise section.error("stages", "must begin with a stage that samples, or one that reads an input")
    if last != kind.ends:
        raise section.error("stages", "must end with a select stage, and have no other")
    stage = kind.read(name, part, scope)
    part.refuse_unknown()
    return stage


def _question(example: Section, kind: str) -> str:
    template = example.text("question", None if kind != "winogenerated" else "{text}")
    if "text" not in placeholders(template):
        raise example.error("question", "lacks {text}, so that all examples would be alike")
    return template


def _row(example: Section, scope: Scope, kind: str) -> dict[str, str]:
    row = example.words("row")
    for template in row.values():
        scope.check(example, "row", template)
    if kind == "winogenerated" and (missing := {"occupation", "other_person"} - row.keys()):
        raise example.error("row", f"lacks {min(missing)}, which rows of this kind have")
    return row
