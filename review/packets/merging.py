"""Merging packets: every answer in a file is stored once, with its revisions in their order."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from db import packets
from db.errors import EvalwrightError, InputError, WorkspaceError
from db.packet_file import PacketFacts, damaged, read_packet
from db.packets import PacketRow, Planned
from db.records import ShownAnswer
from db.store.connection import Connection, snapshot, write
from db.store.workspace import workspace_id
from review.packets.conflicts import Conflict
from review.packets.storing import Merge

HELD = 0.02
"""Seconds after which a transaction stores nothing more, so that nobody waits long to write."""

BREATH = 0.02
"""Seconds between two transactions: whoever waits looks again within them."""


@dataclass(frozen=True)
class _Step:
    """An answer to store, and the one that stands before it on its example; `is_last` is the last one there."""

    answer: ShownAnswer
    planned: Planned
    after: str | None
    is_last: bool


@dataclass(frozen=True)
class Merged:
    """What became of a packet's answers.

    Attributes:
        examples: How many examples the packet holds.
        answered: How many of them are answered, merged now or before.
        new: Answers that were stored now, changed ones among them; `known` were stored before.
        extra: How many of the new ones don't count; each is on an example that is among the conflicts.
        same: How many of the new ones come from another copy of the packet and say what is known.
    """

    file: Path
    dataset: str
    annotator: str
    examples: int
    answered: int
    new: int
    known: int
    extra: int
    same: int
    conflicts: tuple[Conflict, ...]


def merge_packet(connection: Connection, path: Path) -> Merged:
    """Stores what a packet has answered; the packet itself stays as it is.

    The whole of it is checked before anything is written, so that what is refused leaves nothing. Then it is written in
    short transactions, example by example, between which others write. A merge that is cut off has stored the first of
    them, stands as unfinished in the list of packets, and is completed by merging again.

    A packet may be merged again and again: what is known is passed over, what is new is added, and a changed answer is
    a new revision of the one before. Where copies of it differ none counts, in whatever order they are merged.

    Raises:
        WorkspaceError: if the file is no packet, damaged, or newer than this evalwright, or can't be written to its
            end.
        InputError: if it is a packet of another workspace.
    """
    read = read_packet(path)
    packet, answers = _known_packet(connection, path, read.facts), read.answers
    plan = packets.planned(connection, packet.id)
    merge = Merge(connection, packet)
    _check(connection, path, merge, plan, answers)
    _write(connection, path, merge, plan, answers)
    merged = packets.find_packet(connection, packet.token)
    assert merged is not None
    return Merged(
        file=path,
        dataset=packet.dataset,
        annotator=packet.annotator,
        examples=packet.examples,
        answered=merged.answered,
        new=merge.new,
        known=len(answers) - merge.new,
        extra=merge.extra,
        same=merge.same,
        conflicts=tuple(merge.conflicts),
    )


def _check(
    connection: Connection, path: Path, merge: Merge, plan: Mapping[int, Planned], answers: Sequence[ShownAnswer]
) -> None:
    """Refuses a packet of which anything can't be stored; nothing is locked meanwhile.

    Raises:
        WorkspaceError: if that is so.
    """
    if any(answer.example.id not in plan for answer in answers):
        raise WorkspaceError(damaged(path, "it holds an example that it was not made with"))
    with snapshot(connection):
        try:
            for said in _by_example(answers):
                merge.check(said, plan[said[0].example.id])
        except InputError as error:
            raise WorkspaceError(damaged(path, str(error).rstrip("."))) from error


def _write(
    connection: Connection, path: Path, merge: Merge, plan: Mapping[int, Planned], answers: Sequence[ShownAnswer]
) -> None:
    """Stores the answers, example by example, in transactions that hold nobody up."""
    steps = _steps(plan, answers)
    done = 0
    while done < len(steps):
        if done:
            time.sleep(BREATH)
        try:
            with write(connection):
                following = _some(merge, steps, done)
                merge.note(answers, unfinished=following < len(steps))
        except EvalwrightError as error:
            if not done:
                raise
            raise WorkspaceError(f"The packet {path} is merged in part; merge it again ({error})") from error
        done = following


def _some(merge: Merge, steps: Sequence[_Step], done: int) -> int:
    """Stores some answers, as many as one transaction may; returns how many are done then."""
    began = time.monotonic()
    for number, step in enumerate(steps[done:], start=done):
        if number > done and time.monotonic() - began > HELD:
            return number
        merge.store(step.answer, step.planned, step.after)
        if step.is_last:
            merge.settle(step.planned)
    return len(steps)


def _steps(plan: Mapping[int, Planned], answers: Sequence[ShownAnswer]) -> list[_Step]:
    """Returns what is to be done, example by example."""
    found = []
    for said in _by_example(answers):
        after = None
        for answer in said:
            found.append(_Step(answer, plan[answer.example.id], after, answer is said[-1]))
            after = answer.said.submission
    return found


def _by_example(answers: Sequence[ShownAnswer]) -> list[list[ShownAnswer]]:
    """Returns the answers on each example in their order, the examples in that of their first answers."""
    found: dict[int, list[ShownAnswer]] = {}
    for answer in answers:
        found.setdefault(answer.example.id, []).append(answer)
    return list(found.values())


def _known_packet(connection: Connection, path: Path, facts: PacketFacts) -> PacketRow:
    if facts.workspace_id != workspace_id(connection):
        raise InputError(f"The packet {path} comes from another workspace; merge it there, see --workspace.")
    packet = packets.find_packet(connection, facts.token)
    if packet is None:
        raise InputError(
            f"The packet {path} isn't known here: this workspace is perhaps an older copy of the one that made it."
        )
    return packet
