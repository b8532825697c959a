"""What a viewer may see of candidates: nothing that would unblind what they may yet be asked."""

from __future__ import annotations

from pathlib import Path

from db import candidates, jobs
from db.job_records import NewCandidate
from db.store.connection import Connection, write
from generation.jobs.candidates import read_candidate
from review.annotation.disclosure import disclose
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import find
from tests.support.workspaces import answer
from tests.support.written import write_job


async def test_a_twin_and_a_reply_are_hidden_until_the_example_is_disclosed(
    workspace_path: Path, connection: Connection
) -> None:
    job = await write_job(workspace_path)
    chosen = candidates.selected_candidates(connection, job.id)[0]
    with write(connection):
        (item_id,) = connection.execute("SELECT item_id FROM candidates WHERE id = ?", (chosen.id,)).fetchone()
        new = [
            NewCandidate(7, chosen.intended, chosen.text, "sample"),
            NewCandidate(8, chosen.intended, "another text", "sample", problem="too short"),
        ]
        twin, sibling = candidates.insert_candidates(connection, job.id, 1, new, item_id=item_id)
        candidates.move_candidates(
            connection, [candidates.Move(twin.id, "deduplicate", "dropped", "repeats an earlier one", chosen.id)]
        )
        jobs.set_state(connection, job.id, "done", "")

    def seen(candidate_id: int) -> tuple[bool, str, bool]:
        life = read_candidate(connection, job, candidate_id, "anna")
        assert bool(life.calls) != life.calls_hidden
        return life.seen.hidden, life.seen.candidate.intended, life.calls_hidden

    assert seen(chosen.id) == seen(twin.id) == (True, "", True)
    assert seen(sibling.id) == (False, chosen.intended, True)
    session, dataset = start_session(connection, "anna"), find(connection, "long-walks")
    while (example := next_example(connection, session, dataset)) is not None and example.id != chosen.example_id:
        submit(connection, session, dataset, example, answer())
    assert seen(twin.id) == (True, "", True)
    assert example is not None
    submit(connection, session, dataset, example, answer())
    assert seen(chosen.id) == (True, "", True)  # The answer could still be changed.
    disclose(connection, dataset, "anna", example.id)
    for candidate in (chosen, twin, sibling):
        assert seen(candidate.id) == (False, chosen.intended, False)
