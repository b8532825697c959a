from pathlib import Path

from db import annotators
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from review.annotation.pseudonyms import pseudonyms


def add(connection: Connection, *names: str) -> list[int]:
    with write(connection):
        return [annotators.annotator_id(connection, name) for name in names]


def test_a_pseudonym_stays_whoever_comes_later(connection: Connection) -> None:
    ids = add(connection, "Ada", "Béla")
    before = pseudonyms(connection)
    assert list(before) == ids
    add(connection, *(f"annotator {number}" for number in range(300)))
    after = pseudonyms(connection)
    assert {key: after[key] for key in ids} == before
    assert len(set(after.values())) == 302


def test_a_pseudonym_tells_neither_the_name_nor_who_came_when(connection: Connection, tmp_path: Path) -> None:
    names = [f"validator {number}" for number in range(200)]
    add(connection, *names)
    here = list(pseudonyms(connection).values())
    other = open_workspace(tmp_path / "other.db")
    add(other, *names)
    assert here != list(pseudonyms(other).values())
    numbers = [int(pseudonym.removeprefix("annotator ")) for pseudonym in here]
    assert 0.4 < sum(numbers[:100]) / sum(numbers) < 0.6
