"""A dataset as it looks after months of work, made by a few statements."""

from __future__ import annotations

from collections.abc import Sequence

from db import assignment, datasets
from db.records import Dataset
from db.store.connection import BACKGROUND_ROWS, Connection, write
from review.assignment.serving import Session, start_session
from tests.support.workspaces import NO, YES, add_examples, make_dataset


def large_dataset(connection: Connection, count: int) -> Dataset:
    """A third of the examples disputed, half of those settled by Carla; a third answered by Emil alone; a third new.

    Ada and Béla gave the first answers, and both of them, Carla and Emil have seen everything that they could take up
    to the last third.
    """
    dataset = make_dataset(connection, 0)
    for start in range(0, count, BACKGROUND_ROWS):
        add_examples(connection, dataset, min(BACKGROUND_ROWS, count - start))
    rows = connection.execute("SELECT example_id FROM review_status ORDER BY position").fetchall()
    order = [example_id for (example_id,) in rows]
    sixth = count // 6
    settled, disputed, ahead = order[:sixth], order[sixth : 2 * sixth], order[2 * sixth : 4 * sixth]
    _answered(connection, dataset, "Ada", [*settled, *disputed], YES)
    _answered(connection, dataset, "Béla", [*settled, *disputed], NO)
    with write(connection):
        for example_id in (*settled, *disputed):
            assignment.note_reopened(connection, dataset.id, example_id)
        for example_id in settled:
            assignment.forget_reopened(connection, example_id)
    _answered(connection, dataset, "Carla", settled, YES)
    _answered(connection, dataset, "Emil", ahead, YES)
    with write(connection):
        for examples, places, answers in ((settled, 0, 3), (disputed, 1, 2), (ahead, 1, 1)):
            for example_id in examples:
                assignment.set_status(
                    connection, example_id, places=places, answers=answers, settled=examples is settled
                )
        datasets.add_to_counts(connection, dataset.id, annotations=7 * sixth, reviewed=4 * sixth, settled=sixth)
    return dataset


def _answered(connection: Connection, dataset: Dataset, name: str, example_ids: Sequence[int], label: str) -> None:
    """An annotator gave all these answers, and stands behind the last of them and behind every reopening."""
    session: Session = start_session(connection, name)
    with write(connection):
        connection.executemany(
            "INSERT INTO annotations (dataset_id, example_id, annotator_id, occasion, revision, label, relevance,"
            " seconds, submission, session_id, created_at) VALUES (?, ?, ?, 'first', 1, ?, 3, 1, ?, ?, '2026-01-01')",
            [
                (dataset.id, example_id, session.annotator_id, label, f"{name} {example_id}", session.id)
                for example_id in example_ids
            ],
        )
        (position,) = connection.execute(
            "SELECT position FROM review_status WHERE example_id = ?", (example_ids[-1],)
        ).fetchone()
        assignment.cursor(connection, dataset.id, session.annotator_id)
        assignment.move_cursor(
            connection, dataset.id, session.annotator_id, assignment.Cursor(position, len(example_ids))
        )
        assignment.count_answer(connection, dataset.id, session.annotator_id, answered=len(example_ids), skipped=0)
