"""The second look: after the blind answer is stored, the validator may answer again; the blind one alone is evidence.

Whoever has answered is shown what a model argues for and against an answer or, for a random half by the dataset's seed,
is asked to reconsider without it. Without that half nobody could tell what the argument does from what thinking twice
does. An example that nothing is argued about has no second look, in either half. What was offered is disclosed: the
blind answer can't be replaced any more, and the example isn't silently repeated.

An offer is open until it is answered or declined. One whose window died is offered again as it was, by the next window
of the same validator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from db import annotations as annotation_rows
from db import assignment, datasets, disclosures
from db import second_looks as rows
from db.assignment_settings import settings_of
from db.errors import InputError
from db.examples import get_blind
from db.records import Annotation, Answers, BlindExample, Dataset
from db.second_looks import Argument, Offer
from db.store.connection import Connection, write
from review.annotation.bounds import check_said
from review.assignment.mixing import share_of
from review.assignment.serving import Session, is_alive

Arm = Literal["argument", "reconsideration"]
ARMS: tuple[Arm, Arm] = ("argument", "reconsideration")


@dataclass(frozen=True)
class SecondLook:
    """An example to look at again.

    Attributes:
        blind: What the annotator answered.
        argument: What is argued; None for the half that is asked to reconsider without it.
    """

    example: BlindExample
    blind: Annotation
    argument: Argument | None

    @property
    def disclosed(self) -> str:
        """What of it is stored as disclosed."""
        return "" if self.argument is None else f"argument {self.argument.id}"


def offer(connection: Connection, session: Session, dataset: Dataset, example: BlindExample) -> SecondLook | None:
    """Returns the second look at an example that was just answered, noted as disclosed, or None if there is none.

    To be called in the transaction that stores the answer, or a crash between the two would leave it without one. There
    is one, once, where the dataset has them, something is argued about the example, and its blind answer, as an
    example of the dataset or as gold, is a label. Asked again before it is answered, it is the same one.
    """
    if example.occasion not in {"first", "gold"} or not settings_of(connection, dataset.id).second_look:
        return None
    argument = rows.argument(connection, example.id)
    blind = annotation_rows.newest_of(connection, example.id, session.annotator_id, example.occasion)
    if argument is None or blind is None or blind.skipped:
        return None
    offered = rows.offer_on(connection, session.annotator_id, example.id)
    if offered is None:
        if disclosures.has_seen(connection, session.annotator_id, example.dataset_id, example.id):
            return None
        argued = arm_of(dataset, session.annotator_id, example.id) == "argument"
        offered = Offer(example.id, example.occasion, argument.id if argued else None, session.id)
        disclosures.insert_disclosure(connection, session.annotator_id, example.dataset_id, example.id)
        rows.insert_offer(connection, session.annotator_id, dataset.id, offered)
    return _as_offered(connection, session, offered) if _is_open(offered, session) else None


def offer_again(connection: Connection, session: Session, dataset: Dataset) -> list[SecondLook]:
    """Returns the second looks that windows of this annotator were cut short in, oldest first, for this one to show.

    What another window shows now is left to it.

    Raises:
        WorkspaceError: if nothing could be stored.
    """
    if not settings_of(connection, dataset.id).second_look:
        return []
    if not rows.open_offers(connection, session.annotator_id, dataset.id):
        return []
    with write(connection):
        found = rows.open_offers(connection, session.annotator_id, dataset.id)
        left = [offered for offered in found if _is_open(offered, session) or _was_left(connection, offered)]
        for offered in left:
            rows.take_over(connection, session.annotator_id, offered.example_id, session.id)
    return [_as_offered(connection, session, offered) for offered in left]


def decline(connection: Connection, session: Session, look: SecondLook) -> None:
    """Notes that a second look was closed without an answer, on purpose: it isn't offered again.

    Raises:
        WorkspaceError: if nothing could be stored.
    """
    with write(connection):
        rows.end_offer(connection, session.annotator_id, look.example.id, "declined")


def arm_of(dataset: Dataset, annotator_id: int, example_id: int) -> Arm:
    """Draws the half that an annotator's second look at an example is in, always the same."""
    return ARMS[int(share_of(dataset, annotator_id, example_id, "second look") >= 0.5)]


def answer_again(
    connection: Connection, session: Session, dataset: Dataset, look: SecondLook, label: str, seconds: float
) -> None:
    """Stores a label given on a second look, beside the blind answer, whose other answers it keeps; once.

    Raises:
        InputError: if the label is not one of the example's choices, or it took longer than anything can.
        WorkspaceError: if nothing could be stored.
    """
    example, blind = look.example, look.blind
    if label not in {choice.answer for choice in example.choices}:
        raise InputError(f"The label {label!r} is not one of example {example.id}'s choices.")
    submission = f"second look {session.annotator_id} {example.id}"
    answers = Answers(label, blind.relevance, seconds, submission, ambiguous=blind.ambiguous, answers=blind.answers)
    check_said(answers)
    with write(connection):
        rows.end_offer(connection, session.annotator_id, example.id, "answered")
        if annotation_rows.submission_stored(connection, submission):
            return
        annotation_rows.insert_annotation(
            connection,
            dataset_id=example.dataset_id,
            example_id=example.id,
            annotator_id=session.annotator_id,
            session_id=session.id,
            occasion="second look",
            revision=1,
            answers=answers,
            disclosed=look.disclosed,
        )
        if example.occasion == "first":
            datasets.add_to_counts(connection, dataset.id, annotations=1)


def _is_open(offered: Offer, session: Session) -> bool:
    """Whether an offer is on this session's own screen, and not answered."""
    return offered.outcome is None and offered.session_id == session.id


def _was_left(connection: Connection, offered: Offer) -> bool:
    """Whether an open offer is on no screen any more."""
    return offered.session_id is None or not is_alive(assignment.session(connection, offered.session_id))


def _as_offered(connection: Connection, session: Session, offered: Offer) -> SecondLook:
    """Returns an offer as it was made: the same half, the same argument."""
    example = get_blind(connection, offered.example_id, offered.occasion)
    blind = annotation_rows.newest_of(connection, offered.example_id, session.annotator_id, offered.occasion)
    assert blind is not None  # it came before the offer, and nothing is taken back
    argument = None if offered.argument_id is None else rows.get_argument(connection, offered.argument_id)
    return SecondLook(example, blind, argument)
