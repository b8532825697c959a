"""The annotations of a release, both ways: pseudonymous rows from which its evidence is computed again.

`review/NAME/annotations.jsonl` has every revision of every answer in the order in which they were stored,
`examples.jsonl` what each example of the dataset is and where it stands in the review order, `review.json` the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from db.evidence import OrderedExample
from db.outside_files import MOST_DOCUMENT, read_outside
from db.records import Annotation, BlindAnswer, Question
from review.formats.from_release import FILE as REVIEW_FILE
from review.formats.json_lines import read_lines, write_file
from review.gate.label_classes import label_classes
from review.gate.sample import Review
from review.gate.starts import ScoreTotals, Start
from review.gate.what_changed import METHOD
from review.release.shipment import Shipment
from review.text.json import from_json, to_json

ANNOTATIONS, EXAMPLES = "annotations.jsonl", "examples.jsonl"


@dataclass(frozen=True)
class Reviewed:
    """What a release tells of the review of one dataset.

    Attributes:
        review: From which samples are drawn.
        since: The blind first answers after the latest reopening, in the order first given.
        choices: The answers that each example offers that somebody answered, by row.
        shipped: How many examples ship.
        annotations: How many revisions of answers there are.
    """

    review: Review
    since: tuple[BlindAnswer, ...]
    choices: Mapping[int, Sequence[str]]
    shipped: int
    annotations: int


def write_review(folder: Path, shipment: Shipment) -> None:
    """Writes the review of a dataset into a folder."""
    review = shipment.review
    rows = {example.id: example.ordinal for example in shipment.every}
    write_file(folder / ANNOTATIONS, _annotation_rows(shipment, rows))
    write_file(folder / EXAMPLES, _example_rows(shipment))
    told = {
        "dataset": shipment.dataset.name,
        "behavior": shipment.dataset.behavior,
        "guidelines": shipment.dataset.guidelines,
        "always_three": review.always_three,
        "questions": [asdict(question) for question in review.questions],
        "seed": shipment.dataset.order_seed,
        "total": review.total,
        "method": METHOD,
        "start": asdict(review.start),
        "scores": asdict(review.scores),
        "excluded": {shipment.people[key]: shipment.excluded[key] for key in sorted(review.without)},
    }
    (folder / REVIEW_FILE).write_text(to_json(told) + "\n", encoding="utf-8")


def method_of(folder: Path) -> int:
    """Returns the method of the gate that a release's numbers were computed by; the first ones don't tell."""
    told: dict[str, Any] = json.loads(read_outside(folder / REVIEW_FILE, MOST_DOCUMENT))
    return int(told.get("method", 1))


def read_review(folder: Path) -> Reviewed:
    """Reads what `write_review` wrote.

    Raises:
        InputError, ValueError, KeyError, TypeError: if it isn't that.
    """
    told: dict[str, Any] = json.loads(read_outside(folder / REVIEW_FILE, MOST_DOCUMENT))
    examples: list[dict[str, Any]] = list(_lines(folder / EXAMPLES))
    annotations: list[dict[str, Any]] = list(_lines(folder / ANNOTATIONS))
    people = {name: number for number, name in enumerate(dict.fromkeys(one["annotator"] for one in annotations))}
    answers = list(_first_answers(annotations, people))
    answered = {one["example"] for one in annotations}
    ordered = sorted((one for one in examples if one["place"] is not None), key=lambda one: int(one["place"]))
    review = Review(
        always_three=told["always_three"],
        questions=tuple(from_json(Question, one) for one in told["questions"]),
        total=told["total"],
        ordered=[_ordered(one) for one in ordered],
        before=[_ordered(one) for one in examples if one["answered_before_reopening"]],
        answers=[answer for answer, _ in answers],
        without=frozenset(people[name] for name in told["excluded"]),
        outcomes={one["example"]: one["ruling"] for one in examples if one["ruling"] is not None},
        edits={
            one["example"]: [BlindAnswer(one["example"], *said) for said in one["answers_on_edit"]]
            for one in examples
            if one["ruling"] == "edited"
        },
        start=from_json(Start, told["start"]),
        scores=from_json(ScoreTotals, told["scores"]),
        labels=label_classes([one["choices"] for one in examples]),
    )
    return Reviewed(
        review=review,
        since=tuple(answer for answer, reopened in answers if not reopened),
        choices={one["example"]: one["choices"] for one in examples if one["example"] in answered},
        shipped=sum(one["row"] is not None for one in examples),
        annotations=len(annotations),
    )


def _annotation_rows(shipment: Shipment, rows: Mapping[int, int]) -> Iterator[dict[str, Any]]:
    newest = {_occasion(one): one.id for one in shipment.history}
    for one in shipment.history:
        yield {
            "example": rows[one.example_id],
            "annotator": shipment.people[one.annotator_id],
            "occasion": one.occasion,
            "revision": one.revision,
            "current": newest[_occasion(one)] == one.id,
            "label": one.label,
            "relevance": one.relevance,
            "ambiguous": one.ambiguous,
            "flagged": one.flagged,
            "comment": one.comment,
            "skipped": one.skipped,
            "skip_reason": one.skip_reason,
            "suggested_edit": one.suggested_edit,
            "answers": dict(one.answers),
            "before_reopening": one.id <= shipment.dataset.evidence_from,
            "seconds": one.seconds,
            "time": one.created_at,
        }


def _example_rows(shipment: Shipment) -> Iterator[dict[str, Any]]:
    review = shipment.review
    shipped = {example.id: row for row, example in enumerate(shipment.examples)}
    places = {one.id: place for place, one in enumerate(review.ordered)}
    before = {one.id for one in review.before}
    for example in shipment.every:
        yield {
            "example": example.ordinal,
            "row": shipped.get(example.id),
            "place": places.get(example.id),
            "answered_before_reopening": example.id in before,
            "ruling": review.outcomes.get(example.id),
            "intended": example.intended,
            "choices": [choice.answer for choice in example.choices],
            "label_confidence": example.label_confidence,
            "answers_on_edit": [
                [number, one.label, one.relevance, one.ambiguous, dict(one.answers)]
                for number, one in enumerate(review.edits.get(example.id, ()))
            ],
        }


def _occasion(one: Annotation) -> tuple[int, int, str]:
    return one.example_id, one.annotator_id, one.occasion


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the rows of a file that may be empty."""
    if path.stat().st_size:
        yield from (row for _, row in read_lines(path))


def _first_answers(
    annotations: Sequence[Mapping[str, Any]], people: Mapping[str, int]
) -> Iterator[tuple[BlindAnswer, bool]]:
    """Yields each blind first answer in its newest revision at the place of its first, and if a reopening followed."""
    first = [one for one in annotations if one["occasion"] == "first"]
    newest = {(one["example"], one["annotator"]): one for one in sorted(first, key=lambda one: int(one["revision"]))}
    for one in first:
        if one["revision"] == 1:
            counted = newest[one["example"], one["annotator"]]
            answer = BlindAnswer(
                one["example"],
                people[one["annotator"]],
                counted["label"],
                counted["relevance"],
                counted["ambiguous"],
                counted["answers"],
            )
            yield answer, one["before_reopening"]


def _ordered(row: Mapping[str, Any]) -> OrderedExample:
    return OrderedExample(row["example"], row["intended"], tuple(row["choices"]), row["label_confidence"])
