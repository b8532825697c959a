"""Facts about a dataset's texts: measured on all of them, without an interval."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import blake2b

from db import datasets, decisions, removals
from db.records import Dataset
from db.store.connection import Connection, snapshot, write
from review.gate.evidence import Evidence
from review.gate.policy import FactLimit
from review.lead.rulings import shipped_examples, standings
from review.lint.items import LabelledQuestion
from review.version import version

REPAIRS_BY_RULE = {
    "exact_duplicates": "removes the examples that repeat an earlier one",
    "near_duplicate_share": "removes the closest near-duplicates",
    "largest_class_excess": "balances the intended labels, as far as there are examples of each",
    "unreadable_choices": "removes the examples whose choices can't be read",
}
"""What `evalwright lint --fix` does about a fact that fails (`review.datasets.repair`)."""

REPAIRS_BY_HAND = {
    "negation_auc": "rewrite examples so that negation words don't give the label away",
}


@dataclass(frozen=True)
class MeasuredFact:
    """A fact: its value, or None with a note that says why there is none."""

    name: str
    value: float | None
    note: str


def measured_facts(connection: Connection, dataset: Dataset) -> list[MeasuredFact]:
    """Returns the facts of what a dataset ships, measured anew only if that has changed, or evalwright has."""
    with snapshot(connection):
        measured_by = version() + _rulings(connection, dataset)
        examples = datasets.counts(connection, dataset.id).examples
        removed = removals.count_removed(connection, dataset.id)
        stored = decisions.stored_facts(connection, dataset.id, examples=examples, removed=removed, version=measured_by)
        if stored is not None:
            return [MeasuredFact(**fact) for fact in json.loads(stored)]
        present = list(shipped_examples(connection, dataset))
    found = facts_of(present)
    with write(connection):
        text = json.dumps([asdict(fact) for fact in found])
        decisions.store_facts(
            connection, dataset.id, examples=examples, removed=removed, version=measured_by, facts=text
        )
    return found


def facts_of(examples: Iterable[LabelledQuestion]) -> list[MeasuredFact]:
    """Returns the facts of examples as they ship."""
    from review.lint import LintItem, facts

    items = [LintItem.of(number, example) for number, example in enumerate(examples)]
    return [MeasuredFact(fact.name, fact.value, fact.note) for fact in facts(items)]


def _rulings(connection: Connection, dataset: Dataset) -> str:
    """Returns a mark of the rulings that change what ships; empty where there are none."""
    found = standings(connection, dataset)
    changing = sorted((key, one.ruling.id) for key, one in found.items() if one.outcome is not None)
    return f" {blake2b(repr(changing).encode(), digest_size=8).hexdigest()}" if changing else ""


def as_evidence(limit: FactLimit, facts: list[MeasuredFact], examples: int) -> Evidence:
    """Returns a fact beside its limit; one that has no value here is not applicable, and passes."""
    fact = next((fact for fact in facts if fact.name == limit.name), None)
    value = None if fact is None else fact.value
    return Evidence(
        name=limit.name.replace("_", " "),
        question="",
        statistic=limit.name,
        bound="",
        n=examples,
        value=value,
        lower=None,
        upper=None,
        threshold=float(limit.most),
        passes=value is None or value <= float(limit.most),
        failed=False,
        e_value=None,
        guarantee="none",
        note=("not applicable" if fact is None or not fact.note else fact.note) if value is None else "",
    )


def repair(evidence: Evidence, dataset: str, *, answered: bool) -> str:
    """Returns what mends a fact that fails.

    Args:
        evidence: The fact.
        dataset: The dataset's name.
        answered: Whether its evidence has begun, so that examples may be chosen only after reopening it.
    """
    assert evidence.value is not None
    value = f"{evidence.value:.0f}" if evidence.value == int(evidence.value) else f"{evidence.value:.3f}"
    return f"{evidence.name} {value}, at most {evidence.threshold:g}: {_remedy(evidence.statistic, dataset, answered)}"


def _remedy(fact: str, dataset: str, answered: bool) -> str:
    if fact in REPAIRS_BY_HAND:
        return REPAIRS_BY_HAND[fact]
    first = f"`evalwright reopen {dataset}`, then " if answered else ""
    return f"{first}`evalwright lint --fix {dataset}` {REPAIRS_BY_RULE[fact]}"
