"""Batches: requests that a server works on by itself, for as long as a day, whoever the worker is.

A batch holds its work items by its token, as a worker holds others by its lease, and keeps each request as it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.job_records import WorkItem
from db.store.connection import Connection
from db.store.json_columns import table_from_json, table_to_json
from db.store.rows import get_record, records

_COLUMNS = "token, job_id, batch_id, state, requests, created_at"
_ITEM = "i.id, i.job_id, i.round, i.stage, i.ordinal, i.candidate_id, i.payload, i.attempt, i.lease"

OPEN = ("intended", "processing")
"""The states of a batch that holds work items."""


@dataclass(frozen=True)
class Batch:
    """A batch.

    Attributes:
        token: Our name for it, which the name of each of its requests carries.
        batch_id: The server's name for it; None until that is known.
        state: `intended` before the server is known to have it, `processing`, then `stored`, or `absent` if the server
            never had it or has it no more.
        requests: How many requests it has.
        created_at: When it was intended, in seconds since 1970.
    """

    token: str
    job_id: int
    batch_id: str | None
    state: str
    requests: int
    created_at: float


def insert_batch(connection: Connection, token: str, job_id: int, requests: int, created_at: float) -> None:
    """Notes that a batch is about to be sent."""
    connection.execute(
        "INSERT INTO batches (token, job_id, state, requests, created_at) VALUES (?, ?, 'intended', ?, ?)",
        (token, job_id, requests, created_at),
    )


def add_requests(connection: Connection, token: str, requests: Sequence[tuple[WorkItem, dict[str, Any]]]) -> None:
    """Adds requests, as they will be sent, to a batch that their items are leased to."""
    connection.executemany(
        "INSERT OR REPLACE INTO batch_requests (item_id, token, attempt, request) VALUES (?, ?, ?, ?)",
        [(item.id, token, item.attempt, table_to_json(request)) for item, request in requests],
    )
    connection.execute(
        "UPDATE batches SET requests = (SELECT count(*) FROM batch_requests WHERE token = ?) WHERE token = ?",
        (token, token),
    )


def find_batch(connection: Connection, token: str) -> Batch:
    """Returns a batch."""
    return get_record(connection.execute(f"SELECT {_COLUMNS} FROM batches WHERE token = ?", (token,)), Batch)


def open_batches(connection: Connection) -> list[Batch]:
    """Returns the batches that still hold work items, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM batches WHERE state IN {OPEN} ORDER BY created_at")
    return records(rows, Batch)


def job_batches(connection: Connection, job_id: int) -> tuple[int, int]:
    """Returns how many batches a job has had, and how many of them are open."""
    had, still_open = connection.execute(
        f"SELECT count(*), coalesce(sum(state IN {OPEN}), 0) FROM batches WHERE job_id = ?", (job_id,)
    ).fetchone()
    return had, still_open


def known_ids(connection: Connection) -> set[str]:
    """Returns the server's names of all batches that are known."""
    return {known for (known,) in connection.execute("SELECT batch_id FROM batches WHERE batch_id IS NOT NULL")}


def held_items(connection: Connection, token: str) -> list[tuple[WorkItem, dict[str, Any]]]:
    """Returns the items that a batch still holds, each with its request."""
    rows = connection.execute(
        f"SELECT {_ITEM} FROM batch_requests AS r JOIN work_items AS i ON i.id = r.item_id"
        " WHERE r.token = ? AND i.state = 'leased' AND i.lease = r.token AND i.attempt = r.attempt ORDER BY i.id",
        (token,),
    )
    items = records(rows, WorkItem)
    requests = connection.execute("SELECT item_id, request FROM batch_requests WHERE token = ?", (token,))
    asked = {item_id: table_from_json(request) for item_id, request in requests}
    return [(item, asked[item.id]) for item in items]


def adopt_batch(connection: Connection, token: str, batch_id: str) -> None:
    """Notes the server's name of a batch: from here on it is known to be there."""
    connection.execute(
        "UPDATE batches SET batch_id = ?, state = 'processing' WHERE token = ? AND state = 'intended'",
        (batch_id, token),
    )


def close_batch(connection: Connection, token: str, state: str, counts: Mapping[Any, int]) -> None:
    """Ends a batch that holds nothing more; `counts` says how many of its requests ended how."""
    connection.execute(
        "UPDATE batches SET state = ?, succeeded = ?, errored = ?, expired = ?, canceled = ? WHERE token = ?",
        (state, *(counts.get(name, 0) for name in ("succeeded", "errored", "expired", "canceled")), token),
    )
    connection.execute("DELETE FROM batch_requests WHERE token = ?", (token,))


def release_items(connection: Connection, token: str) -> None:
    """Gives back what a batch holds, to be asked anew."""
    connection.execute(
        "UPDATE work_items SET state = 'waiting', lease = NULL WHERE id IN"
        " (SELECT item_id FROM batch_requests WHERE token = ?) AND state = 'leased' AND lease = ?",
        (token, token),
    )
