"""Which SQLite we run on, and why that matters.

SQLite before 3.51.3 has the WAL-reset bug: when several processes write and checkpoint, committed rows can be lost.
That is exactly our case, so `pysqlite3`, which bundles a newer SQLite, is used wherever it has a wheel. sqlite-utils
makes the same choice by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        import pysqlite3 as sqlite3
    except ImportError:
        import sqlite3

Connection = sqlite3.Connection
Cursor = sqlite3.Cursor
DatabaseError = sqlite3.DatabaseError
IntegrityError = sqlite3.IntegrityError
OperationalError = sqlite3.OperationalError

SAFE_WAL_VERSION = (3, 51, 3)

__all__ = [
    "SAFE_WAL_VERSION",
    "Connection",
    "Cursor",
    "DatabaseError",
    "IntegrityError",
    "OperationalError",
    "journal_mode",
    "sqlite3",
    "version",
]


def version() -> tuple[int, int, int]:
    """Returns the version of the SQLite library in use."""
    major, minor, patch = sqlite3.sqlite_version.split(".")[:3]
    return int(major), int(minor), int(patch)


def journal_mode() -> str:
    """Returns `wal`, or `delete` (a rollback journal) where this SQLite has the WAL-reset bug."""
    return "wal" if version() >= SAFE_WAL_VERSION else "delete"
