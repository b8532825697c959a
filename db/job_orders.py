"""What decides what a job asks an engine for, and of which workspace's file it is."""

from __future__ import annotations

import os

from db.store.connection import Connection

_PARTS = (
    *("id", "created_at", "recipe_text", "behavior_text", "inputs", "engine", "model", "count", "rounds", "seed"),
    *("keep_open", "limits"),
)

_ORDER = (
    "SELECT (SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE name = 'main'),"
    " (SELECT CAST(value AS BLOB) FROM settings WHERE name = 'workspace_id'),"
    f" {', '.join(f'CAST({part} AS BLOB)' for part in _PARTS)} FROM jobs WHERE id = ?"
)


def order_of(connection: Connection, job_id: int) -> tuple[bytes, ...]:
    """Returns where the workspace lies, which one it is, and all that a job was queued with, as it is stored.

    Bytes, since a folder's name need not be text, and the rows of inputs may be many. What moves while the job runs
    isn't in it, nor who queued it: the workspace could say that of anybody.
    """
    path, *rest = connection.execute(_ORDER, (job_id,)).fetchone()
    return (os.path.realpath(path or b""), *(part or b"" for part in rest))


def is_worked_on(connection: Connection, job_id: int) -> bool:
    """Whether a worker holds calls of a job."""
    row = connection.execute("SELECT 1 FROM work_items WHERE job_id = ? AND state = 'leased' LIMIT 1", (job_id,))
    return row.fetchone() is not None
