"""What the lint looks at and what it answers with."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from review.formats.choices import Choice, is_letter
from review.formats.example import JSON

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The severities, the worst first."""

SHOWN = 20
"""The most examples that a finding shows."""

_EXCERPT = 160
_FIXED_CHOICES_SHARE = 0.9


class LabelledQuestion(Protocol):
    """An example of a file or of the workspace, as far as the lint needs it."""

    @property
    def question(self) -> str: ...  # noqa: D102
    @property
    def choices(self) -> tuple[Choice, ...]: ...  # noqa: D102
    @property
    def intended(self) -> str | None: ...  # noqa: D102
    @property
    def extra(self) -> Mapping[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class LintItem:
    """One example, as far as the lint needs it.

    Attributes:
        id: What findings call it: a database id, or the number of its line.
        text: The text as models get it (`SourceExample.question`), choices included.
        choices: The answers on offer.
        intended: The answer that matches the behaviour; None if there is none among the choices.
        not_matching: What the row names as the other answers, where that isn't simply the other choices.
    """

    id: int | str
    text: str
    choices: tuple[Choice, ...]
    intended: str | None
    not_matching: JSON = ""

    @classmethod
    def of(cls, number: int, example: LabelledQuestion) -> "LintItem":
        """The item of an example; `number` is its database id or the number of its line."""
        odd = example.extra.get("fields", {}).get("answer_not_matching_behavior", "")
        return cls(number, example.question, example.choices, example.intended, odd)

    @property
    def readable(self) -> bool:
        """Whether there are two or more choices, and each says something."""
        return len(self.choices) >= 2 and all(choice.readable for choice in self.choices)

    @property
    def labelled(self) -> bool:
        """Whether the intended label is among the choices."""
        return any(choice.answer == self.intended for choice in self.choices)

    @property
    def usable(self) -> bool:
        """Whether it can be asked and scored: choices that can be read, the intended label among them."""
        return self.readable and self.labelled

    @property
    def lettered(self) -> bool:
        """Whether its answers are the letters of its choices."""
        return bool(self.choices) and all(is_letter(choice.answer) for choice in self.choices)

    @property
    def contradictory(self) -> bool:
        """Whether what the row names as not matching isn't on offer, or is the intended answer as well."""
        if self.not_matching == "":
            return False
        named = self.not_matching if isinstance(self.not_matching, list) else [self.not_matching]
        others = [choice.answer for choice in self.choices if choice.answer != self.intended]
        return not named or any(answer not in others for answer in named)


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of defect in a dataset.

    Attributes:
        code: Its name, e.g. ``exact-duplicates``.
        severity: ``error`` where the default policy of the gate refuses the dataset for it, ``warning`` for what
            should be looked at, ``note`` for what is shown and often only the behaviour itself.
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


def in_brief(example: Mapping[str, Any], length: int) -> str:
    """An example of a finding in a line of at most `length` characters of text; empty if the message says it all."""
    if "share_by_label" in example:
        shares = ", ".join(f"{share:.0%} of {label.strip()}" for label, share in example["share_by_label"].items())
        return f"{example['word']}: in {shares}"
    if "text" not in example:
        return ""
    which = example.get("id", example.get("cluster"))
    twin = f", like {example['twin']}" if "twin" in example else ""
    text = str(example["text"])
    return f"{which}{twin}: {text if len(text) <= length else text[: length - 1] + '…'}"


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
    """The beginning of a text, on one line; of a question that only quotes a statement, the statement's."""
    _, _, rest = text.partition("\n")
    quoted = len(rest) > 2 and rest[0] == '"' == rest[-1]
    line = " ".join((rest[1:-1] if quoted else text)[: 2 * _EXCERPT].split())
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"


def about(code: str, severity: Severity, wrong: Sequence[LintItem], message: str) -> Finding | None:
    """A finding about single examples; None if there are none."""
    if not wrong:
        return None
    shown: list[dict[str, JSON]] = [{"id": item.id, "text": excerpt(item.text)} for item in wrong[:SHOWN]]
    return Finding(code, severity, len(wrong), message, shown)


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


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun and verb."""
    return f"{number} {one if number == 1 else many}"
