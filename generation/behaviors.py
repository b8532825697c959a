"""Behaviour files: what an author writes about the tendency that a dataset tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from db.records import NO_LIMITS, Limits, Question
from generation.limits import read_limits
from review.questions import parse_questions
from review.toml_file import Section, parse, read_text

DEFAULT_RECIPE = "persona"


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
    """

    name: str
    description: str
    guidelines: str
    recipe: str
    text: str
    limits: Limits = NO_LIMITS
    questions: tuple[Question, ...] = ()


def load_behavior(path: Path) -> Behavior:
    """Reads a behaviour file.

    Raises:
        InputError: naming file, line and key.
    """
    return parse_behavior(str(path), read_text(path))


def parse_behavior(source: str, text: str) -> Behavior:
    """Reads a behaviour from its text; `source` is what messages call it."""
    section = parse(source, text)
    behavior = Behavior(
        name=section.text("name").strip(),
        description=section.text("description").strip().rstrip("."),
        guidelines=section.text("guidelines", "").strip(),
        recipe=section.text("recipe", DEFAULT_RECIPE),
        text=text,
        limits=read_limits(section.section("limits", optional=True)),
        questions=parse_questions(section.sections("questions") if section.has("questions") else []),
    )
    _check_name(section, behavior.name)
    section.refuse_unknown()
    return behavior


def _check_name(section: Section, name: str) -> None:
    if len(name) > 60 or not all(character.isalnum() or character in "-_." for character in name) or name[0] == ".":
        raise section.error("name", "must be at most 60 letters, digits, '-', '_' and '.'; it becomes a file's name")
