"""The dataset card: what was measured, by whom, and what it rests on, for people and for the hub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from db.records import Dataset, Example
from review.evidence import Evidence
from review.gate import Decision
from review.version import version

BY_RECIPE = "recipe "
"""How the origin of a dataset begins that a job wrote; of an imported one nobody here knows who wrote it."""

SIZES = [
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
]


def card(dataset: Dataset, decision: Decision, examples: Sequence[Example], name: str) -> str:
    """Returns the README.md of a release: front matter for the hub, then the card.

    Args:
        dataset: What ships.
        decision: The gate's decision, or the override that stands in for it.
        examples: All of them.
        name: The name of the data file and of its configuration.
    """
    return "\n".join([_front_matter(dataset, len(examples), name), *_body(dataset, decision, examples)]) + "\n"


def _front_matter(dataset: Dataset, count: int, name: str) -> str:
    size = next((label for limit, label in SIZES if count < limit), "n>10M")
    return "\n".join(
        [
            "---",
            "annotations_creators: [expert-generated]",
            f"language_creators: [{'machine-generated' if dataset.origin.startswith(BY_RECIPE) else 'found'}]",
            "language: [en]",
            "license: unknown",
            "multilinguality: [monolingual]",
            f"pretty_name: {quoted(dataset.name)}",
            f"size_categories: [{size}]",
            "source_datasets: [original]",
            "task_categories: [multiple-choice]",
            "configs:",
            f"- config_name: {quoted(name)}",
            "  data_files:",
            "  - split: validation",
            f"    path: {quoted(f'data/{name}.jsonl')}",
            "---",
        ]
    )


def _body(dataset: Dataset, decision: Decision, examples: Sequence[Example]) -> list[str]:
    labels = Counter(example.intended for example in examples)
    balance = ", ".join(f"{plain(str(label)).strip()}: {count}" for label, count in sorted(labels.items(), key=str))
    return [
        "",
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


def quoted(text: str) -> str:
    """Returns a text as YAML quotes it: unlike JSON, never a character in two halves."""
    return '"' + "".join(_quoted_character(character) for character in text) + '"'


def _quoted_character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08X}"


def plain(text: str) -> str:
    """Returns a text that Markdown shows as it is: on one line, nothing of it markup."""
    flat = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>#|!~" else character for character in flat)
