"""`mlcroissant` validates the description without a warning, and reads every record through it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from review.formats.croissant import ONE_TEXT, RAI_FIELDS
from review.formats.example import write_row
from review.formats.format import Contents
from review.formats.registry import format_named, write_formats
from tests.support.contents import ABOUT, every_kind

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return [plain(entry) for entry in value] if isinstance(value, list) else value


def test_it_validates_and_its_records_are_the_rows(tmp_path: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    about = replace(
        ABOUT,
        title="Bees",
        description="What is asked of bees.",
        license="https://www.apache.org/licenses/LICENSE-2.0",
        published="2026-11-22",
        citation="Bees (2026)",
        rai={name: f"about {name}" if name in ONE_TEXT else ["one", "two"] for name in RAI_FIELDS},
    )
    write_formats(tmp_path, every_kind(), about, [format_named("croissant")])
    description = mlcroissant.Dataset(str(tmp_path / "croissant.json"))
    issues = description.metadata.issues
    assert (list(issues.errors), list(issues.warnings)) == ([], [])
    assert description.metadata.name == "Bees"
    for dataset in every_kind():
        check(description, dataset)
    written = json.loads((tmp_path / "croissant.json").read_text())
    assert {name: written[f"rai:{name}"] for name in RAI_FIELDS} == about.rai


def check(description: Any, dataset: Contents) -> None:
    records = [
        {name.split("/")[1]: plain(value) for name, value in record.items()}
        for record in description.records(dataset.stem)
    ]
    rows = [
        {name: value for name, value in write_row(example).items() if not isinstance(value, dict)}
        for example in dataset.examples
    ]
    assert records == rows
