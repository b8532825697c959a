"""Half-given answers: found again by any window of the same validator, gone with the answer; and the way to skips."""

from __future__ import annotations

from db.store.connection import Connection
from review.annotation.disclosure import disclose
from review.annotation.drafts import keep_draft, kept_draft
from review.annotation.submitting import earlier_answer, next_skipped, submit
from review.assignment.serving import Session, next_example, start_session
from tests.support.workspaces import NO, YES, answer, make_dataset


def test_a_draft_is_its_validators_own_and_goes_with_the_answer(connection: Connection) -> None:
    dataset = make_dataset(connection, 2)
    ada, again, fay = (start_session(connection, name) for name in ("Ada", "Ada", "Fay"))
    example = next_example(connection, ada, dataset)
    assert example is not None
    assert kept_draft(connection, ada, example.id) is None
    said = {"label": NO, "comment": "nul\x00 \x1b[2J 🐝"}
    keep_draft(connection, ada, example.id, {"label": YES}, 1.0)
    keep_draft(connection, ada, example.id, said, 2.5)
    found = kept_draft(connection, again, example.id)
    assert found is not None
    assert (found.said, found.seconds) == (said, 2.5)
    assert kept_draft(connection, fay, example.id) is None
    keep_draft(connection, fay, example.id, said, 1.0)
    submit(connection, ada, dataset, example, answer(YES))
    assert kept_draft(connection, again, example.id) is None
    assert kept_draft(connection, fay, example.id) is not None
    keep_draft(connection, fay, example.id, None, 1.0)
    assert kept_draft(connection, fay, example.id) is None


def labels(connection: Connection, session: Session, dataset_id: int) -> list[str | None]:
    """What undo shows, one step after another."""
    from db.datasets import get_dataset

    found, before = [], None
    while step := earlier_answer(connection, session, get_dataset(connection, dataset_id), before):
        before = step.anchor
        found.append(step.answer.label)
    return found


def test_undo_goes_through_what_was_done_last(connection: Connection) -> None:
    dataset = make_dataset(connection, 4)
    ada = start_session(connection, "Ada")
    examples = []
    for label in (YES, NO, YES):
        example = next_example(connection, ada, dataset)
        assert example is not None
        submit(connection, ada, dataset, example, answer(label))
        examples.append(example)
    assert labels(connection, ada, dataset.id) == [YES, NO, YES]
    submit(connection, ada, dataset, examples[0], answer(None))
    assert labels(connection, ada, dataset.id) == [None, YES, NO]


def test_whoever_has_seen_the_answers_no_longer_changes_the_blind_one(connection: Connection) -> None:
    dataset = make_dataset(connection, 2)
    ada = start_session(connection, "Ada")
    example = next_example(connection, ada, dataset)
    assert example is not None
    submit(connection, ada, dataset, example, answer(None))
    disclose(connection, dataset, "Ada", example.id)
    for label in (NO, YES):
        assert submit(connection, ada, dataset, example, answer(label)).outcome == "apart"
    history = connection.execute("SELECT occasion, revision, label FROM annotations ORDER BY id").fetchall()
    assert history == [("first", 1, None), ("re-review", 1, NO), ("re-review", 2, YES)]
    blind = earlier_answer(connection, ada, dataset)
    assert blind is not None
    assert blind.answer.skipped


def test_skipped_examples_are_found_until_they_are_answered(connection: Connection) -> None:
    dataset = make_dataset(connection, 4)
    ada = start_session(connection, "Ada")
    for label in (None, YES, None):
        example = next_example(connection, ada, dataset)
        assert example is not None
        submit(connection, ada, dataset, example, answer(label))
    first = next_skipped(connection, ada, dataset)
    assert first is not None
    second = next_skipped(connection, ada, dataset, first.anchor)
    assert second is not None
    assert next_skipped(connection, ada, dataset, second.anchor) is None
    assert submit(connection, ada, dataset, first.example, answer(NO)).outcome == "changed"
    left = next_skipped(connection, ada, dataset)
    assert left is not None
    assert left.example == second.example
