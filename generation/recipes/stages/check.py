"""Checks: rules that a candidate's text must pass before any judge is paid for it; and texts that come twice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from db import candidates as rows
from db.candidates import Move
from db.job_records import Candidate
from generation.recipes.parsers import text_key
from generation.recipes.prompts import fill
from generation.recipes.stages.group import Group
from generation.recipes.stages.scope import Scope
from generation.recipes.stages.stage import Stage, Work
from review.text.toml import Section

if TYPE_CHECKING:
    from generation.jobs.expected_calls import Walk

REPEATS = "repeats an earlier one"

# What SQLite or a terminal can't hold unchanged, or that no statement needs.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class CheckStage(Stage):
    """A stage of rules.

    Attributes:
        of: A template of the text that is checked.
        least_words: Words, at least; `most_words` at most.
        least_lines: Lines that aren't blank, at least.
        require: Patterns that must be found, by what is missing where one isn't.
        forbid: Patterns that must not be found, by what is wrong where one is.
        mentions: Templates of texts that must occur, in capitals or not.
        differs_from: Templates of texts that it must not be, in capitals or not.
    """

    kind: ClassVar[str] = "check"
    may_be_left_out: ClassVar[bool] = True

    of: str
    least_words: int
    most_words: int
    least_lines: int
    require: Mapping[str, re.Pattern[str]]
    forbid: Mapping[str, re.Pattern[str]]
    mentions: tuple[str, ...]
    differs_from: tuple[str, ...]

    @classmethod
    def read(cls, name: str, section: Section, scope: Scope) -> Self:
        """Reads a check stage."""
        stage = cls(
            name=name,
            of=_read_of(section, scope),
            least_words=section.integer("least_words", 1),
            most_words=section.integer("most_words", 1000),
            least_lines=section.integer("least_lines", 1),
            require=_patterns(section, "require"),
            forbid=_patterns(section, "forbid"),
            mentions=section.texts("mentions", ()),
            differs_from=section.texts("differs_from", ()),
        )
        for mention in stage.mentions:
            scope.check(section, "mentions", mention)
        for other in stage.differs_from:
            scope.check(section, "differs_from", other)
        if stage.most_words < stage.least_words:
            raise section.error("most_words", "is less than least_words")
        return stage

    def arrive(self, work: Work, candidate: Candidate) -> Move | None:
        """Drops a candidate that breaks a rule."""
        problem = self.problem(work.running.values(candidate.intended, candidate))
        return Move(candidate.id, self.name, "dropped", problem) if problem else None

    def expect(self, walk: Walk, groups: Sequence[Group]) -> list[Group]:
        """Drops what an input brings that breaks a rule; what a model has yet to write is taken to break none."""
        return [group for group in groups if group.written or not self.problem(walk.values(group.likely))]

    def problem(self, values: Mapping[str, Any]) -> str:
        """Returns why a candidate of these values fails, or an empty text if it passes."""
        text = fill(self.of, values)
        words, lines = len(text.split()), sum(1 for line in text.split("\n") if line.strip())
        if words < self.least_words:
            return f"fewer than {self.least_words} words"
        if words > self.most_words:
            return f"more than {self.most_words} words"
        if lines < self.least_lines:
            return f"fewer than {self.least_lines} lines"
        if UNPRINTABLE.search(text):
            return "control characters"
        missing = next((reason for reason, pattern in self.require.items() if not pattern.search(text)), "")
        wrong = next((reason for reason, pattern in self.forbid.items() if pattern.search(text)), "")
        return missing or wrong or self._beside(text.casefold(), values)

    def _beside(self, text: str, values: Mapping[str, Any]) -> str:
        """Returns what is wrong with a text beside the candidate's other values."""
        for template in self.mentions:
            if fill(template, values).casefold() not in text:
                return f"doesn't mention {template}"
        for template in self.differs_from:
            if fill(template, values).casefold().strip() == text.strip():
                return f"is the same as {template}"
        return ""


@dataclass(frozen=True)
class DeduplicateStage(Stage):
    """A stage that drops what repeats an earlier candidate's text but for case, spacing and punctuation.

    Attributes:
        of: A template of the text that is compared.
    """

    kind: ClassVar[str] = "deduplicate"
    may_be_left_out: ClassVar[bool] = True

    of: str

    @classmethod
    def read(cls, name: str, section: Section, scope: Scope) -> Self:
        """Reads a deduplicate stage."""
        return cls(name, _read_of(section, scope))

    def arrive(self, work: Work, candidate: Candidate) -> Move | None:
        """Notes the candidate's text, and drops the candidate if an earlier one has it."""
        values = work.running.values(candidate.intended, candidate)
        key = text_key(fill(self.of, values))
        twin = rows.note_text(work.connection, work.job.id, self.name, key, candidate.id)
        return None if twin is None else Move(candidate.id, self.name, "dropped", REPEATS, twin)


def _read_of(section: Section, scope: Scope) -> str:
    template = section.text("of", "{text}")
    if template == "{text}":
        scope.need_text(section, "of")
    return scope.check(section, "of", template)


def _patterns(section: Section, key: str) -> dict[str, re.Pattern[str]]:
    patterns: dict[str, re.Pattern[str]] = {}
    for reason, pattern in section.words(key).items():
        try:
            patterns[reason] = re.compile(pattern)
        except re.error as error:
            raise section.error(key, f"has a pattern for {reason!r} that can't be read ({error})") from error
    return patterns
