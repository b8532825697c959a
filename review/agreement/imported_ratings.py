"""Ratings from elsewhere, attached to a dataset by the texts of its examples or by their ids.

They are kept apart from annotations, reported as "imported ratings", and never evidence for the gate: nobody here knows
whether those who gave them were blind, or how their examples were drawn.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from db import imported_ratings as rows
from db.errors import InputError
from db.imported_ratings import ImportedRating, Level, RatingSet
from db.records import Dataset
from db.store.connection import BACKGROUND_ROWS, Connection, write
from review.formats.example import statement_of
from review.formats.inspect_samples import number_of, row_of_id
from review.formats.json_lines import shown_name
from review.formats.names import safe_name
from review.formats.ratings import RatedValue, as_numbers, read_ratings


@dataclass(frozen=True)
class Attached:
    """What became of the ratings of a file.

    Attributes:
        added: Ratings stored now, of `annotators` people on `examples` examples.
        known: Ratings that were there already, with the same value.
        strangers: Units that are no example of the dataset.
        ambiguous: Units whose text several examples have.
    """

    question: str
    added: int
    known: int
    annotators: int
    examples: int
    strangers: tuple[str, ...]
    ambiguous: tuple[str, ...]


def attach_ratings(
    connection: Connection, dataset: Dataset, path: Path, *, question: str = "", level: Level = "nominal"
) -> Attached:
    """Attaches the ratings of a file to a dataset's examples.

    A unit is an example's question, its text as validators read it or its statement, word for word; its id in the
    workspace; or its id among the samples of a release, such as `NAME-12`.

    Args:
        connection: The workspace.
        dataset: Whose examples were rated.
        path: CSV or JSONL with unit, annotator and value, or human ratings as Inspect keeps them.
        question: What was asked; empty for the file's name. A file for a question that has ratings adds to them.
        level: Level of measurement of the values.

    Raises:
        InputError: if the file can't be read; no unit is an example; a value isn't a number where the level needs
            one; somebody's rating of an example is there already with another value; or the question has ratings at
            another level. Then nothing is stored.
    """
    rated = read_ratings(path)
    if level != "nominal":
        as_numbers(path, rated)
    asked = question or safe_name(path.stem)
    found = _examples_of_units(connection, dataset, {one.unit for one in rated})
    strangers = tuple(unit for unit, ids in found.items() if not ids)
    ambiguous = tuple(unit for unit, ids in found.items() if len(ids) > 1)
    given = _by_example(path, rated, {unit: min(ids) for unit, ids in found.items() if len(ids) == 1})
    if not given:
        raise InputError(
            f"{shown_name(path)}: no unit is an example of {dataset.name}; a unit has to be a question word for word, "
            "or an example's id."
        )
    with write(connection):
        kept = _set_for(connection, dataset, asked, level, path)
        there = {(one.example_id, one.annotator): one.value for one in rows.ratings_of_set(connection, kept.id)}
        for key, value in given.items():
            if there.get(key, value) != value:
                raise InputError(
                    f"{shown_name(path)}: {key[1]} rated example {key[0]} as {value!r}, and {there[key]!r} is there "
                    f"already; give the other ratings a name of their own with --question."
                )
    new = [ImportedRating(*key, value) for key, value in given.items() if key not in there]
    for begin in range(0, len(new), BACKGROUND_ROWS):
        with write(connection):
            rows.insert_ratings(connection, kept.id, new[begin : begin + BACKGROUND_ROWS])
    return Attached(
        question=asked,
        added=len(new),
        known=len(given) - len(new),
        annotators=len({one.annotator for one in new}),
        examples=len({one.example_id for one in new}),
        strangers=strangers,
        ambiguous=ambiguous,
    )


def _set_for(connection: Connection, dataset: Dataset, question: str, level: Level, path: Path) -> RatingSet:
    for kept in rows.sets_of_dataset(connection, dataset.id):
        if kept.question == question:
            if kept.level != level:
                raise InputError(
                    f"{dataset.name} has {kept.level} ratings for {question} already; give these another name with "
                    f"--question, or add them with --level {kept.level}."
                )
            return kept
    source = os.fsencode(path.name).decode("utf-8", "replace")
    return rows.insert_set(connection, dataset.id, question, level, source)


def _examples_of_units(connection: Connection, dataset: Dataset, units: set[str]) -> dict[str, set[int]]:
    """Returns the examples that each unit may be: by text, and where no text is it, by id."""
    by_text: dict[str, set[int]] = defaultdict(set)
    ids: list[int] = []
    for example_id, question, body in rows.questions_of_examples(connection, dataset.id):
        ids.append(example_id)
        for text in {question.strip(), body.strip(), statement_of(question).strip()} & units:
            by_text[text].add(example_id)
    known = set(ids)
    found = {}
    for unit in sorted(units):
        row = row_of_id(safe_name(dataset.name), unit)
        number = number_of(unit)
        by_id = {number} & known if number is not None else set()
        by_row = {ids[row - 1]} if row is not None and row <= len(ids) else set()
        found[unit] = by_text.get(unit) or by_id or by_row
    return found


def _by_example(path: Path, rated: Iterable[RatedValue], examples: dict[str, int]) -> dict[tuple[int, str], str]:
    given: dict[tuple[int, str], str] = {}
    for one in rated:
        if one.unit not in examples:
            continue
        key = (examples[one.unit], one.annotator)
        if given.setdefault(key, one.value) != one.value:
            raise InputError(
                f"{shown_name(path)}: {one.annotator} rates example {key[0]} as {given[key]!r} and as {one.value!r}, "
                "under two names; keep one of the two."
            )
    return given
