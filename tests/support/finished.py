"""Jobs that are done, whatever happened on the way: their books must be in order."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from db import candidates as candidate_rows
from db.examples import iterate_examples
from db.job_records import Job
from db.store.connection import Connection
from generation.jobs.jobs import find_job


def stored_calls(connection: Connection, job_id: int = 1) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Prompts and replies of a job, in the order in which they were stored."""
    rows = connection.execute("SELECT prompt, reply FROM calls WHERE job_id = ? ORDER BY id", (job_id,)).fetchall()
    return [(json.loads(prompt), json.loads(reply)) for prompt, reply in rows]


def check_books(connection: Connection, job_id: int) -> Job:
    """The job as it stands: what its counters say is what its tables hold."""
    job = find_job(connection, job_id)
    states = dict(
        connection.execute("SELECT state, count(*) FROM work_items WHERE job_id = ? GROUP BY 1", (job_id,)).fetchall()
    )
    assert sum(states.values()) == job.items
    assert states.get("done", 0) == job.items_done
    assert states.get("failed", 0) == job.items_failed
    calls = connection.execute("SELECT count(*), count(DISTINCT item_id) FROM calls WHERE job_id = ?", (job_id,))
    assert calls.fetchone() == (job.items_done, job.items_done)
    assert sum(row.count for row in candidate_rows.funnel(connection, job_id)) == job.candidates
    examples = list(iterate_examples(connection, job.dataset_id))
    assert len({example.question for example in examples}) == len(examples) == job.selected
    return job


def finished_job(connection: Connection, job_id: int, count: int) -> Job:
    """The job, done: every item ended once, every candidate has one fate, every example is there once."""
    job = check_books(connection, job_id)
    assert (job.state, job.selected) == ("done", count), job.note
    assert job.items == job.items_done + job.items_failed
    assert {row.fate for row in candidate_rows.funnel(connection, job_id)} <= {"selected", "dropped"}
    examples = iterate_examples(connection, job.dataset_id)
    assert Counter(example.intended for example in examples) == {" Yes": count // 2, " No": count // 2}
    return job
