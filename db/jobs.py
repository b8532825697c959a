"""Jobs and their work items: a work item is one engine call, claimed with a lease and finished once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.clock import now_text
from db.job_records import NO_LIMITS, Call, Job, JobState, JobTexts, Limits, WorkItem
from db.retries import ROUNDS_APART
from db.store.connection import Connection
from db.store.json_columns import limits_to_json, table_to_json
from db.store.rows import find_record, get_record, insert, insert_all, one_value, records

_COLUMNS = (
    "j.id, j.dataset_id, d.name AS dataset, j.recipe, j.engine, j.model, j.count, j.rounds,"
    " j.round, j.seed, j.keep_open, j.state, j.note, j.items, j.items_done, j.items_failed, j.candidates, j.selected,"
    " j.input_tokens, j.output_tokens, j.limits, j.cost_nanodollars, j.unpriced_calls, j.created_at, j.started_at,"
    " j.finished_at, j.queued_by"
)

GOING = ("queued", "running")
"""The states of a job that a worker moves on."""

CLAIM = """
    UPDATE work_items SET state = 'leased', lease = :lease, attempt = attempt + 1
    WHERE id IN (SELECT id FROM work_items INDEXED BY work_items_waiting
        WHERE job_id = :job AND round = :round AND state = 'waiting' AND not_before <= :now ORDER BY id LIMIT :limit)
    RETURNING id, job_id, round, stage, ordinal, candidate_id, payload, attempt, lease"""

WITHOUT_CALLS = f"""
    SELECT j.id FROM jobs AS j WHERE j.state IN {GOING}
    AND NOT EXISTS (SELECT 1 FROM work_items WHERE job_id = j.id AND round = j.round AND state = 'waiting')
    AND NOT EXISTS (SELECT 1 FROM work_items WHERE job_id = j.id AND round = j.round AND state = 'leased')"""


@dataclass(frozen=True)
class NewItem:
    """A work item to store; `ordinal` is unique in its job, round and stage, so that planning twice adds nothing."""

    stage: str
    ordinal: int
    payload: dict[str, Any]
    candidate_id: int | None = None


def insert_job(
    connection: Connection,
    *,
    dataset_id: int,
    recipe: str,
    texts: JobTexts,
    engine: str,
    model: str,
    count: int,
    rounds: int,
    seed: int,
    keep_open: bool,
    limits: Limits = NO_LIMITS,
    queued_by: str = "",
) -> int:
    """Queues a job and returns its id."""
    return insert(
        connection,
        "jobs",
        {
            "dataset_id": dataset_id,
            "recipe": recipe,
            "recipe_text": texts.recipe,
            "behavior_text": texts.behavior,
            "inputs": table_to_json(texts.inputs),
            "engine": engine,
            "model": model,
            "count": count,
            "rounds": rounds,
            "seed": seed,
            "keep_open": keep_open,
            "limits": limits_to_json(limits),
            "queued_by": queued_by,
            "state": "queued",
            "created_at": now_text(),
        },
    )


def get_job(connection: Connection, job_id: int) -> Job | None:
    """Returns a job."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM jobs AS j JOIN datasets AS d ON d.id = j.dataset_id WHERE j.id = ?", (job_id,)
    )
    return find_record(found, Job)


def job_texts(connection: Connection, job_id: int) -> JobTexts:
    """Returns what a job was made from: apart from `Job`, because it may be large and a live screen never needs it."""
    found = connection.execute(
        "SELECT recipe_text AS recipe, behavior_text AS behavior, inputs FROM jobs WHERE id = ?", (job_id,)
    )
    return get_record(found, JobTexts)


def all_jobs(connection: Connection) -> list[Job]:
    """Returns every job, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM jobs AS j JOIN datasets AS d ON d.id = j.dataset_id ORDER BY j.id"
    )
    return records(rows, Job)


def unfinished_jobs(connection: Connection) -> list[Job]:
    """Returns the queued and running jobs, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM jobs AS j JOIN datasets AS d ON d.id = j.dataset_id"
        f" WHERE j.state IN {GOING} ORDER BY j.id"
    )
    return records(rows, Job)


def set_state(connection: Connection, job_id: int, state: JobState, note: str = "") -> None:
    """Moves a job to a state, with a note for people."""
    when = now_text()
    connection.execute(
        "UPDATE jobs SET state = :state, note = :note,"
        " started_at = CASE WHEN :state = 'running' THEN coalesce(started_at, :when) ELSE started_at END,"
        " finished_at = CASE WHEN :state IN ('done', 'short', 'cancelled', 'failed') THEN :when END WHERE id = :job",
        {"state": state, "note": note, "when": when, "job": job_id},
    )


def set_note(connection: Connection, job_id: int, note: str) -> None:
    """Tells people what a job that goes on is doing; why one was stopped is never overwritten."""
    connection.execute(f"UPDATE jobs SET note = ? WHERE id = ? AND state IN {GOING}", (note, job_id))


def set_limits(connection: Connection, job_id: int, limits: Limits) -> None:
    """Gives a job other limits."""
    connection.execute("UPDATE jobs SET limits = ? WHERE id = ?", (limits_to_json(limits), job_id))


def begin_round(connection: Connection, job_id: int, round_number: int) -> None:
    """Notes which round a job is in."""
    connection.execute("UPDATE jobs SET round = ? WHERE id = ?", (round_number, job_id))


def insert_items(connection: Connection, job_id: int, round_number: int, items: Sequence[NewItem]) -> None:
    """Stores work items; those that are there already stay as they are."""
    before = connection.total_changes
    place = {"job_id": job_id, "round": round_number}
    rows = [{**vars(item), **place, "payload": json.dumps(item.payload)} for item in items]
    insert_all(connection, "work_items", rows, unless_known=True)
    added = connection.total_changes - before
    connection.execute("UPDATE jobs SET items = items + ? WHERE id = ?", (added, job_id))


def count_items(connection: Connection, job_id: int) -> int:
    """Returns how many calls a job has, made or not."""
    return int(one_value(connection.execute("SELECT items FROM jobs WHERE id = ?", (job_id,))))


def last_ordinal(connection: Connection, job_id: int, round_number: int, stage: str) -> int:
    """Returns the highest ordinal that a stage's items in a round began with; -1 where it has none."""
    last = connection.execute(
        "SELECT coalesce(max(ordinal % ?), -1) FROM work_items WHERE job_id = ? AND round = ? AND stage = ?",
        (ROUNDS_APART, job_id, round_number, stage),
    )
    return int(one_value(last))


def claim_items(
    connection: Connection, job_id: int, round_number: int, *, lease: str, limit: int, now: float
) -> list[WorkItem]:
    """Takes up to `limit` waiting items of a round for the holder of a lease."""
    claim = {"lease": lease, "job": job_id, "round": round_number, "now": now, "limit": limit}
    return sorted(records(connection.execute(CLAIM, claim), WorkItem), key=lambda item: item.id)


def jobs_without_calls(connection: Connection) -> set[int]:
    """Returns the jobs that go on and whose round has neither waiting nor leased items: they can move on."""
    return {job_id for (job_id,) in connection.execute(WITHOUT_CALLS)}


def release_items(connection: Connection, items: Sequence[WorkItem]) -> None:
    """Gives back items that were claimed and not asked."""
    connection.executemany(
        "UPDATE work_items SET state = 'waiting', lease = NULL, attempt = attempt - 1"
        " WHERE id = ? AND state = 'leased' AND lease = ? AND attempt = ?",
        [(item.id, item.lease, item.attempt) for item in items],
    )


def is_answered(connection: Connection, candidate_id: int, stage: str) -> bool:
    """Whether every call about a candidate at a stage is done."""
    row = connection.execute(
        "SELECT 1 FROM work_items WHERE candidate_id = ? AND stage = ? AND state <> 'done' LIMIT 1",
        (candidate_id, stage),
    ).fetchone()
    return row is None


def has_unfinished_items(connection: Connection, job_id: int, round_number: int) -> bool:
    """Whether items of a round are neither done nor failed; cheap, however many there are."""
    return any(
        connection.execute(
            f"SELECT 1 FROM work_items WHERE job_id = ? AND round = ? AND state = '{state}' LIMIT 1",
            (job_id, round_number),
        ).fetchone()
        for state in ("waiting", "leased")
    )


def finish_item(connection: Connection, item: WorkItem, call: Call) -> bool:
    """Stores a call and marks its item done, unless the item was taken over by another attempt.

    Returns:
        Whether it was stored; a late duplicate is not, and the caller must store nothing else of it.
    """
    if not _end_item(connection, item, "done"):
        return False
    texts = {"prompt": table_to_json(call.prompt), "reply": table_to_json(call.reply)}
    place = {"item_id": item.id, "job_id": item.job_id, "created_at": now_text()}
    insert(connection, "calls", {**vars(call), **texts, **place})
    connection.execute("UPDATE jobs SET items_done = items_done + 1 WHERE id = ?", (item.job_id,))
    add_taken(connection, item.job_id, call.input_tokens, call.output_tokens, call.cost_nanodollars)
    return True


def add_taken(
    connection: Connection, job_id: int, input_tokens: int, output_tokens: int, nanodollars: int | None
) -> None:  # fmt: skip
    """Counts what a call took whose reply could not be used: it is paid for all the same."""
    connection.execute(
        "UPDATE jobs SET input_tokens = input_tokens + ?, output_tokens = output_tokens + ?,"
        " cost_nanodollars = cost_nanodollars + ?, unpriced_calls = unpriced_calls + ? WHERE id = ?",
        (input_tokens, output_tokens, nanodollars or 0, nanodollars is None, job_id),
    )


def fail_item(connection: Connection, item: WorkItem, error: str, reply: str = "") -> bool:
    """Marks an item failed for good, with the reason and the reply that caused it."""
    if not _end_item(connection, item, "failed", error, reply):
        return False
    connection.execute("UPDATE jobs SET items_failed = items_failed + 1 WHERE id = ?", (item.job_id,))
    return True


def postpone_item(
    connection: Connection, item: WorkItem, error: str, not_before: float, *, reply: str = ""
) -> bool:  # fmt: skip
    """Gives an item back, to be tried again from `not_before` (seconds since 1970) on.

    Returns:
        Whether it was this attempt's to give back.
    """
    changed = connection.execute(
        "UPDATE work_items SET state = 'waiting', lease = NULL, error = ?, reply = ?, failed_at = ?, not_before = ?"
        " WHERE id = ? AND state = 'leased' AND lease = ? AND attempt = ?",
        (error, reply, now_text(), not_before, item.id, item.lease, item.attempt),
    ).rowcount
    return bool(changed == 1)


def give_back_items(connection: Connection, *, job_id: int | None = None) -> None:
    """Gives back every item that a worker leased, of one job or of all: it is gone or stops.

    What a batch holds stays with the batch: the server works on it, whoever the worker is.
    """
    connection.execute(
        "UPDATE work_items SET state = 'waiting', lease = NULL"
        " WHERE state = 'leased' AND (:job IS NULL OR job_id = :job)"
        " AND lease NOT IN (SELECT token FROM batches WHERE state IN ('intended', 'processing'))",
        {"job": job_id},
    )


def _end_item(connection: Connection, item: WorkItem, state: str, error: str = "", reply: str = "") -> bool:
    failed_at = now_text() if error else None
    changed = connection.execute(
        "UPDATE work_items SET state = ?, lease = NULL, error = ?, reply = ?, failed_at = ?"
        " WHERE id = ? AND state = 'leased' AND lease = ? AND attempt = ?",
        (state, error, reply, failed_at, item.id, item.lease, item.attempt),
    ).rowcount
    return bool(changed == 1)
