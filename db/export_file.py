"""Writing the export's tables to a SQLite file of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from db.errors import EvalwrightError
from db.exports import TABLES, VIEWS, Table, rows_of
from db.store.connection import Connection
from db.store.sqlite import DatabaseError

BATCH = 5000


def write_database(connection: Connection, path: Path, *, names: bool) -> dict[str, int]:
    """Writes every table and view to a new SQLite file; returns how many rows each table has.

    Args:
        connection: The workspace, within a snapshot.
        path: Where; there is no such file yet.
        names: Whether annotators keep their names.

    Raises:
        EvalwrightError: if it can't be written.
    """
    from sqlite_utils import Database

    written: dict[str, int] = {}
    try:
        database = Database(path)
        try:
            for table in TABLES:
                key = table.key if len(table.key) > 1 else "".join(table.key) or None
                database.table(table.name).create(table.columns, pk=key)
            database.add_foreign_keys([(table.name, *reference) for table in TABLES for reference in table.refers])
            with database.atomic():
                for table in TABLES:
                    rows = _with_header(connection, table, written, names=names)
                    database.table(table.name).insert_all(rows, batch_size=BATCH)
            database.index_foreign_keys()
            for name, query in VIEWS.items():
                database.create_view(name, query)
        finally:
            database.close()
    except DatabaseError as error:
        raise EvalwrightError(f"The export can't be written ({error}); free some space and try again.") from error
    return written


def _with_header(connection: Connection, table: Table, written: dict[str, int], *, names: bool) -> Iterator[Any]:
    """Yields the names of the columns, then the rows, which it counts."""
    written[table.name] = 0
    yield list(table.columns)
    for row in rows_of(connection, table, names=names):
        written[table.name] += 1
        yield row
