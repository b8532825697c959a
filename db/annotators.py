"""Annotators: by name within a workspace, by pseudonym outside it."""

from __future__ import annotations

import secrets

from db.clock import now_text
from db.errors import InputError
from db.names import check_name, composed, nearly, same_letters, storable
from db.settings import setting
from db.store.connection import Connection
from db.store.rows import insert, one_value

FIRST_NUMBER, NUMBERS = 100, 900
"""Pseudonyms are drawn from the numbers of three digits, as wide as each other, and from more where many are taken."""


def annotator_id(connection: Connection, name: str) -> int:
    """Returns an annotator's id, made if the name is new; within a write transaction.

    Raises:
        InputError: if it is new and can't be a name, or looks nearly like another annotator's.
    """
    known = find_annotator(connection, name)
    if known is not None:
        return known
    if setting(connection, "packet_for") != name:  # A packet is for whoever its workspace knows, by an old name too.
        name = composed(name)
        check_name("The validator's name", name)
    if (other := nearly(name, names(connection).values())) is not None:
        raise InputError(
            f"There is a validator {other} already, whose name is nearly the same as {name}; give that one, or one "
            "that differs more."
        )
    new = {"name": name, "created_at": now_text(), "pseudonym": _free_number(connection)}
    return insert(connection, "annotators", new)


def find_annotator(connection: Connection, name: str) -> int | None:
    """Returns the id of the annotator of that name, or None if nobody has labelled under it."""
    if not storable(name):
        return None
    query = "SELECT id FROM annotators WHERE name = ?"
    found: int | None = one_value(connection.execute(query, (name,)))
    if found is None and (other := same_letters(name, names(connection).values())) is not None:
        found = one_value(connection.execute(query, (other,)))
    return found


def names(connection: Connection) -> dict[int, str]:
    """Returns the annotators' names by id."""
    return dict(connection.execute("SELECT id, name FROM annotators").fetchall())


def pseudonym_numbers(connection: Connection) -> dict[int, int]:
    """Returns the annotators' pseudonyms by id: numbers drawn at random, each once in a workspace."""
    return dict(connection.execute("SELECT id, pseudonym FROM annotators ORDER BY id").fetchall())


def _free_number(connection: Connection) -> int:
    width = NUMBERS
    while True:
        number = FIRST_NUMBER + secrets.randbelow(width)
        if connection.execute("SELECT 1 FROM annotators WHERE pseudonym = ?", (number,)).fetchone() is None:
            return number
        width += NUMBERS


def exclude(connection: Connection, annotator_id: int, reason: str | None) -> None:
    """Excludes an annotator for a reason, or takes that back (None); their answers stay."""
    connection.execute("UPDATE annotators SET excluded_reason = ? WHERE id = ?", (reason, annotator_id))


def excluded(connection: Connection) -> dict[int, str]:
    """Returns the excluded annotators' ids, each with the reason."""
    return dict(connection.execute("SELECT id, excluded_reason FROM annotators WHERE excluded_reason IS NOT NULL"))


def excluded_on(connection: Connection, example_id: int) -> set[int]:
    """Returns the excluded annotators among those who have answered an example."""
    rows = connection.execute(
        "SELECT a.annotator_id FROM annotations AS a JOIN annotators AS p ON p.id = a.annotator_id"
        " WHERE a.example_id = ? AND p.excluded_reason IS NOT NULL",
        (example_id,),
    )
    return {annotator for (annotator,) in rows}


def answered_examples(connection: Connection, annotator_id: int) -> list[int]:
    """Returns the examples on which an annotator has a counted answer, in every dataset."""
    rows = connection.execute(
        "SELECT DISTINCT example_id FROM annotations WHERE annotator_id = ? AND occasion = 'first' ORDER BY example_id",
        (annotator_id,),
    )
    return [example_id for (example_id,) in rows]
