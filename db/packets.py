"""Packets that a workspace gave out: to whom, and what each of the numbers in the file is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.assignment import Reservation
from db.clock import now_text
from db.connection import Connection
from db.records import Occasion


@dataclass(frozen=True)
class PacketRow:
    """A packet that was given out.

    Attributes:
        id: Its number in the workspace; `token` is its name in the file, and of the session that its examples are
            reserved for and its answers come from.
        examples: How many examples are in it; `answered` of them have an answer here.
        expires_at: Until when its examples are reserved, in seconds since 1970.
        ended_at: When what was not answered was given back, or None.
    """

    id: int
    token: str
    dataset_id: int
    dataset: str
    annotator_id: int
    annotator: str
    examples: int
    answered: int
    made_at: str
    expires_at: float
    ended_at: str | None


@dataclass(frozen=True)
class Planned:
    """An example as a packet holds it: what it is, on what occasion, and by which ruling it was edited, if it was."""

    example_id: int
    occasion: Occasion
    ruling_id: int | None = None


_PACKETS = """
    SELECT p.id, p.token, p.dataset_id, d.name, p.annotator_id, n.name,
        (SELECT count(*) FROM packet_examples AS e WHERE e.packet_id = p.id),
        (SELECT count(*) FROM packet_examples AS e WHERE e.packet_id = p.id AND EXISTS
            (SELECT 1 FROM annotations AS a WHERE a.example_id = e.example_id AND a.annotator_id = p.annotator_id
                AND a.session_id = p.token AND a.occasion IN (e.occasion, iif(e.occasion = 'first', 'extra', '')))),
        p.made_at, p.expires_at, p.ended_at
    FROM packets AS p JOIN datasets AS d ON d.id = p.dataset_id JOIN annotators AS n ON n.id = p.annotator_id"""


def insert_packet(
    connection: Connection, dataset_id: int, annotator_id: int, token: str, expires_at: float, plan: Sequence[Planned]
) -> None:
    """Stores what a packet holds; its session is there already."""
    packet_id = connection.execute(
        "INSERT INTO packets (token, dataset_id, annotator_id, made_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        (token, dataset_id, annotator_id, now_text(), expires_at),
    ).lastrowid
    connection.executemany(
        "INSERT INTO packet_examples (packet_id, number, example_id, occasion, ruling_id) VALUES (?, ?, ?, ?, ?)",
        [
            (packet_id, number, each.example_id, each.occasion, each.ruling_id)
            for number, each in enumerate(plan, start=1)
        ],
    )


def all_packets(connection: Connection) -> list[PacketRow]:
    """Returns every packet, oldest first."""
    return [PacketRow(*row) for row in connection.execute(f"{_PACKETS} ORDER BY p.id")]


def find_packet(connection: Connection, token: str) -> PacketRow | None:
    """Returns the packet of that name."""
    row = connection.execute(f"{_PACKETS} WHERE p.token = ?", (token,)).fetchone()
    return PacketRow(*row) if row else None


def planned(connection: Connection, packet_id: int) -> dict[int, Planned]:
    """Returns what a packet's examples are, by their numbers in it."""
    rows = connection.execute(
        "SELECT number, example_id, occasion, ruling_id FROM packet_examples WHERE packet_id = ? ORDER BY number",
        (packet_id,),
    )
    return {row[0]: Planned(*row[1:]) for row in rows}


def reserved_for(connection: Connection, packet: PacketRow) -> list[Reservation]:
    """Returns what is still reserved for a packet."""
    rows = connection.execute(
        "SELECT example_id, annotator_id, session_id, occasion FROM reservations"
        " WHERE annotator_id = ? AND dataset_id = ? AND session_id = ?",
        (packet.annotator_id, packet.dataset_id, packet.token),
    )
    return [Reservation(*row) for row in rows]


def end(connection: Connection, packet_id: int) -> None:
    """Notes that what a packet has not answered was given back."""
    connection.execute("UPDATE packets SET ended_at = ? WHERE id = ?", (now_text(), packet_id))


def occasion_of_packet(connection: Connection, token: str, example_id: int) -> Occasion | None:
    """Returns the occasion under which a packet's answer on an example of the dataset is stored, if it is."""
    row = connection.execute(
        "SELECT occasion FROM annotations WHERE session_id = ? AND example_id = ?"
        " AND occasion IN ('first', 'extra') LIMIT 1",
        (token, example_id),
    ).fetchone()
    return row[0] if row else None


def wording_of_packet(connection: Connection, token: str, example_id: int) -> tuple[int | None] | None:
    """Returns the ruling that a packet's re-review of an example is noted with, none if it doesn't count.

    Returns:
        None where nothing of it is stored.
    """
    found: tuple[int | None] | None = connection.execute(
        "SELECT ruling_id FROM annotations WHERE session_id = ? AND example_id = ? AND occasion = 're-review' LIMIT 1",
        (token, example_id),
    ).fetchone()
    return found
