from pathlib import Path

import pytest

from db import annotators
from db.store import schema
from db.store.connection import Connection, write
from db.store.workspace import open_workspace


def test_a_name_is_one_annotator(connection: Connection) -> None:
    with write(connection):
        ada, bela = (annotators.annotator_id(connection, name) for name in ("Ada", "Béla"))
        assert annotators.annotator_id(connection, "Ada") == ada != bela
    assert annotators.names(connection) == {ada: "Ada", bela: "Béla"}
    assert annotators.find_annotator(connection, "Ada") == ada
    assert annotators.find_annotator(connection, "ada") is None


def test_annotators_of_an_older_workspace_get_pseudonyms(workspace_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = [name for name, _ in schema.MIGRATIONS]
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[: known.index("people")])
    monkeypatch.setattr(schema, "CURRENT", len(schema.MIGRATIONS))
    older = open_workspace(workspace_path)
    with write(older):
        for number in range(40):
            older.execute("INSERT INTO annotators (name, created_at) VALUES (?, '')", (f"annotator {number}",))
    older.close()
    monkeypatch.undo()
    numbers = list(annotators.pseudonym_numbers(open_workspace(workspace_path)).values())
    assert len(set(numbers)) == 40
    assert min(numbers) >= annotators.FIRST_NUMBER
    assert numbers != sorted(numbers)
