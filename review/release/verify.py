"""Verifying a release: nothing changed, nothing missing, and its numbers follow from the answers that it holds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from db.outside_files import MOST_DOCUMENT, MOST_SETTINGS, read_outside
from db.visible import visible
from review.agreement import counted_answers, question_agreements
from review.formats.example import SourceExample
from review.formats.from_release import FOLDER as REVIEW
from review.formats.jsonl import read_file
from review.gate.decision import decide, evidence_of
from review.gate.facts import facts_of
from review.gate.policy import Policy, parse_policy
from review.gate.sample import samples_of
from review.gate.what_changed import METHOD
from review.release.annotations import Reviewed, method_of, read_review
from review.release.layout import DECISION, POLICY, REPORT
from review.release.manifest import Manifest, ShippedDataset, check_files, read_manifest
from review.report.gather import validation
from review.text.json import to_json

LONGEST_SENTENCE, KEPT_END = 600, 100

EARLIER = (
    "Its numbers were computed by an earlier method of the gate and are not computed again; the evalwright that wrote "
    "it does that."
)

TOLERANCE = 1e-9
"""How far a number may be from what was shipped, relative to it: other processors round sums differently."""


@dataclass(frozen=True)
class Verification:
    """What was found of a release.

    Attributes:
        problems: What is wrong, a sentence each; none where it is intact.
        content_hash: The SHA-256 of its manifest as it is now.
        files: How many it should hold, besides the manifest and its hash.
        recomputed: How many numbers were computed again and are the same.
        note: Why none were, where that is no fault of the release.
    """

    problems: tuple[str, ...]
    content_hash: str
    evalwright: str
    datasets: tuple[ShippedDataset, ...]
    files: int
    recomputed: int
    note: str = ""

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(folder: Path) -> Verification:
    """Checks a release: every hash, what is missing and what is no part of it, counts, and the numbers anew.

    The numbers are computed only where no file has changed.

    Raises:
        InputError: if the folder holds no release.
    """
    manifest, content_hash, problems = read_manifest(folder)
    if manifest is None:
        return Verification(tuple(problems), content_hash, "", (), 0, 0)
    problems += check_files(folder, manifest)
    recomputed, note = 0, ""
    if not problems:
        try:
            if any(method_of(folder / REVIEW / dataset.stem) != METHOD for dataset in manifest.datasets):
                note = EARLIER
            else:
                found, recomputed = _recompute(folder, manifest)
                problems += found
        except Exception as error:  # Its files may hold anything: whatever fails in reading them is their fault.
            problems.append(f"The numbers can't be computed again ({error}).")
    datasets, files = manifest.datasets, len(manifest.files)
    said = tuple(map(_sentence, problems))
    return Verification(said, content_hash, manifest.evalwright, datasets, files, recomputed, note)


def _sentence(problem: str) -> str:
    """Returns a problem as one line: names in a release may be of any length, and hold anything."""
    shown = visible(problem, one_line=True)
    return shown if len(shown) <= LONGEST_SENTENCE else f"{shown[: LONGEST_SENTENCE - KEPT_END]} … {shown[-KEPT_END:]}"


def _recompute(folder: Path, manifest: Manifest) -> tuple[list[str], int]:
    """Computes every dataset's numbers again; returns what differs, a sentence each, and how many don't."""
    policy = parse_policy(POLICY, read_outside(folder / POLICY, MOST_SETTINGS).decode())
    report = _document(folder / REPORT)
    problems: list[str] = []
    same = 0
    for dataset, told in zip(manifest.datasets, report["datasets"], strict=True):
        decided = _document(folder / REVIEW / dataset.stem / DECISION)
        for what, anew, shipped in _numbers(folder, dataset, told, decided, policy):
            if _same(json.loads(to_json(anew)), shipped):
                same += 1
            else:
                problems.append(f"{dataset.name}: {what} isn't what follows from the answers in the release.")
    return problems, same


def _numbers(
    folder: Path, dataset: ShippedDataset, told: dict[str, Any], decided: dict[str, Any], policy: Policy
) -> Iterator[tuple[str, Any, Any]]:
    """Yields what is told of a dataset, each thing as it follows from the answers, and as it was shipped."""
    reviewed = read_review(folder / REVIEW / dataset.stem)
    shipped = _shipped(folder / "data" / f"{dataset.stem}.jsonl")
    yield "the count of examples", [len(shipped), reviewed.shipped], [dataset.examples] * 2
    yield "the count of answers", reviewed.annotations, dataset.annotations
    samples = samples_of(reviewed.review)
    evidence = evidence_of(samples, facts_of(shipped), policy)
    yield from _pairs("the evidence", [asdict(piece) for piece in evidence], decided["evidence"])
    yield "the decision", decide(evidence, provisional=decided["provisional"]), decided["decision"]
    yield "the decision in the report", {**told["decision"], "evalwright": ""}, {**decided, "evalwright": ""}
    yield from _pairs("the agreement", _agreement(reviewed), told["agreement"]["questions"])
    yield "the human validation", asdict(validation(samples[0])), told["validation"]


def _pairs(
    what: str, anew: Sequence[dict[str, Any]], shipped: Sequence[dict[str, Any]]
) -> Iterator[tuple[str, Any, Any]]:
    yield f"the list of {what.removeprefix('the ')}", [one["name"] for one in anew], [one["name"] for one in shipped]
    for one, other in zip(anew, shipped, strict=False):
        yield f"{what} on {one['name']}", one, other


def _agreement(reviewed: Reviewed) -> list[dict[str, Any]]:
    answers = counted_answers(reviewed.since, always_three=reviewed.review.always_three)
    return [asdict(one) for one in question_agreements(answers, reviewed.choices, reviewed.review.questions)]


def _shipped(path: Path) -> list[SourceExample]:
    """Returns the examples that ship; all of a dataset may have been dropped."""
    return [example for _, example in read_file(path)] if path.stat().st_size else []


def _document(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(read_outside(path, MOST_DOCUMENT))
    return document


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(one == other)
