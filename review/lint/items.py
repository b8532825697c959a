"""What the lint looks at and what it answers with."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from review.formats.choices import Choice
from review.formats.example import JSON

Severity = Literal["error", "warning"]

_EXCERPT = 160
_FIXED_CHOICES_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class LintItem:
    """One example, as far as the lint needs it.

    Attributes:
        id: What findings call it: a database id, or the number of its line.
        text: The text as models get it (`SourceExample.question`), choices included.
        choices: The answers on offer.
        intended: The answer that matches the behaviour; None if there is none among the choices.
    """

    id: int | str
    text: str
    choices: tuple[Choice, ...]
    intended: str | None

    @property
    def readable(self) -> bool:
        """Whether there are two or more choices, and each says something."""
        return len(self.choices) >= 2 and all(choice.readable for choice in self.choices)

    @property
    def labelled(self) -> bool:
        """Whether the intended label is among the choices."""
        return any(choice.answer == self.intended for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of defect in a dataset.

    Attributes:
        code: Its name, e.g. ``exact-duplicates``.
        severity: ``error`` where the default policy of the gate refuses the dataset for it, else ``warning``.
        count: How many examples are concerned.
        message: What is wrong, in one sentence.
        examples: A few of them, with what is needed to see the point.
    """

    code: str
    severity: Severity
    count: int
    message: str
    examples: list[dict[str, JSON]]

    def as_json(self) -> dict[str, JSON]:
        """The shape that ``evalwright lint --json`` prints."""
        return {
            "code": self.code,
            "severity": self.severity,
            "count": self.count,
            "message": self.message,
            "examples": list(self.examples),
        }


@dataclass(frozen=True, slots=True)
class Fact:
    """One measured number of a dataset, without a threshold.

    Attributes:
        name: Which number.
        value: The number; None where it is undefined or does not apply.
        note: Why there is no value; empty where there is one.
    """

    name: str
    value: int | float | None
    note: str = ""


def excerpt(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text[: 2 * _EXCERPT].split())
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"


def with_fixed_choices(items: Sequence[LintItem]) -> list[LintItem]:
    """The labelled items that offer the dataset's usual answers.

    Choices count as fixed when at least nine in ten labelled items offer the same answers (of which there are
    two or more); the few others, often misread, are left out. An empty list says that choices are not fixed.
    """
    labelled = [item for item in items if item.labelled]
    answers = Counter(_answers(item) for item in labelled)
    if not answers:
        return []
    usual, count = answers.most_common(1)[0]
    if len(usual) < 2 or count < _FIXED_CHOICES_SHARE * len(labelled):
        return []
    return [item for item in labelled if _answers(item) == usual]


def _answers(item: LintItem) -> frozenset[str]:
    return frozenset(choice.answer for choice in item.choices)
