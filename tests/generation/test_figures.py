"""The figures of a job, and that they cost as little with a hundred thousand work items as with none."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from db import batches, job_figures, jobs
from db.job_records import Job
from db.store.connection import Connection, write
from generation.jobs.figures import JobFigures
from generation.jobs.figures import job_figures as figures_of
from generation.jobs.jobs import find_job
from tests.support.jobs import make_history, make_large
from tests.support.scripted_engine import make_job


@pytest.fixture
def job(connection: Connection) -> Job:
    made = make_job(connection, engine="anthropic", rounds=4)
    with write(connection):
        jobs.begin_round(connection, made.id, 2)
        jobs.set_state(connection, made.id, "running")
    return made


def figures(connection: Connection, job: Job) -> JobFigures:
    return figures_of(connection, find_job(connection, job.id))


def test_a_job_that_has_done_nothing_has_no_pace(connection: Connection, job: Job) -> None:
    found = figures(connection, job)
    assert (found.calls_a_minute, found.calls_expected, found.seconds_left, found.dollars_expected) == (None,) * 4
    assert found.errors == ()


def test_the_time_passes_from_the_beginning_to_the_end(connection: Connection, job: Job) -> None:
    waiting = make_job(connection, behavior='name = "w"\ndescription = "walks"\n')
    assert figures(connection, waiting).seconds_passed is None
    connection.execute("UPDATE jobs SET started_at = '2020-01-01T00:00:00.000+00:00' WHERE id = ?", (job.id,))
    passed = figures(connection, job).seconds_passed
    assert passed is not None
    assert passed > 86_400
    connection.execute("UPDATE jobs SET finished_at = '2020-01-01T00:01:30.500+00:00' WHERE id = ?", (job.id,))
    assert figures(connection, job).seconds_passed == 90.5


def test_pace_time_left_and_money_follow_from_the_last_minute(connection: Connection, job: Job) -> None:
    make_history(connection, job.id, calls=30, failures=10)
    found = figures(connection, job)
    assert (found.calls_a_minute, found.tokens_a_minute) == (30, 30_000)
    assert found.calls_expected == 80  # 40 in two rounds of four
    assert found.seconds_left == pytest.approx(60 * (80 - 40) / 30)
    assert found.dollars_expected == pytest.approx(0.003 * 80 / 30)
    (error,) = found.errors
    assert (error.stage, error.error, error.times, error.waiting) == ("sample", "The reply can't be read.", 10, False)
    assert error.reply == "<html>\x1b[31mred</html>"


def test_calls_of_long_ago_are_no_pace(connection: Connection, job: Job) -> None:
    make_history(connection, job.id, calls=30)
    connection.execute("UPDATE calls SET created_at = '2020-01-01T00:00:00.000+00:00'")
    assert figures(connection, job).calls_a_minute is None


def test_batches_are_counted(connection: Connection, job: Job) -> None:
    with write(connection):
        for token, requests in (("one", 50), ("two", 100), ("three", 7)):
            batches.insert_batch(connection, token, job.id, requests, time.time())
        batches.adopt_batch(connection, "one", "msgbatch_1")
        batches.close_batch(connection, "one", "stored", {"succeeded": 40, "errored": 4, "expired": 6})
        batches.close_batch(connection, "three", "absent", {})
    found = figures(connection, job).batches
    assert (found.sent, found.under_way, found.requests_under_way) == (2, 1, 100)
    assert (found.errored, found.expired, found.canceled) == (4, 6, 0)


@pytest.fixture
def steps(connection: Connection) -> Iterator[list[int]]:
    """Counts, in hundreds, the steps that SQLite takes."""
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    connection.set_progress_handler(count, 100)
    yield counted
    connection.set_progress_handler(None, 0)


def test_a_hundred_thousand_work_items_do_not_slow_what_screens_ask(
    connection: Connection, job: Job, steps: list[int]
) -> None:
    make_history(connection, job.id, calls=600, failures=60)
    steps[0] = 0
    figures(connection, job)
    jobs.jobs_without_calls(connection)
    few = steps[0]
    make_large(connection, job.id, 100_000)
    connection.execute("ANALYZE")
    steps[0] = 0
    figures(connection, job)
    jobs.jobs_without_calls(connection)
    assert steps[0] <= 2 * few


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (job_figures.RECENT_CALLS, "calls_of_job"),
        (job_figures.FAILED_ITEMS, "work_items_with_error"),
        (job_figures.UNREAD, "candidates_unread"),
    ],
)
def test_each_looks_at_the_newest_rows_only(connection: Connection, statement: str, index: str) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", (1, 5))]
    assert any(index in step for step in plan), plan
    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in plan), plan
