"""Merging packets: every answer in a file is stored once, in one transaction, with its revisions in their order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from db import packets
from db.connection import Connection, write
from db.errors import InputError, WorkspaceError
from db.packet_file import PacketFacts, damaged, read_packet
from db.packets import PacketRow
from db.workspace import workspace_id
from review.packets.conflicts import Conflict
from review.packets.storing import Merge


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
    """Stores what a packet has answered, all of it or nothing; the packet itself stays as it is.

    A packet may be merged again and again: what is known is passed over, what is new is added, and a changed answer is
    a new revision of the one before. Where copies of it differ none counts, in whatever order they are merged.

    Raises:
        WorkspaceError: if the file is no packet, damaged, or newer than this evalwright.
        InputError: if it is a packet of another workspace.
    """
    read = read_packet(path)
    packet, answers = _known_packet(connection, path, read.facts), read.answers
    plan = packets.planned(connection, packet.id)
    if any(answer.shown.id not in plan for answer in answers):
        raise WorkspaceError(damaged(path, "it holds an example that it was not made with"))
    with write(connection):
        merge = Merge(connection, packet)
        last: dict[int, str] = {}
        try:
            for answer in answers:
                merge.store(answer, plan[answer.shown.id], last.get(answer.shown.id))
                last[answer.shown.id] = answer.answers.submission
            for number in sorted(last):
                merge.settle(plan[number])
        except InputError as error:
            raise WorkspaceError(damaged(path, str(error).rstrip("."))) from error
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


def _known_packet(connection: Connection, path: Path, facts: PacketFacts) -> PacketRow:
    if facts.workspace_id != workspace_id(connection):
        raise InputError(f"The packet {path} comes from another workspace; merge it there, see --workspace.")
    packet = packets.find_packet(connection, facts.token)
    if packet is None:
        raise InputError(
            f"The packet {path} isn't known here: this workspace is perhaps an older copy of the one that made it."
        )
    return packet
