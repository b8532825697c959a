"""Behaviour files: what an author writes about the tendency that a dataset tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from db.errors import InputError
from db.job_records import NO_LIMITS, Limits
from db.names import composed
from db.records import Question
from generation.jobs.limits import read_limits
from review.annotation.questions import parse_questions
from review.assignment.settings import AS_IT_IS, Changes, read_assignment
from review.formats.outside_folder import leads_out
from review.text.toml import Section, parse, read_text

DEFAULT_RECIPE = "persona"


FIRST_WORDING = "first"
"""What the wording at the top of a file is called where there are others."""


@dataclass(frozen=True)
class Wording:
    """One way to put a behaviour to a model.

    Attributes:
        name: What the funnel calls it; empty where the behaviour has only one.
        description: In the place of the behaviour's.
        prompt: In the place of the recipe's, for the stage that sets the size of the job; empty for the recipe's own.
    """

    name: str
    description: str
    prompt: str = ""


@dataclass(frozen=True)
class HandWritten:
    """An example that the author wrote, with its label: what the discriminator is tried on before it is trusted."""

    text: str
    label: str


@dataclass(frozen=True)
class Behavior:
    """A behaviour as its author describes it.

    Attributes:
        name: What the dataset will be called.
        description: Completes "a person who ...", for example "enjoys long walks".
        guidelines: What validators are told beyond the standard questions.
        recipe: The recipe to use where the command names none: a name, or a file beside this one.
        text: The file as it was read; a job keeps it.
        limits: What a job for it may take.
        questions: What validators are asked beyond label, relevance and ambiguous.
        assignment: How the dataset is assigned, where it is not as usual.
        wordings: Ways to put it, the description first; each writes its share of the candidates.
        inputs: By the recipe's names for them, files beside this one, or the rows themselves.
        hand_written: Examples of both labels that the author is sure of.
        licence: What may be done with the dataset; a release's card says so.
        source: What messages call the file.
    """

    name: str
    description: str
    guidelines: str
    recipe: str
    text: str
    limits: Limits = NO_LIMITS
    questions: tuple[Question, ...] = ()
    assignment: Changes = AS_IT_IS
    wordings: tuple[Wording, ...] = ()
    inputs: Mapping[str, str | list[Mapping[str, Any]]] = field(default_factory=dict)
    hand_written: tuple[HandWritten, ...] = ()
    licence: str = ""
    source: str = field(default="", compare=False)

    def wording(self, name: str) -> Wording:
        """Returns the wording of that name; "" is the description."""
        return next((wording for wording in self.wordings if wording.name == name), Wording("", self.description))

    def turn(self, number: int) -> Wording:
        """Returns the wording whose turn it is, counted from 0."""
        return self.wordings[number % len(self.wordings)] if self.wordings else self.wording("")

    def error(self, key: str, problem: str, *path: str) -> InputError:
        """Returns the error that names this file, line and key; `path` are the tables that hold the key."""
        section = parse(self.source, self.text)
        for name in path:
            section = section.section(name, optional=True)
        return section.error(key, problem)


def load_behavior(path: Path) -> Behavior:
    """Reads a behaviour file.

    Raises:
        InputError: naming file, line and key.
    """
    behavior = parse_behavior(str(path), read_text(path))
    check_named_files(behavior, path.parent)
    return behavior


def check_named_files(behavior: Behavior, folder: Path) -> None:
    """Refuses names of files that lead out of the behaviour file's folder: it may be somebody else's.

    Raises:
        InputError: naming file, line and key.
    """
    named: list[tuple[str, str | Path, tuple[str, ...]]] = [
        (name, given, ("inputs",)) for name, given in behavior.inputs.items() if isinstance(given, str)
    ]
    if behavior.recipe.endswith(".toml"):
        named.append(("recipe", behavior.recipe, ()))
    if (gold := behavior.assignment.gold) is not None:
        named.append(("gold", gold.absolute(), ("assignment",)))
    for key, name, path in named:
        if leads_out(folder, name):
            raise behavior.error(key, "leads out of the folder of this file; put what it names beside it", *path)


def parse_behavior(source: str, text: str) -> Behavior:
    """Reads a behaviour from its text; `source` is what messages call it."""
    section = parse(source, text)
    behavior = Behavior(
        name=composed(section.text("name")),
        description=section.text("description").strip().rstrip("."),
        guidelines=section.text("guidelines", "").strip(),
        recipe=section.text("recipe", DEFAULT_RECIPE),
        text=text,
        wordings=_wordings(section),
        inputs=_inputs(section.section("inputs", optional=True)),
        hand_written=_hand_written(section.sections("hand_written", optional=True)),
        licence=section.text("licence", "").strip(),
        source=source,
        limits=read_limits(section.section("limits", optional=True)),
        questions=parse_questions(section.sections("questions") if section.has("questions") else []),
        assignment=read_assignment(section.section("assignment", optional=True), Path(source).parent),
    )
    _check_name(section, behavior.name)
    section.refuse_unknown()
    return behavior


def _wordings(section: Section) -> tuple[Wording, ...]:
    """Reads the wordings: none, or the description and at least one other."""
    parts = section.sections("wordings", optional=True)
    description = section.text("description").strip().rstrip(".")
    found = [Wording(FIRST_WORDING, description)] if parts else []
    for part in parts:
        wording = Wording(
            part.text("name").strip(),
            part.text("description", description).strip().rstrip("."),
            part.text("prompt", ""),
        )
        if wording.name in {earlier.name for earlier in found}:
            raise part.error("name", f"is {wording.name!r}, which an earlier wording has")
        if not wording.prompt and wording.description == description:
            raise part.error("description", "is the same as the first one's, and there is no prompt of its own")
        part.refuse_unknown()
        found.append(wording)
    return tuple(found)


def _hand_written(sections: Sequence[Section]) -> tuple[HandWritten, ...]:
    """Reads the author's own examples."""
    found = []
    for section in sections:
        found.append(HandWritten(section.text("text"), section.text("label")))
        section.refuse_unknown()
    return tuple(found)


def _inputs(section: Section) -> dict[str, str | list[Mapping[str, Any]]]:
    """Reads where a recipe's inputs are."""
    return {name: section.text_or_tables(name) for name in section.keys()}  # noqa: SIM118


def _check_name(section: Section, name: str) -> None:
    if len(name) > 60 or not all(character.isalnum() or character in "-_." for character in name) or name[0] == ".":
        raise section.error("name", "must be at most 60 letters, digits, '-', '_' and '.'; it becomes a file's name")
