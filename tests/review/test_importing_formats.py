"""Through the workspace and out again: what was imported in any format is written as the same files."""

from __future__ import annotations

from pathlib import Path

import pytest

from db import datasets as rows
from db.errors import InputError
from db.examples import iterate_examples
from db.store.connection import Connection
from review.datasets.importing import import_source
from review.formats.format import About
from review.formats.names import safe_name
from review.formats.registry import format_named, sources, write_formats
from review.release.shipment import contents_of
from tests.support.contents import ABOUT, WHERE, every_kind, files


@pytest.mark.parametrize("name", WHERE)
def test_what_was_imported_is_written_as_the_same_files(connection: Connection, tmp_path: Path, name: str) -> None:
    once, again = tmp_path / "once", tmp_path / "again"
    once.mkdir()
    again.mkdir()
    about = About(title="bees") if name == "croissant" else ABOUT
    write_formats(once, every_kind(), about, [format_named(name)])
    for source in sources(once / WHERE[name]):
        import_source(connection, source, behavior="keeps bees")
    order = [dataset.stem for dataset in every_kind()]
    imported = sorted(rows.all_datasets(connection), key=lambda dataset: order.index(dataset.name))
    written = [
        contents_of(dataset, safe_name(dataset.name), iterate_examples(connection, dataset.id)) for dataset in imported
    ]
    assert write_formats(again, written, about, [format_named(name)]) == []
    assert files(again) == files(once)


def test_examples_of_several_kinds_are_not_mixed(connection: Connection, tmp_path: Path) -> None:
    write_formats(tmp_path, every_kind(), ABOUT, [format_named("inspect")])
    mixed = tmp_path / "mixed.jsonl"
    parts = [(tmp_path / "inspect" / f"{kind}.jsonl").read_text() for kind in ("persona", "lettered")]
    mixed.write_text("".join(parts))
    with pytest.raises(InputError, match="line 13: a multiple-choice example among persona examples"):
        import_source(connection, sources(mixed)[0])
    assert rows.all_datasets(connection) == []
