"""Making packets: the next examples of a validator are reserved and written to a file.

A packet's session holds its examples for some days, as a window holds the one on its screen: each takes a place, online
windows of the same validator show others, and what is not merged by then goes to whoever is asked next. What comes back
later is stored under the rule for every late answer: counted where the place is free, else extra.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db import annotators, disclosures, packets, re_reviews
from db import assignment as rows
from db.assignment_settings import settings_of
from db.clock import now
from db.errors import InputError
from db.examples import get_blind
from db.names import composed
from db.packet_file import PacketFacts, fill_file
from db.packets import PacketRow, Planned
from db.records import Dataset
from db.store.connection import Connection, write
from db.store.workspace import mode_of, open_workspace, workspace_id
from review.assignment import mixing, re_review
from review.assignment.allowed import barred, check_allowed
from review.assignment.serving import PACKET_HOST, Session, advance, left_to_ask, release

EXAMPLES, MOST_EXAMPLES = 200, 500
"""How many examples a packet holds if nobody says, and at most: it is reserved, and merged, in one transaction."""

DAYS, MOST_DAYS = 14, 365
DAY = 24 * 60 * 60.0


def make_packet(
    connection: Connection,
    dataset: Dataset,
    annotator: str,
    target: Path,
    *,
    count: int = EXAMPLES,
    days: int = DAYS,
) -> PacketRow:
    """Writes the next examples of a validator to a file, with guidelines and questions and nothing else.

    Args:
        connection: The workspace.
        dataset: Which dataset's examples.
        annotator: The validator's name.
        target: The file; it must not exist yet.
        count: The most examples, in [1, 500].
        days: For how long they are reserved, in [1, 365].

    Raises:
        InputError: if the file exists, the validator may not label the dataset, or nothing is left for them.
    """
    annotator = composed(annotator)
    if not annotator:
        raise InputError("The name after --for is empty.")
    if not (1 <= count <= MOST_EXAMPLES and 1 <= days <= MOST_DAYS):
        raise InputError(f"A packet holds 1 to {MOST_EXAMPLES} examples, for 1 to {MOST_DAYS} days.")
    check_allowed(connection, dataset, annotator)
    token = secrets.token_hex(16)
    with _written_beside(target, token) as working:
        file = open_workspace(working, alone=True)
        try:
            packet = _reserve(connection, dataset, annotator, token, count, now() + days * DAY)
            try:
                facts = PacketFacts(token, workspace_id(connection), annotator)
                plan = packets.planned(connection, packet.id).values()
                fill_file(
                    file, dataset, facts, [get_blind(connection, each.example_id, each.occasion) for each in plan]
                )
                file.close()
                working.chmod(mode_of(connection))
                _publish(working, target)
            except BaseException:
                end_packet(connection, packet)
                raise
        finally:
            file.close()
    return packet


def end_packet(connection: Connection, packet: PacketRow) -> int:
    """Gives back what a packet has not answered; it can still be merged, under the rule for late answers.

    Returns:
        How many places are free again.
    """
    with write(connection):
        held = packets.reserved_for(connection, packet)
        for each in held:
            release(connection, each)
        packets.end(connection, packet.id)
    return sum(each.occasion in {"first", "re-review"} for each in held)


def _reserve(
    connection: Connection, dataset: Dataset, annotator: str, token: str, count: int, expires_at: float
) -> PacketRow:
    with write(connection):
        session = Session(token, annotators.annotator_id(connection, annotator), annotator)
        rows.insert_session(connection, rows.SessionRow(token, PACKET_HOST, 0, now()), session.annotator_id)
        if disclosures.has_seen(connection, session.annotator_id, dataset.id):
            raise InputError(
                f"{annotator} has looked at the answers on {dataset.name} and isn't asked about it any more."
            )
        plan = _plan(connection, dataset, session, count, expires_at)
        if not plan:
            why = barred(connection, dataset, session.annotator_id)
            raise InputError(why or f"There is nothing in {dataset.name} for {annotator} to label now.")
        packets.insert_packet(connection, dataset.id, session.annotator_id, token, expires_at, plan)
        packet = packets.find_packet(connection, token)
    assert packet is not None
    return packet


def _plan(
    connection: Connection, dataset: Dataset, session: Session, count: int, expires_at: float
) -> list[Planned]:  # fmt: skip
    """Reserves what this validator would be served next, in that order."""
    settings = settings_of(connection, dataset.id)
    done = rows.progress(connection, dataset.id, session.annotator_id)
    left = left_to_ask(settings, done, rows.reservations_of(connection, session.annotator_id, dataset.id))
    plan: list[Planned] = []
    while len(plan) < count and (left is None or sum(each.occasion == "first" for each in plan) < left):
        answered = done.answered + done.skipped + done.mixed_in + len(plan)
        kind = mixing.kind_of_next(dataset, settings, session.annotator_id, answered)
        following = None
        if kind == "repeat":
            following = _repeat(dataset, session.annotator_id, answered, plan)
        elif kind == "gold":
            gold = mixing.next_gold(connection, settings, session.annotator_id)
            following = None if gold is None else Planned(gold, "gold")
        following = following or _edited(connection, dataset, session) or _first(connection, dataset, session)
        if following is None:
            break
        if following.occasion != "repeat":  # the example that it repeats is reserved already
            held = rows.Reservation(following.example_id, session.annotator_id, session.id, following.occasion)
            rows.reserve(connection, held, dataset.id, expires_at)
        if following.occasion == "re-review":
            re_review.refresh(connection, dataset.id, following.example_id)
        plan.append(following)
    return plan


def _edited(connection: Connection, dataset: Dataset, session: Session) -> Planned | None:
    """Returns an edited example that this validator can be asked about again, if there is one."""
    example_id = re_reviews.next_re_review(connection, dataset.id, session.annotator_id)
    if example_id is None:
        return None
    return Planned(example_id, "re-review", re_reviews.ruling_asked(connection, example_id))


def _first(connection: Connection, dataset: Dataset, session: Session) -> Planned | None:
    example_id = advance(connection, dataset, session.annotator_id)
    return None if example_id is None else Planned(example_id, "first")


def _repeat(dataset: Dataset, annotator_id: int, answered: int, plan: list[Planned]) -> Planned | None:
    """Returns a repeat of an example of the packet itself that is far enough back, if there is one."""
    far = [each for each in plan if each.occasion != "gold"][: -mixing.APART]
    repeated = {each.example_id for each in plan if each.occasion == "repeat"}
    among = [each for each in far if each.occasion == "first" and each.example_id not in repeated]
    chosen = mixing.choose(dataset, annotator_id, answered, [each.example_id for each in among])
    return None if chosen is None else Planned(chosen, "repeat")


@contextmanager
def _written_beside(target: Path, token: str) -> Iterator[Path]:
    """Yields a file to write, in a folder of its own beside its place, which goes in the end."""
    _refuse_existing(target)
    folder = target.with_name(f".{target.name[:40]}.{token}.part")
    try:
        folder.mkdir(0o700)
    except OSError as error:
        raise InputError(f"The packet can't be written to {target} ({error.strerror}); name another file.") from error
    try:
        yield folder / "packet.db"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _publish(working: Path, target: Path) -> None:
    """Gives the packet its name; it is whole by then, and never takes another file's place."""
    _refuse_existing(target)
    try:
        working.rename(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise InputError(f"The packet can't be written to {target} ({error.strerror}); name another file.") from error


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise InputError(f"{target} exists already; name another file with --to.")
