"""The whole workspace for other tools: one SQLite file, or a folder with every table as JSONL and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from db.export_file import write_database
from db.exports import TABLES, Table, rows_of
from db.store.connection import Connection, snapshot
from db.store.workspace import mode_of
from db.visible import HOSTILE
from review.formats.json_lines import encode_row
from review.release.atomic_folder import publish, written_beside

DATABASES = {".db", ".sqlite", ".sqlite3"}
"""How the name of a SQLite file ends."""

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""How what a spreadsheet computes begins, in full width too; of blanks before it some take no notice."""


def export(connection: Connection, target: Path, *, names: bool = False) -> dict[str, int]:
    """Writes the workspace as plain tables: to a SQLite file if the name ends like one, else to a folder.

    Who may read the workspace may read what is written, and nobody else.

    Args:
        connection: The workspace.
        target: Where; nothing may be there yet.
        names: Whether annotators keep their names; else they have the pseudonyms of releases.

    Returns:
        How many rows each table has.

    Raises:
        InputError: if there is something at `target`.
        EvalwrightError: if it can't be written; then nothing is left behind.
    """
    mode = mode_of(connection)
    with written_beside(target, "an export") as working, snapshot(connection):
        working.chmod(mode | (mode & 0o444) >> 2)  # A folder is entered by those who may read it.
        if target.suffix.lower() in DATABASES:
            file = working / "export.db"
            written = write_database(connection, file, names=names)
            file.chmod(mode)
            publish(file, target, "an export")
        else:
            written = {table.name: _write_table(connection, working, table, names=names) for table in TABLES}
            for file in working.iterdir():
                file.chmod(mode)
            publish(working, target, "an export")
    return written


def spreadsheet_safe(value: Any) -> Any:
    """Returns a cell that no spreadsheet takes for a formula: such a text gets an apostrophe before it."""
    if isinstance(value, str) and (value.startswith(_FORMULA) or _seen(value).startswith(_FORMULA)):
        return f"'{value}"
    return value


def _seen(text: str) -> str:
    """Returns a text without the blanks and invisible characters that it begins with."""
    return text[len(text) - len(HOSTILE.sub(" ", text).lstrip()) :]


def _write_table(connection: Connection, folder: Path, table: Table, *, names: bool) -> int:
    """Writes a table as JSONL, texts as they are, and as CSV, where formulas are made harmless."""
    columns = list(table.columns)
    rows = rows_of(connection, table, names=names)
    with (
        (folder / f"{table.name}.jsonl").open("wb") as lines,
        (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as cells,
    ):
        sheet = csv.writer(cells)
        sheet.writerow(columns)
        return sum(_write_row(lines, sheet, columns, row) for row in rows)


def _write_row(lines: Any, sheet: Any, columns: Iterable[str], row: tuple[Any, ...]) -> int:
    lines.write(encode_row(dict(zip(columns, row, strict=True))) + b"\n")
    sheet.writerow([spreadsheet_safe(value) for value in row])
    return 1
