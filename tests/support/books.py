"""What a job has left behind, and whether its books balance."""

from __future__ import annotations

from collections import Counter

from db import candidates as candidate_rows
from db.examples import iterate_examples
from db.job_records import Candidate, Job
from db.records import Example
from db.store.connection import Connection
from generation.jobs.jobs import find_job


def examples_of(connection: Connection, job: Job) -> list[Example]:
    return list(iterate_examples(connection, job.dataset_id))


def all_candidates(connection: Connection, job: Job) -> list[Candidate]:
    ids = connection.execute("SELECT id FROM candidates WHERE job_id = ? ORDER BY id", (job.id,)).fetchall()
    return [candidate_rows.get_candidate(connection, row[0]) for row in ids]


def check_books(connection: Connection, job: Job) -> None:
    """Every item is a stored call or a counted failure, and every candidate has one fate."""
    now = find_job(connection, job.id)
    rows = connection.execute("SELECT state FROM work_items WHERE job_id = ?", (job.id,)).fetchall()
    states = Counter(row[0] for row in rows)
    assert (states["done"], states["failed"], states.total()) == (now.items_done, now.items_failed, now.items)
    assert connection.execute("SELECT count(*) FROM calls WHERE job_id = ?", (job.id,)).fetchone() == (now.items_done,)
    funnel = candidate_rows.funnel(connection, job.id)
    assert sum(row.count for row in funnel) == now.candidates
    assert sum(row.count for row in funnel if row.fate == "selected") == now.selected
    assert len(examples_of(connection, job)) == now.selected
    if now.state == "done":
        assert {row.fate for row in funnel} <= {"selected", "dropped"}
        assert all(row.reason for row in funnel if row.fate == "dropped")
