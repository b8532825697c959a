"""Every counter of a workspace beside what its rows say: what a counter has drifted by is a line.

The rows are counted in SQL of its own, not by the functions that keep the counters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from db.store.connection import Connection, snapshot
from review.assignment.settling import settle

_NEWEST = """NOT EXISTS (SELECT 1 FROM annotations AS later WHERE later.example_id = a.example_id
    AND later.annotator_id = a.annotator_id AND later.occasion = a.occasion AND later.revision > a.revision)"""

_CURRENT = f"""(a.occasion = 'first' OR a.occasion = 'extra' AND NOT EXISTS (SELECT 1 FROM annotations AS f
    WHERE f.example_id = a.example_id AND f.annotator_id = a.annotator_id AND f.occasion = 'first')) AND {_NEWEST}"""

DATASETS = """
    SELECT d.id, c.examples, c.annotations, c.reviewed, c.settled,
        (SELECT count(*) FROM review_status AS s WHERE s.dataset_id = d.id),
        (SELECT count(*) FROM annotations AS a WHERE a.dataset_id = d.id AND a.revision = 1
            AND a.occasion NOT IN ('gold', 'repeat')),
        (SELECT count(*) FROM review_status AS s WHERE s.dataset_id = d.id AND EXISTS
            (SELECT 1 FROM annotations AS a WHERE a.example_id = s.example_id AND a.occasion = 'first')),
        (SELECT count(*) FROM review_status AS s WHERE s.dataset_id = d.id AND s.settled = 1)
    FROM datasets AS d JOIN dataset_counters AS c ON c.dataset_id = d.id WHERE d.visible = 1"""

ANNOTATORS = f"""
    SELECT c.dataset_id, c.annotator_id, c.answered, c.skipped, c.mixed_in,
        (SELECT count(*) FROM annotations AS a WHERE a.dataset_id = c.dataset_id AND a.annotator_id = c.annotator_id
            AND {_CURRENT} AND a.skipped = 0),
        (SELECT count(*) FROM annotations AS a WHERE a.dataset_id = c.dataset_id AND a.annotator_id = c.annotator_id
            AND {_CURRENT} AND a.skipped = 1),
        (SELECT count(*) FROM annotations AS a WHERE a.annotator_id = c.annotator_id AND a.revision = 1
            AND (a.dataset_id = c.dataset_id AND a.occasion = 'repeat' OR a.occasion = 'gold' AND a.dataset_id =
                (SELECT gold_set FROM assignment_settings WHERE dataset_id = c.dataset_id)))
    FROM cursors AS c JOIN datasets AS d ON d.id = c.dataset_id WHERE d.visible = 1"""

STATUSES = f"""
    SELECT s.example_id, s.answers, s.settled, s.places, d.always_three,
        (SELECT count(*) FROM reservations AS v WHERE v.example_id = s.example_id AND v.occasion = 'first'),
        (SELECT count(*) FROM reopenings AS o WHERE o.example_id = s.example_id),
        (SELECT json_group_array(a.label) FROM annotations AS a WHERE a.example_id = s.example_id
            AND a.occasion = 'first' AND {_NEWEST})
    FROM review_status AS s JOIN datasets AS d ON d.id = s.dataset_id WHERE d.visible = 1"""

JOBS = """
    SELECT j.id, j.items, j.items_done, j.items_failed, j.candidates, j.selected, j.input_tokens, j.output_tokens,
        j.cost_nanodollars, j.unpriced_calls,
        (SELECT count(*) FROM work_items AS i WHERE i.job_id = j.id),
        (SELECT count(*) FROM calls AS k WHERE k.job_id = j.id),
        (SELECT count(*) FROM work_items AS i WHERE i.job_id = j.id AND i.state = 'failed'),
        (SELECT count(*) FROM candidates AS c WHERE c.job_id = j.id),
        (SELECT count(*) FROM candidates AS c WHERE c.job_id = j.id AND c.example_id IS NOT NULL),
        (SELECT coalesce(sum(k.input_tokens), 0) FROM calls AS k WHERE k.job_id = j.id),
        (SELECT coalesce(sum(k.output_tokens), 0) FROM calls AS k WHERE k.job_id = j.id),
        (SELECT coalesce(sum(k.cost_nanodollars), 0) FROM calls AS k WHERE k.job_id = j.id),
        (SELECT count(*) FROM calls AS k WHERE k.job_id = j.id AND k.cost_nanodollars IS NULL)
    FROM jobs AS j"""


def drift(connection: Connection) -> list[str]:
    """Returns a line for each counter that its rows contradict; nobody may be writing, nor an annotator be excluded."""
    with snapshot(connection):
        return [*_totals(connection), *_statuses(connection), *_leftovers(connection)]


def _totals(connection: Connection) -> Iterator[str]:
    """Yields where totals of datasets, annotators and jobs are off."""
    annotator = ("answered", "skipped", "mixed_in")
    job = ("items", "items_done", "items_failed", "candidates", "selected", "input_tokens", "output_tokens",
           "cost_nanodollars", "unpriced_calls")  # fmt: skip
    for what, query, keys, names in (
        ("dataset", DATASETS, 1, ("examples", "annotations", "reviewed", "settled")),
        ("annotator", ANNOTATORS, 2, annotator),
        ("job", JOBS, 1, job),
    ):
        for row in connection.execute(query):
            kept, counted = row[keys : keys + len(names)], row[keys + len(names) :]
            for name, one, other in zip(names, kept, counted, strict=True):
                if one != other:
                    yield f"{what} {row[:keys]}: {name} says {one}, the rows {other}"


def _statuses(connection: Connection) -> Iterator[str]:
    """Yields where an example's status isn't what its answers and reservations amount to."""
    for example_id, answers, settled, places, three, held, reopened, labels in connection.execute(STATUSES):
        given = json.loads(labels)
        settling = settle(given, always_three=bool(three))
        kept = (answers, bool(settled), places)
        counted = (len(given), settling.settled, max(0, settling.wanted - held))
        if kept != counted:
            yield f"example {example_id}: answers, settled, places are {kept}, its rows say {counted}"
        if reopened > int(not settling.settled):
            yield f"example {example_id}: {reopened} times in the log of reopenings, settled: {settling.settled}"


def _leftovers(connection: Connection) -> Iterator[str]:
    """Yields what a finished job must not leave, and what SQLite itself finds wrong."""
    for state, count in connection.execute(
        "SELECT i.state, count(*) FROM work_items AS i JOIN jobs AS j ON j.id = i.job_id"
        " WHERE j.state = 'done' AND i.state NOT IN ('done', 'failed') GROUP BY 1"
    ):
        yield f"{count} work items of jobs that are done are {state}"
    for (count,) in connection.execute(
        "SELECT count(*) FROM examples AS e WHERE e.candidate_id IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM candidates AS c WHERE c.id = e.candidate_id AND c.example_id = e.id)"
    ):
        if count:
            yield f"{count} examples are not their candidate's"
    (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
    if sound != "ok":
        yield f"integrity check: {sound}"
    if broken := connection.execute("PRAGMA foreign_key_check").fetchall():
        yield f"{len(broken)} references lead nowhere"
