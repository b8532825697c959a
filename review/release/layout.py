"""What a release holds and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from review.annotation.guidelines import in_markdown
from review.formats.format import Format
from review.formats.from_release import FOLDER as REVIEW
from review.formats.hugging_face import CARD
from review.formats.registry import format_named, write_formats
from review.gate.policy import Policy
from review.gate.portfolio import Portfolio
from review.release.about import describe
from review.release.annotations import write_review
from review.release.card import card
from review.release.manifest import ShippedDataset, write_manifest
from review.release.shipment import Shipment
from review.report import bound_together, to_html, to_markdown
from review.text.json import to_json
from review.version import version

REPORT, POLICY, DECISION, GENERATION = "report.json", "policy.toml", "decision.json", "generation.json"
ALWAYS = ("hugging-face", "jsonl")
"""Formats that every release has: its card with what the hub reads, and the rows that it is checked by."""


@dataclass(frozen=True)
class Whole:
    """Everything that goes into one release.

    Attributes:
        title: What it is called.
        formats: Those it is written in, beside `ALWAYS`.
        not_shipped: What isn't in it and why, a sentence each.
        portfolio: As it was judged, where this is its release.
    """

    title: str
    shipments: Sequence[Shipment]
    policy: Policy
    formats: Sequence[Format]
    licence: str
    canary: str
    not_shipped: tuple[str, ...] = ()
    portfolio: Portfolio | None = None


@dataclass(frozen=True)
class WrittenRelease:
    """A release in its folder: its own hash, and which formats don't hold what, a sentence each."""

    content_hash: str
    left_out: tuple[str, ...]


def write_release(folder: Path, whole: Whole) -> WrittenRelease:
    """Writes a release into an empty folder.

    Raises:
        OSError, EvalwrightError: if it can't be written.
    """
    licence = whole.licence or licence_of_all([shipment.licence for shipment in whole.shipments])
    contents = [shipment.contents for shipment in whole.shipments]
    chosen = {one.name: one for one in (*whole.formats, *map(format_named, ALWAYS))}.values()
    body = card(whole.title, whole.shipments, licence=licence, canary=whole.canary, left_out=whole.not_shipped)
    about = describe(whole.title, whole.shipments, card=body, licence=licence, canary=whole.canary)
    left_out = write_formats(folder, contents, about, list(chosen))
    if not (folder / CARD).exists():  # The hub's columns can't hold the rows; people read the card all the same.
        _write(folder / CARD, body)
    _write_report(folder, whole)
    for shipment in whole.shipments:
        place = folder / REVIEW / shipment.stem
        place.mkdir(parents=True)
        write_review(place, shipment)
        _write_about_review(place, shipment)
    counted = [
        ShippedDataset(one.dataset.name, one.stem, len(one.examples), len(one.history)) for one in whole.shipments
    ]
    return WrittenRelease(write_manifest(folder, counted), tuple(left_out))


def licence_of_all(licences: Sequence[str]) -> str:
    """Returns the licence of a release, given each dataset's, empty for none: where they differ, the hub's "other"."""
    named = {licence or "unknown" for licence in licences}
    return named.pop() if len(named) == 1 else "other"


def _write_report(folder: Path, whole: Whole) -> None:
    made_at = max((shipment.decided_at for shipment in whole.shipments), default="")
    report = bound_together([one.report for one in whole.shipments], whole.policy, made_at, whole.portfolio)
    _write(folder / REPORT, to_json(asdict(report)) + "\n")
    _write(folder / "report.html", to_html(report))
    _write(folder / "report.md", to_markdown(report))
    _write(folder / POLICY, whole.policy.text)


def _write_about_review(place: Path, shipment: Shipment) -> None:
    """Writes what stands beside the answers on one dataset: guidelines, decision, prompts, rulings, removals."""
    _write(place / "guidelines.md", in_markdown(shipment.dataset))
    _write(place / DECISION, to_json({**asdict(shipment.decision), "evalwright": version()}) + "\n")
    rows = {example.id: example.ordinal for example in shipment.every}
    told: dict[str, list[dict[str, Any]]] = {
        "generation.json": [
            {
                **{key: value for key, value in asdict(one.job).items() if key not in {"id", "dataset_id", "limits"}},
                "recipe_text": one.texts.recipe,
                "behavior_text": one.texts.behavior,
                "first_prompts": [{"stage": call.stage, "prompt": call.prompt} for call in one.prompts],
            }
            for one in shipment.generations
        ],
        "rulings.json": [
            {
                "example": rows[one.example_id],
                "verdict": one.verdict,
                "label": one.label,
                "question": one.question,
                "reason": one.reason,
                "ruled_by": shipment.names.get(one.ruled_by, "a lead"),
                "time": one.created_at,
            }
            for one in shipment.rulings
        ],
        "removed.json": [
            {
                "example": one.row,
                "question": one.question,
                "code": one.removal.code,
                "reason": one.removal.reason,
                "twin": one.twin_row,
            }
            for one in shipment.taken_out
        ],
    }
    for name, entries in told.items():
        if entries:
            _write(place / name, to_json(entries) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
