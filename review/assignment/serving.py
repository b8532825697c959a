"""Serving examples: one at a time to each validator, nobody the same one twice, however many processes serve."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from db import annotations as annotation_rows
from db import annotators, datasets, disclosures, examples, re_reviews, second_looks
from db import assignment as rows
from db.assignment_settings import AssignmentSettings, is_allowed, settings_of
from db.clock import now
from db.records import BlindExample, Dataset, Progress
from db.store.connection import Connection, write
from review.assignment import mixing, re_review
from review.assignment.processes import process_mark, still_runs
from review.assignment.settling import settle_twice

RESERVATION_SECONDS = 15 * 60
"""How long an example is held for a validator who shows no life."""

SESSION_SILENCE_SECONDS = 120
"""After how long a session on another machine counts as gone."""

PACKET_HOST = "(packet)"
"""Where the session of a packet runs: out of reach, and alive until its reservations expire."""

SWEEP = 20
"""The most expired reservations that one request frees, so that nobody waits for a big sweep."""


@dataclass(frozen=True)
class Session:
    """A validator's window: who, and which of their windows."""

    id: str
    annotator_id: int
    annotator: str


def start_session(connection: Connection, annotator: str) -> Session:
    """Opens a session for a validator of that name."""
    session_id = uuid.uuid4().hex
    with write(connection):
        annotator_id = annotators.annotator_id(connection, annotator)
        row = rows.SessionRow(session_id, socket.gethostname(), os.getpid(), now(), process_mark(os.getpid()))
        rows.insert_session(connection, row, annotator_id)
    return Session(session_id, annotator_id, annotator)


def end_session(connection: Connection, session: Session) -> None:
    """Gives back what the session holds, so that others need not wait for it to expire."""
    with write(connection):
        second_looks.give_back(connection, session.annotator_id, session.id)
        for held in rows.reservations_of_session(connection, session.annotator_id, session.id):
            release(connection, held)


def keep_alive(connection: Connection, session: Session) -> None:
    """Notes that the session shows life and renews what it holds."""
    with write(connection):
        rows.touch_session(connection, session.id, now())
        for held in rows.reservations_of_session(connection, session.annotator_id, session.id):
            rows.hand_over(connection, held, session.id, now() + RESERVATION_SECONDS)


def next_example(connection: Connection, session: Session, dataset: Dataset) -> BlindExample | None:
    """Reserves and returns the next example for this session, or None if there is nothing for it now.

    What the session already holds comes first, also from a window of the same validator that has died.
    """
    with write(connection):
        return reserve_next(connection, session, dataset)


def reserve_next(connection: Connection, session: Session, dataset: Dataset) -> BlindExample | None:
    """The same as `next_example`, within a write transaction of the caller's."""
    for expired in rows.expired_reservations(connection, now(), SWEEP):
        release(connection, expired)
    if disclosures.has_seen(connection, session.annotator_id, dataset.id):
        return None
    if not is_allowed(connection, dataset.id, session.annotator_id):
        return None
    reservations = rows.reservations_of(connection, session.annotator_id, dataset.id)
    held = _reclaim(connection, session, reservations) or _take(connection, session, dataset, reservations)
    return None if held is None else examples.get_blind(connection, held.example_id, held.occasion)


def refresh_status(connection: Connection, example_id: int) -> None:
    """Brings an example's status up to date with its answers and reservations, within a write transaction.

    The status is always made anew from the rows it sums up, so it can't drift from them. A place that nobody has gone
    by yet needs no note of being free, and a removed example has no status.
    """
    before = rows.status(connection, example_id)
    if before is None:
        return
    answers = annotation_rows.first_answers(connection, example_id)
    excluded = annotators.excluded_on(connection, example_id)
    settling = settle_twice(
        [answer.label for answer in answers],
        [answer.label for answer in answers if answer.annotator_id not in excluded],
        always_three=datasets.asks_always_three(connection, before.dataset_id),
    )
    places = max(0, settling.wanted - rows.count_reservations(connection, example_id))
    rows.set_status(connection, example_id, places=places, answers=len(answers), settled=settling.settled)
    datasets.add_to_counts(
        connection,
        before.dataset_id,
        reviewed=int(bool(answers)) - int(before.answers > 0),
        settled=int(settling.settled) - int(before.settled),
    )
    if settling.settled:
        rows.forget_reopened(connection, example_id)
    elif places > before.places and rows.was_passed(connection, before.dataset_id, before.position):
        rows.note_reopened(connection, before.dataset_id, example_id)


def release(connection: Connection, held: rows.Reservation) -> None:
    """Gives back what is held, within a write transaction."""
    rows.drop_reservation(connection, held.example_id, held.annotator_id, held.occasion)
    if held.occasion == "first":
        refresh_status(connection, held.example_id)
    elif held.occasion == "re-review":
        status = rows.status(connection, held.example_id)
        assert status is not None  # what is ruled on is never removed
        re_review.refresh(connection, status.dataset_id, held.example_id)


def _reclaim(
    connection: Connection, session: Session, reservations: Sequence[rows.Reservation]
) -> rows.Reservation | None:
    """Returns what this session holds, or takes over what a dead window of the same validator held."""
    for held in sorted(reservations, key=lambda held: held.session_id != session.id):  # what is on screen comes first
        if held.session_id == session.id or not is_alive(rows.session(connection, held.session_id)):
            rows.hand_over(connection, held, session.id, now() + RESERVATION_SECONDS)
            return held
    return None


def is_alive(session: rows.SessionRow) -> bool:
    """Whether a window is still open, as far as can be told from here."""
    if session.host == PACKET_HOST:
        return True
    if session.host == socket.gethostname():
        return still_runs(session.pid, session.process)
    return now() - session.seen_at < SESSION_SILENCE_SECONDS


def _take(
    connection: Connection, session: Session, dataset: Dataset, reservations: Sequence[rows.Reservation]
) -> rows.Reservation | None:
    """Reserves what this validator is served next, if there is anything for them."""
    settings = settings_of(connection, dataset.id)
    done = rows.progress(connection, dataset.id, session.annotator_id)
    if left_to_ask(settings, done, reservations) == 0:
        return None
    count = done.answered + done.skipped + done.mixed_in
    mixed_in = mixing.next_mixed_in(connection, dataset, settings, session.annotator_id, count)
    if mixed_in is not None:
        held = rows.Reservation(mixed_in[0], session.annotator_id, session.id, mixed_in[1])
    elif (example_id := re_reviews.next_re_review(connection, dataset.id, session.annotator_id)) is not None:
        held = rows.Reservation(example_id, session.annotator_id, session.id, "re-review")
    elif (example_id := advance(connection, dataset, session.annotator_id)) is not None:
        held = rows.Reservation(example_id, session.annotator_id, session.id, "first")
    else:
        return None
    rows.reserve(connection, held, dataset.id, now() + RESERVATION_SECONDS)
    if held.occasion == "re-review":
        re_review.refresh(connection, dataset.id, held.example_id)
    return held


def left_to_ask(settings: AssignmentSettings, done: Progress, reservations: Sequence[rows.Reservation]) -> int | None:
    """Returns about how many more examples an annotator may be asked, or None if there is no limit.

    Args:
        settings: How the dataset is assigned.
        done: What the annotator has done in it.
        reservations: What is held for them in it.
    """
    if settings.most_each is None:
        return None
    held = sum(held.occasion == "first" for held in reservations)
    return max(0, settings.most_each - done.answered - done.skipped - held)


def advance(connection: Connection, dataset: Dataset, annotator_id: int) -> int | None:
    """Returns the first example that this validator can take, and moves their cursor past it."""
    cursor = rows.cursor(connection, dataset.id, annotator_id)
    found = rows.next_reopened(connection, dataset.id, annotator_id, cursor.reopening_id)
    if found is not None:
        moved = rows.Cursor(cursor.position, found[0])
    else:
        found = rows.next_frontier(connection, dataset.id, annotator_id, cursor.position)
        position = cursor.position if found is None else found[0]
        seen = max(cursor.reopening_id, rows.last_reopening(connection, dataset.id))
        moved = rows.Cursor(position, seen)
    if moved != cursor:
        rows.move_cursor(connection, dataset.id, annotator_id, moved)
    return None if found is None else found[1]
