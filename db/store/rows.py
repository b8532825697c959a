"""Rows become records by name: the names of a query's columns are the names of a record's fields, in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from operator import itemgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from db.job_records import Limits
from db.records import Choice, Question
from db.store.connection import Connection
from db.store.json_columns import (
    choices_from_json,
    limits_from_json,
    questions_from_json,
    table_from_json,
    texts_from_json,
)
from db.store.sqlite import Cursor

Record = TypeVar("Record")
Reader = Callable[[Any], Any]

READERS: dict[Any, Reader | None] = {
    int: None,
    float: None,
    str: None,
    bytes: None,
    bool: bool,
    dict: table_from_json,
    Mapping: table_from_json,
    tuple[str, ...]: texts_from_json,
    tuple[Choice, ...]: choices_from_json,
    tuple[Question, ...]: questions_from_json,
    Limits: limits_from_json,
}
"""What makes a field of a column, by the field's type; None where the column is it. `Annotated[type, reader]` has one
of its own."""

BATCH = 1000
"""How many rows are read at a time."""

Columns = tuple[tuple[int, Reader | None], ...]
"""The place of each field's column, and what reads it, in the order of the fields."""

_known: dict[tuple[type[Any], tuple[str, ...]], Columns] = {}


def records(cursor: Cursor, kind: type[Record]) -> list[Record]:
    """Returns a record of each row.

    Raises:
        TypeError: if the columns aren't the record's fields, naming the one that is too few or too many.
    """
    return list(each_record(cursor, kind))


def each_record(cursor: Cursor, kind: type[Record]) -> Iterator[Record]:
    """Yields a record of each row, without reading all of them first; see `records`."""
    columns = _columns(cursor, kind)
    while rows := cursor.fetchmany(BATCH):
        yield from map(kind, *[_values(rows, place, reader) for place, reader in columns])


def find_record(cursor: Cursor, kind: type[Record]) -> Record | None:
    """Returns a record of the first row, or None where there is no row; see `records`."""
    columns = _columns(cursor, kind)
    row = cursor.fetchone()
    if row is None:
        return None
    return kind(*[row[place] if reader is None else reader(row[place]) for place, reader in columns])


def get_record(cursor: Cursor, kind: type[Record]) -> Record:
    """Returns a record of the first row.

    Raises:
        LookupError: if there is no row.
    """
    found = find_record(cursor, kind)
    if found is None:
        raise LookupError(f"there is no {kind.__name__} of that id")
    return found


def one_value(cursor: Cursor) -> Any:
    """Returns the first column of the first row, or None where there is no row."""
    row = cursor.fetchone()
    return None if row is None else row[0]


def insert(connection: Connection, table: str, values: Mapping[str, object]) -> int:
    """Inserts a row, its values by the names of their columns, and returns its id; within a write transaction."""
    row_id = connection.execute(_insertion(table, tuple(values)), tuple(values.values())).lastrowid
    assert row_id is not None
    return row_id


def insert_all(
    connection: Connection, table: str, rows: Sequence[Mapping[str, object]], *, unless_known: bool = False
) -> None:
    """Inserts rows that have the same columns, two at least; see `insert`.

    Args:
        connection: In a write transaction.
        table: Where to.
        rows: What to insert.
        unless_known: Whether a row that is there already stays as it is, and is no error.
    """
    if rows:
        names = tuple(rows[0])
        connection.executemany(_insertion(table, names, unless_known=unless_known), map(itemgetter(*names), rows))


@cache
def _insertion(table: str, names: tuple[str, ...], *, unless_known: bool = False) -> str:
    """Returns the statement, with marks for the values: they are bound twice as fast as names."""
    begin = "INSERT OR IGNORE" if unless_known else "INSERT"
    return f"{begin} INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def _values(rows: Sequence[tuple[Any, ...]], place: int, reader: Reader | None) -> Iterator[Any]:
    column = map(itemgetter(place), rows)
    return column if reader is None else map(reader, column)


def _columns(cursor: Cursor, kind: type[Any]) -> Columns:
    names = tuple([column[0] for column in cursor.description])
    found = _known.get((kind, names))
    if found is None:
        found = _known[kind, names] = _matched(names, kind)
    return found


def _matched(names: tuple[str, ...], kind: type[Any]) -> Columns:
    types = get_type_hints(kind, include_extras=True)
    wanted = [field.name for field in fields(kind)]
    for name in names:
        if name not in wanted:
            raise TypeError(f"{kind.__name__} has no field for the column {name}")
        if names.count(name) > 1:
            raise TypeError(f"two columns are called {name}, for one field of {kind.__name__}")
    for name in wanted:
        if name not in names:
            raise TypeError(f"no column is called {name}, for the field of {kind.__name__}")
    return tuple((names.index(name), _reader(types[name], f"{kind.__name__}.{name}")) for name in wanted)


def _reader(wanted: Any, where: str) -> Reader | None:
    """Returns what reads a column into a field of a type."""
    origin, parts = get_origin(wanted), get_args(wanted)
    if origin is Annotated:
        own: Reader = parts[1]
        return own
    if origin in {Union, UnionType}:
        kept = [part for part in parts if part is not NoneType]
        readers = [_reader(part, where) for part in kept]
        if not any(readers):
            return None
        if len(kept) == 1 and readers[0] is not None:
            return _unless_none(readers[0])
    elif origin is Literal:
        return None
    elif wanted in READERS:
        return READERS[wanted]
    elif origin in READERS:
        return READERS[origin]
    raise TypeError(f"nothing says how a column becomes {where}, a {wanted}")


def _unless_none(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)
