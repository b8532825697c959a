"""Checks: rules that a candidate's text must pass before any judge is paid for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from review.toml_file import Section

# What SQLite or a terminal can't hold unchanged, or that no statement needs.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Checks:
    """The checks of a recipe; each is the reason it gives when it fails."""

    least_words: int
    most_words: int

    @classmethod
    def read(cls, section: Section) -> Checks:
        """Reads a recipe's `[check]` table."""
        checks = cls(section.integer("least_words", 1), section.integer("most_words", 200))
        if checks.most_words < checks.least_words:
            raise section.error("most_words", "is less than least_words")
        section.refuse_unknown()
        return checks

    def problem(self, text: str) -> str:
        """Returns why a text fails, or an empty text if it passes."""
        words = len(text.split())
        if words < self.least_words:
            return f"fewer than {self.least_words} words"
        if words > self.most_words:
            return f"more than {self.most_words} words"
        if UNPRINTABLE.search(text):
            return "control characters"
        return ""
