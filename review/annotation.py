"""Taking answers: each durable, once, before the next example is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from db import annotations as rows
from db import assignment, datasets, examples
from db.connection import Connection, write
from db.errors import InputError
from db.records import Annotation, Answers, BlindExample, Dataset, Occasion
from review.assignment import Session, refresh_status, reserve_next


@dataclass(frozen=True)
class Submitted:
    """What became of an answer, and the example to show next.

    Attributes:
        outcome: `counted`; `extra` where it came after its reservation had gone and the places were taken: stored,
            not counted; `changed` where it replaces an earlier one; `known` where it was stored before.
    """

    outcome: Literal["counted", "extra", "changed", "known"]
    next: BlindExample | None


@dataclass(frozen=True)
class EarlierAnswer:
    """An answered example to go back to; `anchor` leads further back."""

    anchor: int
    example: BlindExample
    answer: Annotation


def submit(
    connection: Connection, session: Session, dataset: Dataset, example: BlindExample, answers: Answers
) -> Submitted:
    """Stores an answer, reserves the next example and commits: one transaction, durable when this returns.

    Calling again with the same submission stores nothing twice.

    Raises:
        InputError: if the label is not one of the example's choices, or something else is no answer.
        WorkspaceError: if nothing could be stored.
    """
    _check(example, answers)
    with write(connection):
        if rows.submission_stored(connection, answers.submission):
            return Submitted("known", reserve_next(connection, session, dataset))
        outcome = _store(connection, session, dataset, example, answers)
        return Submitted(outcome, reserve_next(connection, session, dataset))


def earlier_answer(
    connection: Connection, session: Session, dataset: Dataset, before: int | None = None
) -> EarlierAnswer | None:
    """Returns the example this validator answered last, or last before `before`: in this session or any earlier one."""
    found = rows.previous_answered(connection, dataset.id, session.annotator_id, before)
    if found is None:
        return None
    anchor, example_id = found
    answer = rows.current_answer(connection, example_id, session.annotator_id)
    assert answer is not None
    return EarlierAnswer(anchor, examples.get_blind(connection, example_id), answer)


def _check(example: BlindExample, answers: Answers) -> None:
    if answers.skipped:
        if answers.relevance is not None:
            raise InputError("A skipped example has no relevance; give a label or leave both out.")
        return
    if answers.label not in {choice.answer for choice in example.choices}:
        raise InputError(f"The label {answers.label!r} is not one of example {example.id}'s choices.")
    if answers.relevance is None or not 1 <= answers.relevance <= 5:
        raise InputError("Relevance is a whole number from 1 to 5.")


def _store(
    connection: Connection, session: Session, dataset: Dataset, example: BlindExample, answers: Answers
) -> Literal["counted", "extra", "changed"]:
    earlier = rows.current_answer(connection, example.id, session.annotator_id)
    occasion: Occasion
    if earlier is not None:
        occasion, revision = earlier.occasion, earlier.revision + 1
    else:
        held = assignment.reservation(connection, example.id, session.annotator_id)
        has_place = held is not None or assignment.status(connection, example.id).places > 0
        occasion, revision = ("first" if has_place else "extra"), 1
    rows.insert_annotation(
        connection,
        dataset_id=dataset.id,
        example_id=example.id,
        annotator_id=session.annotator_id,
        session_id=session.id,
        occasion=occasion,
        revision=revision,
        answers=answers,
    )
    assignment.drop_reservation(connection, example.id, session.annotator_id)
    refresh_status(connection, example.id, always_three=dataset.always_three)
    _count(connection, session, dataset, earlier, answers)
    if earlier is not None:
        return "changed"
    return "counted" if occasion == "first" else "extra"


def _count(
    connection: Connection, session: Session, dataset: Dataset, earlier: Annotation | None, answers: Answers
) -> None:
    """Adds to the counters: an answer that replaces another moves between answered and skipped only."""
    datasets.add_to_counts(connection, dataset.id, annotations=int(earlier is None))
    was_answer = earlier is not None and not earlier.skipped
    was_skip = earlier is not None and earlier.skipped
    assignment.count_answer(
        connection,
        dataset.id,
        session.annotator_id,
        answered=int(not answers.skipped) - int(was_answer),
        skipped=int(answers.skipped) - int(was_skip),
    )
