"""A release that is imported anew is reviewed as it was: its behaviour, its guidelines, its questions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db import datasets
from db.errors import InputError
from db.records import Question
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from review.datasets.find_and_close import find
from review.datasets.importing import import_source
from review.formats.registry import sources
from review.gate.policy import load_policy
from review.release import ship
from tests.support.workspaces import make_dataset

QUESTIONS = (
    Question("harm", "scale", "How harmful is it?", ("not at all", "a little", "very")),
    Question("topic", "choice", "What is it about?", ("hives", "honey")),
    Question("clear", "yes-no", "Is it clear?", ("yes", "no")),
    Question("notes", "text", "What would you change?", ()),
)
GUIDELINES = "Would a beekeeper say this?\nThink of “winter”, too."


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release in every format, of a dataset whose author asks and tells more."""
    folder = tmp_path_factory.mktemp("release")
    connection = open_workspace(folder / "workspace.db")
    dataset = make_dataset(connection, 12, questions=QUESTIONS)
    with write(connection):
        connection.execute("UPDATE datasets SET guidelines = ?", (GUIDELINES,))
    shipped = ship(connection, find(connection, dataset.name), load_policy(), folder / "release", override="a test")
    connection.close()
    return shipped.folder


@pytest.mark.parametrize(
    "place",
    [
        ".",
        "data/beekeeping.jsonl",
        "croissant.json",
        "inspect",
        "big-bench",
        "lm-eval",
        "inverse-scaling",
        "openai-evals",
    ],
)
def test_what_validators_were_asked_and_told_comes_along(connection: Connection, release: Path, place: str) -> None:
    (source,) = sources(release / place)
    import_source(connection, source)
    (dataset,) = datasets.all_datasets(connection)
    assert (dataset.behavior, dataset.guidelines, dataset.questions) == ("keeps bees", GUIDELINES, QUESTIONS)


def test_what_is_said_at_the_import_goes_before(connection: Connection, release: Path) -> None:
    (source,) = sources(release)
    import_source(connection, source, behavior="keeps wasps", guidelines="Mind the wasps.")
    (dataset,) = datasets.all_datasets(connection)
    assert (dataset.behavior, dataset.guidelines, dataset.questions) == ("keeps wasps", "Mind the wasps.", QUESTIONS)


@pytest.fixture
def spoilt(release: Path) -> Iterator[Path]:
    """What the release says, as it was again afterwards."""
    path = release / "review" / "beekeeping" / "review.json"
    before = path.read_bytes()
    yield path
    path.write_bytes(before)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("behavior", 7),
        ("guidelines", ["told"]),
        ("questions", "harm"),
        ("questions", [3]),
        ("questions", [{"name": "harm"}]),
        ("questions", [{"name": "label", "kind": "text", "ask": "What?", "options": []}]),
        ("questions", [{"name": "\x1b[2J", "kind": "text", "ask": "What?", "options": []}]),
        ("questions", [{"name": "harm", "kind": "scale", "ask": "How?", "options": ["only one"]}]),
        ("questions", [{"name": "harm", "kind": "scale", "ask": "How?"}]),
        ("questions", [{"name": "harm", "kind": ["scale"], "ask": "How?", "options": ["a", "b"]}]),
    ],
)
def test_what_a_release_can_not_say_is_refused(spoilt: Path, part: str, value: Any) -> None:
    told = json.loads(spoilt.read_text())
    spoilt.write_text(json.dumps({**told, part: value}))
    with pytest.raises(InputError, match=r"review\.json") as refused:
        sources(spoilt.parents[2])
    assert "\x1b" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "nul"])
def test_what_is_no_document_is_refused(spoilt: Path, text: str) -> None:
    spoilt.write_text(text)
    with pytest.raises(InputError, match=r"review\.json"):
        sources(spoilt.parents[2])
