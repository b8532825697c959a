"""What a live screen says of a job beyond its counters: a few newest rows, however many there are."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace

from db.store.connection import Connection
from db.store.rows import get_record, records

LOOKED_AT = 50
"""How many of the newest failures, and of the newest unreadable replies, are looked at."""

RECENT_CALLS = (
    "SELECT unixepoch(created_at, 'subsec'), input_tokens + output_tokens FROM calls WHERE job_id = ?"
    " ORDER BY id DESC LIMIT ?"
)
FAILED_ITEMS = (
    "SELECT stage, error, reply, state <> 'failed' AS waiting, 1 AS times FROM work_items"
    " WHERE job_id = ? AND failed_at IS NOT NULL ORDER BY failed_at DESC LIMIT ?"
)
BATCHES = (
    "SELECT count(*) AS sent, coalesce(sum(state IN ('intended', 'processing')), 0) AS under_way,"
    " coalesce(sum(CASE WHEN state IN ('intended', 'processing') THEN requests END), 0) AS requests_under_way,"
    " coalesce(sum(errored), 0) AS errored, coalesce(sum(expired), 0) AS expired,"
    " coalesce(sum(canceled), 0) AS canceled FROM batches WHERE job_id = ? AND state <> 'absent'"
)
UNREAD = (
    "SELECT c.stage, c.reason, k.reply FROM candidates AS c INDEXED BY candidates_unread"
    " JOIN calls AS k ON k.item_id = c.item_id"
    " WHERE c.job_id = ? AND c.stage = 'parse' ORDER BY c.id DESC LIMIT ?"
)


@dataclass(frozen=True)
class RecentFailure:
    """A call that failed or whose reply could not be read.

    Attributes:
        stage: The stage that asked.
        error: What went wrong, in a sentence.
        reply: The reply that caused it; empty where none came.
        waiting: Whether it will be tried again by itself.
        times: How many of the newest errors are this one.
    """

    stage: str
    error: str
    reply: str
    waiting: bool
    times: int = 1


@dataclass(frozen=True)
class BatchFigures:
    """The batches of a job: how many, how many are under way with how many requests, and requests that failed."""

    sent: int
    under_way: int
    requests_under_way: int
    errored: int
    expired: int
    canceled: int


def recent_calls(connection: Connection, job_id: int, most: int) -> list[tuple[float, int]]:
    """Returns when the newest calls were stored (seconds since 1970) and their tokens, newest first."""
    return connection.execute(RECENT_CALLS, (job_id, most)).fetchall()


def last_errors(connection: Connection, job_id: int, most: int) -> list[RecentFailure]:
    """Returns the newest failures, then the newest replies that could not be read, equal ones once; at most so many."""
    failed = records(connection.execute(FAILED_ITEMS, (job_id, LOOKED_AT)), RecentFailure)
    unread = [
        RecentFailure(stage, f"The reply could not be used: {reason}.", _said(reply), waiting=False)
        for stage, reason, reply in connection.execute(UNREAD, (job_id, LOOKED_AT))
    ]
    counts = Counter((error.stage, error.error) for error in failed + unread)
    newest = {(error.stage, error.error): error for error in reversed(failed + unread)}
    return [replace(error, times=counts[key]) for key, error in reversed(newest.items())][:most]


def batch_figures(connection: Connection, job_id: int) -> BatchFigures:
    """Returns the figures of a job's batches."""
    return get_record(connection.execute(BATCHES, (job_id,)), BatchFigures)


def _said(reply: str) -> str:
    """Returns what the model wrote, from a reply as it is stored."""
    return "\n".join(completion["text"] for completion in json.loads(reply).get("completions", []))
