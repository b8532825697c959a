"""Excluding annotators: a flag with a reason. Nothing is deleted, and the gate must hold with and without them."""

from __future__ import annotations

from dataclasses import dataclass

from db import annotators
from db import assignment as assignment_rows
from db.errors import InputError
from db.store.connection import BACKGROUND_ROWS, Connection, write
from review.annotation.bounds import REASON, check_length
from review.assignment.serving import refresh_status


@dataclass(frozen=True)
class Excluded:
    """What an exclusion, or taking it back, has changed: how many examples wait for other answers now."""

    annotator: str
    answered: int
    waiting: int


def exclude(connection: Connection, name: str, reason: str | None) -> Excluded:
    """Excludes an annotator, or takes that back (no reason); may be called again if it was interrupted.

    Their answers stay, and count in one of the gate's two evaluations. Their examples are asked of others until they
    are settled without them as well.

    Raises:
        InputError: if there is no such annotator, the reason is blank or too long, or an exclusion that isn't there is
            taken back.
    """
    if reason is not None and not reason.strip():
        raise InputError("An exclusion needs a reason; say why with --reason.")
    check_length("The reason", reason or "", REASON)
    with write(connection):
        annotator_id = annotators.find_annotator(connection, name)
        if annotator_id is None:
            known = ", ".join(sorted(annotators.names(connection).values())[:8])
            raise InputError(f"Nobody named {name} has labelled here; there are {known or 'no annotators yet'}.")
        if reason is None and annotator_id not in annotators.excluded(connection):
            raise InputError(f"{name} is not excluded.")
        annotators.exclude(connection, annotator_id, reason.strip() if reason else None)
    answered = annotators.answered_examples(connection, annotator_id)
    waiting = 0
    for start in range(0, len(answered), BACKGROUND_ROWS):
        with write(connection):
            for example_id in answered[start : start + BACKGROUND_ROWS]:
                refresh_status(connection, example_id)
                status = assignment_rows.status(connection, example_id)
                waiting += status is not None and not status.settled
    return Excluded(name, len(answered), waiting)
