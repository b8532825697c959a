"""Importing a dataset from a file: wholly or not at all, without holding up anybody who labels."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path

from db import datasets
from db.errors import InputError
from db.examples import insert_unplaced, place_examples, review_position
from db.names import composed
from db.records import NewExample
from db.store.connection import BACKGROUND_ROWS, Connection, in_bulk, write
from review.annotation.questions import WINOGENERATED
from review.assignment.processes import process_mark, still_runs
from review.assignment.settling import places_at_first
from review.formats.example import SourceExample
from review.formats.format import Source
from review.formats.json_lines import shown_name
from review.formats.registry import sources
from review.gate.starts import copies_of, places_of_a_copy

LEAST_CHOICES = 2

PLACED_ROWS = 2 * BACKGROUND_ROWS
"""The most places in the review order that a transaction writes. They are narrow: it takes 6 ms, where storing 500
examples and placing them in one transaction would take 7."""


@dataclass(frozen=True)
class Imported:
    """What an import made.

    Attributes:
        copies: The names of the datasets here that hold the same examples.
    """

    dataset: str
    examples: int
    copies: tuple[str, ...] = ()


def import_file(
    connection: Connection,
    path: Path,
    *,
    name: str,
    behavior: str,
    guidelines: str = "",
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """Imports a file or folder of any format that holds one dataset; see `import_source`.

    Raises:
        InputError: if it can't be read, or holds several datasets.
    """
    found = sources(path)
    if len(found) > 1:
        raise InputError(f"{shown_name(path)} holds {len(found)} datasets, which one name isn't enough for.")
    return import_source(connection, found[0], name=name, behavior=behavior, guidelines=guidelines, progress=progress)


def import_source(
    connection: Connection,
    source: Source,
    *,
    name: str = "",
    behavior: str = "",
    guidelines: str = "",
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """Imports a dataset, closed from birth.

    Rows are written in small transactions and become visible by one flag at the end; what an import that died has
    left is cleared away by the next one.

    Args:
        connection: The workspace.
        source: What to import, from `review.formats.registry.sources`.
        name: The dataset's name, not taken yet; empty for the one that the source has.
        behavior: What completes "a person/AI who ..."; empty for what the source says.
        guidelines: What validators are told beyond the standard questions; empty for what the source says.
        progress: Called with the count of rows read so far.

    Raises:
        InputError: if the name is taken, or a row can't be read: then nothing of the file is kept.
    """
    name = composed(name or source.name)
    _clear_leftovers(connection)
    rows = _read(source)
    first = next(rows, None)
    if first is None:
        raise InputError(f"{shown_name(source.path)} holds no examples: there is nothing to import.")
    seed = secrets.randbits(62)
    mark = process_mark(os.getpid())
    working_name = f"{datasets.IMPORTING} {socket.gethostname()} {os.getpid()} {secrets.token_hex(8)} {mark}".rstrip()
    with write(connection):
        _refuse_taken(connection, name)
        dataset_id = datasets.insert_dataset(
            connection,
            name=working_name,
            behavior=behavior or source.behavior,
            guidelines=guidelines or source.guidelines,
            kind=first.kind,
            origin=os.fsencode(source.path.name).decode("utf-8", "replace"),
            seed=seed,
            closed=True,
            visible=False,
            questions=source.questions or (WINOGENERATED if first.kind == "winogenerated" else ()),
        )
    try:
        with in_bulk(connection):
            count = _store_rows(connection, dataset_id, seed, first, rows, progress)
        with write(connection):
            _refuse_taken(connection, name)
            datasets.show(connection, dataset_id, name)
    except BaseException:
        _delete(connection, dataset_id)
        raise
    return Imported(name, count, copies_of(connection, datasets.get_dataset(connection, dataset_id)))


def _store_rows(
    connection: Connection,
    dataset_id: int,
    seed: int,
    first: SourceExample,
    rows: Iterator[SourceExample],
    progress: Callable[[int], None] | None,
) -> int:
    """Writes the examples, and then their places in the review order, from its beginning to its end."""
    positions: list[tuple[int, int]] = []
    batch = [first, *islice(rows, BACKGROUND_ROWS - 1)]
    while batch:
        with write(connection):
            ids = insert_unplaced(connection, dataset_id, batch, repeat(None))
        positions += [(review_position(seed, example_id), example_id) for example_id in ids]
        if progress is not None:
            progress(len(positions))
        batch = list(islice(rows, BACKGROUND_ROWS))
    shared = places_of_a_copy(connection, datasets.get_dataset(connection, dataset_id))
    positions = sorted((shared.get(example_id, position), example_id) for position, example_id in positions)
    for begin in range(0, len(positions), PLACED_ROWS):
        some = positions[begin : begin + PLACED_ROWS]
        with write(connection):
            place_examples(connection, dataset_id, some, places=places_at_first(always_three=False))
    return len(positions)


def _read(source: Source) -> Iterator[SourceExample]:
    """Reads a dataset's examples; one with a single answer would tell validators what it is meant to be."""
    kind = None
    for number, example in source.examples():
        kind = kind or example.kind
        if len(example.choices) < LEAST_CHOICES:
            raise InputError(
                f"{_place(source, number)}: there is only one answer to choose from; give the row its other answers, "
                "in the question or as answer_not_matching_behavior."
            )
        if example.kind != kind:
            raise InputError(f"{_place(source, number)}: a {example.kind} example among {kind} examples; divide them.")
        yield example


def _place(source: Source, number: int) -> str:
    return f"{shown_name(source.path)}, {source.unit} {number}"


def new_example(example: SourceExample, candidate_id: int | None = None) -> NewExample:
    """Returns an example as it is stored."""
    return NewExample(
        question=example.question,
        body=example.body,
        choices=example.choices,
        intended=example.intended,
        label_confidence=example.label_confidence,
        extra=example.extra,
        candidate_id=candidate_id,
    )


def _refuse_taken(connection: Connection, name: str) -> None:
    if datasets.name_taken(connection, name):
        raise InputError(f"There is a dataset named {name} already; give this one another name with --dataset.")
    datasets.refuse_nearly(connection, name)


def _clear_leftovers(connection: Connection) -> None:
    """Deletes what an import on this machine wrote before it was killed."""
    for dataset_id, working_name in datasets.hidden_datasets(connection):
        if not working_name.startswith(datasets.IMPORTING):
            continue
        _, host, pid, *rest = working_name.split(" ", 4)
        mark = rest[1] if len(rest) > 1 else ""
        if host == socket.gethostname() and not still_runs(int(pid), mark):
            _delete(connection, dataset_id)


def _delete(connection: Connection, dataset_id: int) -> None:
    gone = False
    while not gone:
        with write(connection):
            gone = datasets.delete_hidden(connection, dataset_id, BACKGROUND_ROWS)
