"""Taking answers: each durable, once, before the next example is shown.

An answer that comes after its reservation has gone still counts where a place is free. Where the places are taken it is
stored as extra, and stays that also when a place becomes free again because somebody turned a label into a skip: the
place goes to somebody new. A late answer is a slow one, on an example that others then found too hard to label;
counting it just there would choose answers by what others said. It is kept, shown, and exported as what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from db import annotations as rows
from db import assignment, datasets, disclosures, drafts, examples, re_reviews
from db.errors import InputError, WorkspaceReplacedError
from db.records import Annotation, Answers, BlindExample, Dataset, Occasion, ShownAnswer
from db.store.connection import Connection, write
from review.annotation.bounds import check_revision, check_said
from review.annotation.kept_answers import keep_beside
from review.annotation.questions import check_answers
from review.annotation.second_look import SecondLook, offer
from review.assignment.mixing import MIXED_IN, note_answered
from review.assignment.re_review import refresh
from review.assignment.serving import Session, refresh_status, reserve_next

SubmissionOutcome = Literal["counted", "extra", "changed", "apart", "known"]


@dataclass(frozen=True)
class Submitted:
    """What became of an answer, and the example to show next.

    Attributes:
        outcome: `counted`; `extra` where it came after its reservation had gone and the places were taken: stored,
            not counted; `changed` where it replaces an earlier one; `apart` where it would, but something has been
            disclosed to the annotator since, such as other answers: the blind one goes on counting; `known` where it
            was stored before.
        look: The second look that the annotator is offered before the next example, if any.
    """

    outcome: SubmissionOutcome
    next: BlindExample | None
    look: SecondLook | None


def submit(
    connection: Connection, session: Session, dataset: Dataset, example: BlindExample, answers: Answers
) -> Submitted:
    """Stores an answer, offers a second look, reserves the next example: one transaction, durable when this returns.

    Calling again with the same submission stores nothing twice.

    Raises:
        InputError: if the label is not one of the example's choices, a question of the dataset has no answer,
            something else is no answer, or more is said than is kept (`review.annotation.bounds`).
        WorkspaceReplacedError: if the workspace was replaced while it was open; the answer is kept beside it.
        WorkspaceError: if nothing could be stored.
    """
    check(dataset, example, answers)
    try:
        with write(connection):
            known = rows.submission_stored(connection, answers.submission)
            outcome = "known" if known else _store(connection, session, dataset, example, answers)
            look = offer(connection, session, dataset, example)
            return Submitted(outcome, reserve_next(connection, session, dataset), look)
    except WorkspaceReplacedError as error:
        raise keep_beside(error, session, dataset, example, answers) from error


def earlier_answer(
    connection: Connection, session: Session, dataset: Dataset, before: int | None = None
) -> ShownAnswer | None:
    """Returns the example this validator answered or changed last, or last before `before`, in whatever session."""
    found = rows.previous_answered(connection, dataset.id, session.annotator_id, before)
    return _earlier(connection, found)


def next_skipped(connection: Connection, session: Session, dataset: Dataset, after: int = 0) -> ShownAnswer | None:
    """Returns an example that this validator skipped and has not answered since, the oldest after `after` first."""
    found = rows.next_skipped(connection, dataset.id, session.annotator_id, after)
    return _earlier(connection, found)


def _earlier(connection: Connection, found: tuple[int, int] | None) -> ShownAnswer | None:
    if found is None:
        return None
    newest, example_id = found
    answer = rows.get_annotation(connection, newest)
    occasion = answer.occasion if answer.occasion in {*MIXED_IN, "re-review"} else "first"
    return ShownAnswer(examples.get_blind(connection, example_id, occasion), answer)


def check(dataset: Dataset, example: BlindExample, answers: Answers) -> None:
    """Refuses what is no answer to an example.

    Raises:
        InputError: see `submit`.
    """
    check_said(answers)
    if answers.skipped:
        if answers.relevance is not None or answers.answers:
            raise InputError("A skipped example has no relevance and no other answers; give a label or leave them out.")
        return
    if answers.skip_reason:
        raise InputError("An example that is answered has no reason for skipping it; leave one of them out.")
    if answers.label not in {choice.answer for choice in example.choices}:
        raise InputError(f"The label {answers.label!r} is not one of example {example.id}'s choices.")
    if answers.relevance is None or not 1 <= answers.relevance <= 5:
        raise InputError("Relevance is a whole number from 1 to 5.")
    check_answers(dataset.questions, answers.answers)


def _store(
    connection: Connection, session: Session, dataset: Dataset, example: BlindExample, answers: Answers
) -> SubmissionOutcome:
    if example.occasion in {*MIXED_IN, "re-review"}:
        return _store_apart(connection, session, dataset, example, answers)
    earlier = rows.current_answer(connection, example.id, session.annotator_id)
    seen = earlier is not None and disclosures.has_seen(connection, session.annotator_id, dataset.id, example.id)
    occasion: Occasion
    if seen:
        occasion = "re-review"
        revision = rows.last_revision(connection, example.id, session.annotator_id, occasion) + 1
    elif earlier is not None:
        occasion, revision = earlier.occasion, earlier.revision + 1
    else:
        held = assignment.reservation(connection, example.id, session.annotator_id)
        status = assignment.status(connection, example.id)
        has_place = held is not None or (status is not None and status.places > 0)
        occasion, revision = ("first" if has_place else "extra"), 1
    check_revision(revision)
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
    drafts.drop_draft(connection, example.id, session.annotator_id)
    assignment.drop_reservation(connection, example.id, session.annotator_id)
    if seen:
        datasets.add_to_counts(connection, dataset.id, annotations=int(revision == 1))
        return "apart"
    refresh_status(connection, example.id)
    _count(connection, session, dataset, earlier, answers)
    if earlier is not None:
        return "changed"
    return "counted" if occasion == "first" else "extra"


def _store_apart(
    connection: Connection, session: Session, dataset: Dataset, example: BlindExample, answers: Answers
) -> SubmissionOutcome:
    """Stores an answer on a gold example, a repeat or an edited example: it is never evidence.

    What has been disclosed since measures nobody; on an edited example it stands on no wording, or the blind answer on
    the same wording would go with it.
    """
    occasion, ruling_id, dataset_id = example.occasion, example.ruling_id, example.dataset_id
    if occasion == "re-review":
        changed = re_reviews.has_answered(connection, example.id, session.annotator_id, ruling_id)
    else:
        changed = rows.last_revision(connection, example.id, session.annotator_id, occasion) > 0
    seen = disclosures.has_seen(connection, session.annotator_id, dataset_id, example.id)
    seen = seen and (changed or occasion in MIXED_IN)
    if seen:
        occasion, ruling_id = "re-review", None
    revision = rows.last_revision(connection, example.id, session.annotator_id, occasion) + 1
    check_revision(revision)
    rows.insert_annotation(
        connection,
        dataset_id=dataset_id,
        example_id=example.id,
        annotator_id=session.annotator_id,
        session_id=session.id,
        occasion=occasion,
        revision=revision,
        answers=answers,
        ruling_id=ruling_id,
    )
    drafts.drop_draft(connection, example.id, session.annotator_id)
    assignment.drop_reservation(connection, example.id, session.annotator_id, example.occasion)
    if occasion == "re-review" and dataset_id == dataset.id:
        datasets.add_to_counts(connection, dataset.id, annotations=int(revision == 1))
    if example.occasion == "re-review":
        refresh(connection, dataset.id, example.id)
    if seen:
        return "apart"
    if changed:
        return "changed"
    note_answered(connection, dataset, session.annotator_id, example)
    return "counted"


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
