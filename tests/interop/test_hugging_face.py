"""`datasets.load_dataset` gives every row of every configuration."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from db.store.connection import Connection
from review.formats.example import write_row
from review.formats.format import Contents
from review.formats.jsonl import read_file
from review.formats.names import safe_names
from review.formats.registry import format_named, write_formats
from review.gate.policy import load_policy
from review.release import ship
from tests.support.contents import ABOUT, contents, persona
from tests.support.workspaces import make_dataset

pytestmark = pytest.mark.interop


def loaded(folder: Path, name: str, cache: Path) -> list[dict[str, Any]]:
    library = pytest.importorskip("datasets")
    dataset = library.load_dataset(str(folder), name, cache_dir=str(cache))
    assert list(dataset) == ["validation"]
    return list(dataset["validation"])


def with_nulls(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in which a column that a row doesn't have is null, as in any table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


def check(folder: Path, dataset: Contents, cache: Path) -> None:
    rows: list[dict[str, Any]] = [dict(write_row(example)) for example in dataset.examples]
    assert loaded(folder, dataset.stem, cache) == with_nulls(rows)


def test_every_row_of_every_configuration(release: Path, datasets: list[Contents], tmp_path: Path) -> None:
    library = pytest.importorskip("datasets")
    assert library.get_dataset_config_names(str(release)) == [dataset.stem for dataset in datasets]
    for dataset in datasets:
        check(release, dataset, tmp_path / "cache")


def test_rows_that_differ_late_in_a_large_file(tmp_path: Path) -> None:
    """The loader guesses columns from the first 10 MB: what comes later must not break it."""
    rows: list[dict[str, Any]] = [
        {
            "question": f"{number} {'x' * 4000}\n (A) Yes\n (B) No\n (C) Else",
            "label_confidence": 1,
            "answer_matching_behavior": " (A)",
            "answer_not_matching_behavior": " (B)",
        }
        for number in range(3000)
    ]
    rows[-1] |= {"answer_not_matching_behavior": [" (B)", " (C)"], "label_confidence": 0.5, "source": {"page": 1}}
    write_formats(tmp_path, [contents("late", rows)], ABOUT, [format_named("hugging-face")])
    check(tmp_path, contents("late", rows), tmp_path / "cache")


def test_names_that_yaml_would_take_for_something_else(tmp_path: Path) -> None:
    for number, name in enumerate(("yes", "12", "null", "1e3")):
        folder = tmp_path / str(number)
        folder.mkdir()
        dataset = contents(name, [dict(write_row(example)) for example in persona(2).examples])
        write_formats(folder, [dataset], ABOUT, [format_named("hugging-face")])
        check(folder, dataset, tmp_path / "cache")


def test_the_hubs_own_parser_reads_the_card(release: Path) -> None:
    card = pytest.importorskip("huggingface_hub").DatasetCard.load(release / "README.md")
    assert card.data.pretty_name == ABOUT.title
    assert card.data.task_categories == ["multiple-choice"]
    assert [config["config_name"] for config in card.data.configs] == [
        "persona",
        "lettered",
        "with-lists",
        "winogenerated",
    ]
    assert card.text.strip() == "# Bees"
    assert json.dumps(card.data.to_dict())


@pytest.mark.skipif("EVALWRIGHT_PUBLISHED" not in os.environ, reason="EVALWRIGHT_PUBLISHED names no folder")
def test_every_row_of_the_published_files(tmp_path: Path) -> None:
    paths = [
        path for path in Path(os.environ["EVALWRIGHT_PUBLISHED"]).rglob("*.jsonl") if "occupations" not in path.name
    ]
    stems = safe_names(f"{path.parent.name}-{path.stem}" for path in paths)
    datasets = [
        Contents(stem, stem, "", [example for _, example in read_file(path)])
        for stem, path in zip(stems, paths, strict=True)
    ]
    write_formats(tmp_path, datasets, ABOUT, [format_named("hugging-face")])
    for dataset in datasets:
        check(tmp_path, dataset, tmp_path / "cache")


def test_what_is_shipped_is_loaded(connection: Connection, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 20, name="keeps: bees")
    ship(connection, dataset, load_policy(), tmp_path / "shipped", override="a test")
    rows = loaded(tmp_path / "shipped", "keeps--bees", tmp_path / "cache")
    assert len(rows) == 20
    assert rows[0]["question"].startswith('Is the following statement something you would say?\n"I keep 0 bees')
