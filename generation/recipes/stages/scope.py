"""What the templates of a stage may use, where the stage stands in its recipe."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from generation.engines.protocol import Sampling
from generation.engines.registry import ENGINES
from generation.recipes.inputs import InputShape
from generation.recipes.prompts import placeholders
from review.text.toml import Section

Settings = TypeVar("Settings")


@dataclass
class Scope:
    """The recipe so far.

    Attributes:
        choices: The choices of its examples; empty where each example has its own.
        inputs: The input files that it wants.
        known: The names that have a value from here on; stages add to them.
        words: Those of them that tell the intended label.
        given: Those that no candidate holds itself: the description.
        has_candidates: Whether an earlier stage makes candidates.
        has_text: Whether those have a text.
        has_rows: Whether the first stage reads an input's rows.
    """

    choices: tuple[str, ...]
    inputs: Mapping[str, InputShape]
    known: set[str]
    words: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()
    has_candidates: bool = False
    has_text: bool = False
    has_rows: bool = False

    def check(self, section: Section, key: str, template: str, more: Collection[str] = ()) -> str:
        """Returns a template, every placeholder of which has a value: one that has none scores all items alike."""
        refuse_placeholders(section, key, template, self.known | set(more))
        return template

    @property
    def fields(self) -> set[str]:
        """The names of the fields that candidates have here."""
        return self.known - self.words - self.given - {"text"}

    def blind(self, section: Section, key: str, template: str) -> str:
        """Returns a template that tells nothing of the intended label."""
        refuse_placeholders(section, key, template, self.known - self.words)
        return template

    def need_text(self, section: Section, key: str) -> None:
        """Raises where there is no text yet for a stage to work on."""
        if not self.has_text:
            raise section.error(key, "comes before any stage that writes a text")

    def input(self, section: Section, key: str) -> InputShape:
        """Returns the input that a key names."""
        return self.inputs[one_of(section, key, section.text(key), self.inputs)]


@dataclass(frozen=True)
class Asked:
    """What a stage asks an engine about.

    Attributes:
        engine: The engine's name.
        values: What templates are filled in with.
        intended: The intended label.
        payload: The work item's.
        inputs: The rows of the job's input files.
    """

    engine: str
    values: Mapping[str, Any]
    intended: str
    payload: Mapping[str, Any]
    inputs: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def by_engine(
    section: Section, read: Callable[[Section, Settings | None], Settings]
) -> dict[str, Settings]:  # fmt: skip
    """Reads a stage's settings and the sections that engines have of it, by engine; "" is every other engine."""
    own = section.named_sections("engine", tuple(ENGINES))
    settings = {"": read(section, None)}
    for engine, part in own.items():
        settings[engine] = read(part, settings[""])
        part.refuse_unknown()
    return settings


def for_engine(settings: Mapping[str, Settings], engine: str) -> Settings:
    """Returns a stage's settings for an engine: its own, those of the engine it is like, or the general ones."""
    facts = ENGINES.get(engine)
    return settings.get(engine) or settings.get((facts and facts.like) or "") or settings[""]


def read_sampling(section: Section) -> Sampling:
    """Reads the sampling settings of a section; what it leaves out is left to the engine."""
    return Sampling(
        max_tokens=section.integer("max_tokens"),
        temperature=section.number("temperature", least=0),
        top_p=section.number("top_p", least=0.01, most=1),
        stop=section.texts("stop", ()),
    )


def one_of(section: Section, key: str, value: str, known: Iterable[str]) -> str:
    """Returns a value that is one of the known ones.

    Raises:
        InputError: naming those that there are.
    """
    if value not in known:
        raise section.error(key, f"is {value!r}; there are {', '.join(known) or 'none'}")
    return value


def refuse_placeholders(section: Section, key: str, template: str, known: Collection[str]) -> None:
    """Raises where a template uses a name that has no value."""
    unknown = placeholders(template) - set(known)
    if unknown:
        there = f"there are {', '.join(sorted(known))}" if known else "nothing is filled in here"
        raise section.error(key, f"uses {{{min(unknown)}}}, which has no value; {there}")
