"""Policies: the thresholds of the gate, as a file that a lead can read and change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from db.errors import InputError
from db.records import Question, QuestionKind
from db.store.connection import Connection
from review.annotation.questions import MOST_OPTIONS
from review.gate.kept_policy import default_text, policy_text
from review.text.toml import Section, parse, read_text

Bound = Literal["lower", "upper"]

MEASURES: dict[tuple[str, str], Bound] = {
    ("label", "agreement"): "lower",
    ("relevance", "mean"): "lower",
    ("ambiguous", "share"): "upper",
    ("label", "alpha"): "lower",
}
"""What can be asked of the answers that every dataset has, by question and statistic, and which bound must reach the
threshold."""

KINDS: dict[str, tuple[QuestionKind, ...]] = {"mean": ("scale",), "share": ("yes-no",), "alpha": ("choice", "yes-no")}
"""What can be asked of an author's own questions: the mean of a scale, the share of yes, the reliability."""

BUILT_IN = {question for question, _ in MEASURES}

FACTS = ("exact_duplicates", "near_duplicate_share", "largest_class_excess", "negation_auc", "unreadable_choices")
"""What can be asked of the texts; see `review.lint`."""


@dataclass(frozen=True)
class Criterion:
    """A bound of a statistic of a question's answers, and the threshold that it must reach."""

    question: str
    statistic: str
    bound: Bound
    threshold: Decimal

    @property
    def name(self) -> str:
        """What screens and reports call it."""
        return f"{self.question} {self.statistic}"


@dataclass(frozen=True)
class FactLimit:
    """A fact about a dataset's texts and the most it may be."""

    name: str
    most: Decimal


@dataclass(frozen=True)
class Policy:
    """What a dataset must show to ship.

    Attributes:
        delta: The error level of each criterion, in (0, 1).
        least_examples: The fewest examples, or all of a smaller dataset.
        text: The file as it was read; a decision keeps it.
    """

    name: str
    delta: float
    least_examples: int
    criteria: tuple[Criterion, ...]
    facts: tuple[FactLimit, ...]
    text: str


def load_policy(path: Path | None = None) -> Policy:
    """Reads a policy file, by default the one that comes with evalwright.

    Raises:
        InputError: naming file, line and key.
    """
    if path is None:
        return parse_policy("the default policy", default_text())
    return parse_policy(str(path), read_text(path))


def policy_of(connection: Connection, path: Path | None = None) -> Policy:
    """Returns what a workspace judges by: the policy in a file if one is named, else its own.

    Raises:
        InputError: naming file, line and key.
    """
    if path is not None:
        return load_policy(path)
    return parse_policy("the workspace's policy", policy_text(connection))


def parse_policy(source: str, text: str) -> Policy:
    """Reads a policy from its text; `source` is what messages call it."""
    section = parse(source, text)
    delta = section.decimal("delta", "0.05")
    if not 0 < float(delta) < 1:
        raise section.error("delta", "must be between 0 and 1")
    policy = Policy(
        name=section.text("name"),
        delta=float(delta),
        least_examples=section.integer("least_examples", 50),
        criteria=tuple(_criterion(part) for part in section.sections("criterion")),
        facts=tuple(_fact(part) for part in (section.sections("fact") if section.has("fact") else [])),
        text=text,
    )
    section.refuse_unknown()
    _refuse_twice(section, "criterion", [criterion.name for criterion in policy.criteria])
    _refuse_twice(section, "fact", [fact.name for fact in policy.facts])
    return policy


def differences(policy: Policy, usual: Policy) -> tuple[str, ...]:
    """Returns how a policy differs from the one that a workspace judges by, in words; none where it asks the same."""
    said = []
    if policy.delta != usual.delta:
        said.append(f"error level {policy.delta:g} in place of {usual.delta:g}")
    if policy.least_examples != usual.least_examples:
        said.append(f"at least {policy.least_examples:,} examples in place of {usual.least_examples:,}")
    said += _changed(
        {one.name: one.threshold for one in policy.criteria}, {one.name: one.threshold for one in usual.criteria}
    )
    facts = {one.name.replace("_", " "): one.most for one in policy.facts}
    said += _changed(facts, {one.name.replace("_", " "): one.most for one in usual.facts})
    return tuple(said)


def _changed(asked: Mapping[str, Decimal], usual: Mapping[str, Decimal]) -> list[str]:
    said = [f"without {name}" for name in usual if name not in asked]
    said += [
        f"{name} {asked[name]} in place of {usual[name]}"
        for name in usual
        if asked.get(name, usual[name]) != usual[name]
    ]
    return said + [f"{name} {asked[name]} besides" for name in asked if name not in usual]


def _criterion(section: Section) -> Criterion:
    question, statistic, bound = section.text("question"), section.text("statistic"), section.text("bound")
    threshold = section.decimal("threshold")
    if question in BUILT_IN:
        needed = _built_in_bound(section, question, statistic)
        least, most = (1, 5) if question == "relevance" else (0, 1)
    else:
        needed = _own_bound(section, f"{question} {statistic}", statistic, bound)
        least, most = (1, MOST_OPTIONS) if statistic == "mean" else (0, 1)
    if bound != needed:
        raise section.error("bound", f'must be "{needed}" for {question} {statistic}')
    if not least <= threshold <= most:
        raise section.error("threshold", f"must be between {least} and {most} for {question} {statistic}")
    section.refuse_unknown()
    return Criterion(question, statistic, needed, threshold)


def _built_in_bound(section: Section, question: str, statistic: str) -> Bound:
    if (question, statistic) not in MEASURES:
        known = ", ".join(f"{asked} {measured}" for asked, measured in MEASURES)
        raise section.error("statistic", f"can't be {question} {statistic}; there are {known}")
    return MEASURES[question, statistic]


def _own_bound(section: Section, name: str, statistic: str, bound: str) -> Bound:
    """Returns the bound of a criterion on an author's own question: what must be low has an upper one."""
    if statistic not in KINDS:
        raise section.error("statistic", f"can't be {name}; of an author's own question there are {', '.join(KINDS)}")
    return "upper" if bound == "upper" and statistic != "alpha" else "lower"


def check_fits(criterion: Criterion, question: Question | None) -> None:
    """Refuses a criterion on an author's own question that asks for what a question of its kind doesn't have.

    Raises:
        InputError: naming the criterion.
    """
    if question is None or criterion.question in BUILT_IN:
        return
    kinds = KINDS[criterion.statistic]
    if question.kind not in kinds:
        raise InputError(
            f"The policy asks for {criterion.name}, but {question.name} is a question of kind {question.kind}: "
            f"{criterion.statistic} is of {' and '.join(kinds)}; change the criterion."
        )
    if criterion.statistic == "mean" and criterion.threshold > len(question.options):
        raise InputError(
            f"The policy asks for {criterion.name} {criterion.bound} {criterion.threshold}, but its scale ends at "
            f"{len(question.options)}; change the threshold."
        )


def _fact(section: Section) -> FactLimit:
    name = section.text("name")
    if name not in FACTS:
        raise section.error("name", f"is {name!r}; there are {', '.join(FACTS)}")
    limit = FactLimit(name, section.decimal("most"))
    section.refuse_unknown()
    return limit


def _refuse_twice(section: Section, key: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise section.error(key, f"names {name} twice")
