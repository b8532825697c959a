"""The dataset card: what was measured, by whom, and what it rests on, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from db.records import Dataset, Example
from review.evidence import Evidence
from review.gate import Decision
from review.version import version

BY_RECIPE = "recipe "
"""How the origin of a dataset begins that a job wrote; of an imported one nobody here knows who wrote it."""


def card(dataset: Dataset, decision: Decision, examples: Sequence[Example]) -> str:
    """Returns the card of a release, in Markdown.

    Args:
        dataset: What ships.
        decision: The gate's decision, or the override that stands in for it.
        examples: All of them.
    """
    return "\n".join(_body(dataset, decision, examples)) + "\n"


def _body(dataset: Dataset, decision: Decision, examples: Sequence[Example]) -> list[str]:
    labels = Counter(example.intended for example in examples)
    balance = ", ".join(f"{plain(str(label)).strip()}: {count}" for label, count in sorted(labels.items(), key=str))
    return [
        f"# {plain(dataset.name)}",
        "",
        *([f"Tests for this behaviour: someone who {plain(dataset.behavior)}.", ""] if dataset.behavior else []),
        f"{len(examples)} examples ({dataset.kind}), from {plain(dataset.origin)}. Intended answers: {balance}.",
        "",
        "## Decision",
        "",
        *_decision(decision),
        "",
        "## Human validation",
        "",
        "Annotators gave their own label and a relevance from 1 (Horrible) to 5 (Amazing), blind to the intended one.",
        "Bounds hold at all times at once, at the error level of the policy; facts have none.",
        "",
        "| evidence | examples | value | bounds | threshold | passes |",
        "| --- | --- | --- | --- | --- | --- |",
        *[_row(piece) for piece in decision.evidence],
        "",
        *_notes(decision),
        f"Made with evalwright {version()}; policy {plain(decision.policy)}. The numbers are in decision.json.",
    ]


def _decision(decision: Decision) -> list[str]:
    if decision.override is None:
        return ["Shipped: every criterion of the policy is met."]
    return [
        f"**Shipped by override, outside the guarantee.** The gate said: {decision.decision.replace('_', ' ')}.",
        "",
        f"Reason given: {plain(decision.override)}",
    ]


def _notes(decision: Decision) -> list[str]:
    notes = [f"- {piece.name}: {plain(piece.note)}" for piece in decision.evidence if piece.note]
    return [*notes, ""] if notes else []


def _row(piece: Evidence) -> str:
    value = "undefined" if piece.value is None else f"{piece.value:.3f}"
    bounds = "" if piece.lower is None or piece.upper is None else f"{piece.lower:.3f} to {piece.upper:.3f}"
    needed = "at most" if piece.bound in {"upper", ""} else "at least"
    passes = {True: "yes", False: "no", None: "can't be shown"}[piece.passes]
    return f"| {piece.name} | {piece.n} | {value} | {bounds} | {needed} {piece.threshold:g} | {passes} |"


def plain(text: str) -> str:
    """Returns a text that Markdown shows as it is: on one line, nothing of it markup."""
    flat = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>#|!~" else character for character in flat)
