"""Full-text search: an index that is filled after the examples, in steps that hold nobody up."""

from __future__ import annotations

import re
from typing import NamedTuple

from db.datasets import IMPORTING
from db.store.connection import BACKGROUND_ROWS, Connection, write


class Indexed(NamedTuple):
    """How far the index reaches: the last example in it, and the last that could be."""

    reached: int
    last: int

    @property
    def complete(self) -> bool:
        """Whether every example is in the index."""
        return self.reached >= self.last


def indexed(connection: Connection) -> Indexed:
    """Returns how far the index reaches.

    What an import is still writing stays out until it shows: it may yet vanish, and its ids be used again.
    """
    (reached,) = connection.execute(
        "SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'text_indexed_to'"
    ).fetchone()
    (last,) = connection.execute(
        "SELECT coalesce((SELECT min(e.id) - 1 FROM datasets AS d JOIN examples AS e ON e.dataset_id = d.id"
        " WHERE d.visible = 0 AND d.name LIKE ? || '%'), (SELECT max(id) FROM examples), 0)",
        (IMPORTING,),
    ).fetchone()
    return Indexed(reached, last)


def index_some(connection: Connection, rows: int = BACKGROUND_ROWS) -> Indexed:
    """Adds at most `rows` examples to the index, in a write transaction of its own, and returns how far it reaches."""
    state = indexed(connection)
    if state.complete:
        return state
    with write(connection):
        reached, last = indexed(connection)
        upto = min(last, reached + rows)
        if upto > reached:
            connection.execute(
                "INSERT INTO examples_text (rowid, body) SELECT id, body FROM examples WHERE id > ? AND id <= ?",
                (reached, upto),
            )
            connection.execute("UPDATE settings SET value = ? WHERE name = 'text_indexed_to'", (str(upto),))
    return Indexed(max(reached, upto), last)


def matching(words: str) -> str:
    """Returns the full-text query for the words a person typed: all of them, the last as a beginning; "" for none."""
    found = re.findall(r"\w+", words)
    return " ".join(f'"{word}"' for word in found) + ("*" if found and words[-1:].isalnum() else "")
