"""Targets: files that are imported, in every format, and ratings. What is accepted comes back unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from db.examples import iterate_examples
from generation.recipes.inputs import InputShape, read_input
from review.comparisons.arguments import read_arguments
from review.datasets.find_and_close import find
from review.datasets.importing import import_source
from review.formats.example import JSON, SourceExample, read_row, write_row
from review.formats.format import About, Source
from review.formats.inspect_samples import row_of_id
from review.formats.jsonl import encode_row
from review.formats.ratings import as_numbers, read_ratings
from review.formats.registry import FORMATS, sources
from review.lead.rulings import as_source
from tests.fuzz.checks import expect, folder, fresh_workspace, refusing
from tests.fuzz.irregular import spoil
from tests.support.contents import contents, every_kind, lettered, persona, with_lists
from tests.support.recipe_inputs import OCCUPATIONS, SURVEY
from tests.support.workspaces import persona_row

MOST_STORED = 30

RATINGS = 'unit,annotator,value\nI keep 1 bees,Ada,4\n"I keep\n2 bees",Ada,5\nI keep 1 bees,Béla,1e0\n'
INSPECT_RATINGS = (
    '{"id": "x-1", "value": 3, "metadata": {"ratings": {"Ada": 4, "Béla": 2}}}\n{"id": "x-2", "value": 1.5}\n'
)
ARGUMENTS = '{"question": "I keep 1 bees", "label": " Yes", "for": "It hums.", "against": "It stings.", "model": "m"}\n'

TABLE = InputShape("occupations", "table", ("title",), ("percent_women",), ())
SURVEYS = InputShape("survey", "table", ("question",), (), ("choices", "holders"))
SEEDS = InputShape("seeds", "examples", (), (), ())


def lines(data: bytes) -> None:
    """JSONL: published rows, samples of Inspect, lm-eval and OpenAI evals, ratings, arguments, inputs of recipes."""
    _read_as(data, [
        ("rows.jsonl", _import),
        ("ratings.jsonl", _rate),
        ("arguments.jsonl", lambda path: _read_records(read_arguments, path)),
        ("survey.jsonl", lambda path: _read_records(lambda given: read_input(SURVEYS, given), path)),
        ("seeds.jsonl", lambda path: _read_records(lambda given: read_input(SEEDS, given), path)),
    ])  # fmt: skip


def tables(data: bytes) -> None:
    """CSV: ratings, Inverse Scaling, inputs of recipes."""
    _read_as(data, [
        ("inverse.csv", _import),
        ("ratings.csv", _rate),
        ("table.csv", lambda path: _read_records(lambda given: read_input(TABLE, given), path)),
    ])  # fmt: skip


def documents(data: bytes) -> None:
    """JSON: BIG-bench, lists of Inspect's, Croissant."""

    def beside(path: Path) -> None:
        (path.parent / "data").mkdir()
        (path.parent / "data" / "persona.jsonl").write_bytes(encode_row(persona_row(1)) + b"\n")
        _import(path)

    _read_as(data, [("task.json", _import), ("samples.json", _import), ("croissant.json", beside)])


def folders(data: bytes) -> None:
    """YAML: the card of a Hugging Face folder, the task of lm-evaluation-harness; pipes and links among the files."""

    def card(path: Path) -> None:
        (path.parent / "data").mkdir()
        (path.parent / "data" / "persona.jsonl").write_bytes(encode_row(persona_row(1)) + b"\n")
        spoil(data, [path, path.parent / "data" / "persona.jsonl", path.parent / "data"])
        _import(path.parent)

    def task(path: Path) -> None:
        row: dict[str, JSON] = {"question": "Tea?", "choices": [" Yes", " No"], "target": 1}
        path.with_name("persona.jsonl").write_bytes(encode_row(row) + b"\n")
        spoil(data, [path, path.with_name("persona.jsonl")])
        for each in (path, path.parent):
            with refusing(str(path.parent)):
                _import(each)

    _read_as(data, [("README.md", card), ("persona.yaml", task)])


def _read_as(data: bytes, ways: Sequence[tuple[str, Callable[[Path], None]]]) -> None:
    """Writes the input to a file, whose name and reader its first byte chooses."""
    name, read = ways[data[0] % len(ways) if data else 0]
    with folder() as place:
        path = place / name
        path.write_bytes(data[1:])
        with refusing(str(place)):
            read(path)


def _import(path: Path) -> None:
    for source in sources(path):
        examples = [example for _, example in source.examples()]
        for example in examples:
            row = write_row(example)
            expect(json.loads(encode_row(row)) == row, "a row changes when it is written")
            expect(read_row(row) == example, "an example changes when it is written")
        if len(examples) <= MOST_STORED:
            _store(source, examples)


def _store(source: Source, examples: list[SourceExample]) -> None:
    """Imports a dataset, and reads it again."""
    name = source.name if source.name.isalnum() else "dataset"
    with fresh_workspace() as connection, refusing(str(source.path.parent)):
        import_source(connection, source, name=name)
        dataset = find(connection, name)
        expect(dataset.behavior == source.behavior, "a behaviour changes when it is stored")
        stored = [as_source(dataset, one) for one in iterate_examples(connection, dataset.id)]
        expect(stored == examples, "an example changes when it is stored")


def _rate(path: Path) -> None:
    ratings = read_ratings(path)
    for one in ratings:
        expect(one.value == one.value.strip() != "", "a rating is blank")
        "".join([one.unit, one.annotator, one.value]).encode()
        row_of_id("x", one.unit)
    with refusing(str(path)):
        as_numbers(path, ratings)


def _read_records(read: Callable[[Path], Sequence[Any]], path: Path) -> None:
    for record in read(path):
        repr(record).encode()


@cache
def seeds() -> dict[str, list[bytes]]:
    """Valid input of every format, by target, as the product itself writes it."""
    written: dict[str, list[bytes]] = {"lines": [], "tables": [], "documents": [], "folders": []}
    rows = "".join(f"{json.dumps(row)}\n" for row in SURVEY).encode()
    written["lines"] += [b"\1" + INSPECT_RATINGS.encode(), b"\2" + ARGUMENTS.encode(), b"\3" + rows]
    written["lines"].append(
        b"\1" + b'{"unit": "a", "annotator": "b", "value": 3}\n{"unit": 1, "annotator": 2, "value": null}\n'
    )
    written["tables"] += [b"\1" + RATINGS.encode(), b"\2" + OCCUPATIONS.encode()]
    with folder() as place:
        small = [contents(one.name, [write_row(example) for example in one.examples[:3]]) for one in every_kind()]
        for known in FORMATS:
            held = [one for one in small if known.can_hold(one) is None]
            known.write(place / known.name, held, About("Bees")) if _made(place / known.name) and held else None
        for path in sorted(place.rglob("*")):
            _add_seed(written, path)
    several = [write_row(example) for one in (persona(2), lettered(2), with_lists(2)) for example in one.examples[:2]]
    samples = [{"input": row["question"], "choices": ["Yes", "No"], "target": "A", "metadata": row} for row in several]
    written["documents"].append(b"\1" + json.dumps(samples).encode())
    written["lines"].append(b"\4" + b"".join(encode_row(write_row(one)) + b"\n" for one in lettered(3).examples))
    return written


def _made(path: Path) -> bool:
    path.mkdir()
    return True


def _add_seed(written: dict[str, list[bytes]], path: Path) -> None:
    """Adds a file that a format wrote to the seeds of the target that reads such files."""
    first = {"README.md": b"\0", "croissant.json": b"\2"}.get(path.name, b"\1" if path.suffix == ".yaml" else b"\0")
    target = {".jsonl": "lines", ".csv": "tables", ".json": "documents", ".yaml": "folders", ".md": "folders"}.get(
        path.suffix
    )
    if path.is_file() and target is not None:
        written[target].append(first + path.read_bytes())
