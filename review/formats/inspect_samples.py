"""Inspect: samples as `inspect_ai.dataset.json_dataset` reads them, and human ratings as its precomputed scores.

A sample's `input` leaves out the list of choices, because Inspect's own solver prints them; its `metadata` is the
published row, so that reading the samples gives the same rows again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from db.errors import InputError
from review.formats.example import JSON, SourceExample, read_row, write_row
from review.formats.format import About, Contents, Format, Source
from review.formats.json_lines import first_row, read_document, read_lines, shown_name, write_file
from review.formats.names import safe_name
from review.formats.questions import LETTERS, QuestionReader, target_index, why_no_questions

FOLDER = "inspect"
LONGEST_ID = 18
"""Digits of a number that a workspace can hold."""

_YES_NO = {"Yes", "No"}


def sample_id(contents: Contents, row: int) -> str:
    """Returns the id of a sample: the dataset's stem and the row, from 1."""
    return f"{contents.stem}-{row}"


def row_of_id(stem: str, identifier: str) -> int | None:
    """Returns the row of a sample, from 1, or None where the id isn't one of that dataset's."""
    name, _, row = identifier.rpartition("-")
    return number_of(row) or None if name == stem else None


def number_of(text: str) -> int | None:
    """Returns the whole number that a text writes in digits, or None; of as many digits as an id has at most."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID else None


def write(folder: Path, datasets: Sequence[Contents], _about: About) -> None:
    """Writes a file of samples for each dataset."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    for contents in datasets:
        samples: Iterator[dict[str, JSON]] = (
            {"id": sample_id(contents, row), **_sample(example)} for row, example in enumerate(contents.examples, 1)
        )
        write_file(place / f"{contents.stem}.jsonl", samples)


def write_ratings(folder: Path, contents: Contents, ratings: Mapping[int, Mapping[str, float]]) -> Path:
    """Writes human ratings for `inspect_ai.scorer.precomputed_scores`: a record for each rated sample.

    Args:
        folder: The folder of the release.
        contents: The dataset that was rated.
        ratings: By row, from 1: each annotator's rating, finite. A row without any has no record.

    Returns:
        The file, whose records have the mean rating as `value` and every annotator's own in `metadata`.
    """
    path = folder / FOLDER / "ratings" / f"{contents.stem}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    records: Iterator[dict[str, JSON]] = (
        {
            "id": sample_id(contents, row),
            "value": math.fsum(given.values()) / len(given),
            "metadata": {"ratings": dict(given)},
        }
        for row, given in sorted(ratings.items())
        if given
    )
    write_file(path, records)
    return path


def sources(path: Path) -> list[Source] | None:
    """Returns the samples of a JSONL file or of a JSON list."""
    if path.suffix.lower() == ".json" and path.is_file():
        document = read_document(path)
        if not isinstance(document, list) or not _is_sample(next(iter(document), None)):
            return None
        return [Source(safe_name(path.stem), path, "example", lambda: _read(path, "example", enumerate(document, 1)))]
    if not _is_sample(first_row(path)):
        return None
    return [Source(safe_name(path.stem), path, "line", lambda: _read(path, "line", read_lines(path)))]


def _is_sample(record: JSON) -> bool:
    return isinstance(record, dict) and {"input", "target"} <= record.keys()


def _why_not(contents: Contents) -> str | None:
    why = why_no_questions(contents)
    if why is None and any(len(example.choices) > len(LETTERS) for example in contents.examples):
        why = f"its targets are letters, and an example has more than {len(LETTERS)} answers"
    return why


def _sample(example: SourceExample) -> dict[str, JSON]:
    """Returns a sample without its id."""
    return {
        "input": example.body or example.question,
        "choices": [choice.text.strip() for choice in example.choices],
        "target": LETTERS[target_index(example)],
        "metadata": write_row(example),
    }


def _read(
    path: Path, unit: str, records: Iterable[tuple[int, JSON | dict[str, JSON]]]
) -> Iterator[tuple[int, SourceExample]]:
    reader = QuestionReader(shown_name(path), unit)
    for number, record in records:
        if not isinstance(record, dict):
            raise reader.trouble(number, "a sample has to be an object")
        yield number, _published(record) or _foreign(reader, number, record)


def _published(record: dict[str, JSON]) -> SourceExample | None:
    """Returns the published row in a sample's metadata, if the sample is still what is written of that row."""
    row = record.get("metadata")
    if not isinstance(row, dict):
        return None
    try:
        example = read_row(row)
    except InputError:
        return None
    if example.intended is None or target_index(example) >= len(LETTERS):
        return None
    ours = {key: value for key, value in record.items() if key != "id"}
    return example if json.dumps(_sample(example)) == json.dumps(ours) else None


def _foreign(reader: QuestionReader, number: int, record: dict[str, JSON]) -> SourceExample:
    """Returns a sample of another's making as a published row: choices under letters, what else it has as it is."""
    asked, choices, target = record.get("input"), record.get("choices"), record.get("target")
    texts = [text for text in choices if isinstance(text, str)] if isinstance(choices, list) else []
    if not isinstance(asked, str) or not texts:
        raise reader.trouble(number, "a sample needs an input that is text, and choices")
    if len(texts) > len(LETTERS) or not isinstance(target, str) or target not in LETTERS[: len(texts)] or not target:
        raise reader.trouble(number, "the target has to be the letter of one of the choices")
    if {text.strip() for text in texts} == _YES_NO:
        question, answers = asked, [f" {text.strip()}" for text in texts]
    else:
        answers = [f" ({letter})" for letter in LETTERS[: len(texts)]]
        listed = [f"{answer} {text}" for answer, text in zip(answers, texts, strict=True)]
        question = "\n".join([f"{asked}\n\nChoices:", *listed])
    extra = {key: value for key, value in record.items() if key not in {"input", "choices", "target"}}
    return reader.read(number, question, [*answers], LETTERS.index(target), extra)


FORMAT = Format(
    name="inspect",
    layout=f"{FOLDER}/NAME.jsonl",
    why_not=_why_not,
    write=write,
    sources=sources,
)
