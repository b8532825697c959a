"""Calls that are made again: those that wait for a time, and those that have failed."""

from __future__ import annotations

from db.store.connection import Connection

ROUNDS_APART = 2**48
"""How far an item's ordinal moves for each round that it is moved on: more than a stage has ordinals in a round."""


def end_waits(connection: Connection) -> None:
    """Lets everything that waits for a time be tried at once: the time was told by the clock of an earlier worker."""
    connection.execute(
        "UPDATE work_items SET not_before = 0 WHERE state = 'waiting' AND not_before > 0"
        " AND job_id IN (SELECT id FROM jobs WHERE state IN ('queued', 'running', 'paused'))"
    )


def retry_failed_items(connection: Connection, job_id: int) -> int:
    """Puts a job's failed items back to be tried anew, those of earlier rounds in this one; returns how many.

    An item about a candidate is put back only where the candidate waits for it.
    """
    changed = connection.execute(
        "UPDATE work_items SET state = 'waiting', lease = NULL, attempt = 0, not_before = 0, error = '', reply = '',"
        " failed_at = NULL, ordinal = ordinal + (j.round - work_items.round) * :apart, round = j.round"
        " FROM jobs AS j WHERE j.id = :job AND work_items.job_id = :job AND work_items.state = 'failed'"
        " AND (candidate_id IS NULL OR EXISTS (SELECT 1 FROM candidates AS c WHERE c.id = candidate_id"
        " AND c.fate = 'waiting' AND c.stage = work_items.stage))",
        {"job": job_id, "apart": ROUNDS_APART},
    ).rowcount
    connection.execute("UPDATE jobs SET items_failed = items_failed - ? WHERE id = ?", (changed, job_id))
    return int(changed)
