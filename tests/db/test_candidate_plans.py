"""What is asked once for every candidate is found by an index, however many there are."""

from collections.abc import Callable

from db import candidates, jobs
from db.job_records import NewCandidate
from db.store.connection import Connection, write
from tests.support.scripted_engine import make_job


def plans_of(connection: Connection, work: Callable[[], object]) -> list[str]:
    """The plans of every statement that something runs."""
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    with write(connection):
        work()
    connection.set_trace_callback(None)
    asked = [each for each in statements if each.split()[0] in {"SELECT", "UPDATE"}]
    return [row[3] for each in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {each}")]


def test_what_is_asked_for_every_candidate_scans_no_table(connection: Connection) -> None:
    job = make_job(connection)
    new = [NewCandidate(number, " Yes", f"text {number}", "sample") for number in range(4)]
    with write(connection):
        made = candidates.insert_candidates(connection, job.id, 1, new)
    moves = [candidates.Move(each.id, "judge") for each in made]

    def selected() -> object:
        return candidates.selected_candidates(connection, job.id)

    for work in (
        lambda: candidates.insert_candidates(connection, job.id, 1, new, parent_id=made[0].id),
        lambda: [candidates.note_text(connection, job.id, "deduplicate", "text", each.id) for each in made],
        lambda: candidates.has_children(connection, made[0].id),
        lambda: candidates.get_candidate(connection, made[0].id),
        lambda: candidates.move_candidates(connection, moves),
        lambda: candidates.waiting_at(connection, job.id, "judge", limit=2),
        lambda: candidates.candidates_at(connection, job.id, "judge", limit=100, after=2),
        lambda: candidates.candidates_at(connection, job.id, "judge", "no", fate="dropped", born="sample", limit=100),
        lambda: candidates.siblings_in_review(connection, made[0].id),
        selected,
        lambda: jobs.is_answered(connection, made[0].id, "judge"),
    ):
        for step in plans_of(connection, work):
            assert "SCAN" not in step, step
            assert "TEMP B-TREE" not in step or work is selected, step


def test_the_funnel_is_counted_from_an_index_alone(connection: Connection) -> None:
    job = make_job(connection)
    plans = plans_of(connection, lambda: candidates.detailed_funnel(connection, job.id))
    assert any("COVERING INDEX candidates_at_stage (job_id=?)" in step for step in plans), plans


def test_a_list_of_jobs_never_reads_their_texts(connection: Connection) -> None:
    make_job(connection)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    jobs.all_jobs(connection)
    jobs.unfinished_jobs(connection)
    connection.set_trace_callback(None)
    assert statements
    assert not any("_text" in statement or "inputs" in statement for statement in statements)
