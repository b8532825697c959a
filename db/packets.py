"""Packets that a workspace gave out: to whom, and what each of the numbers in the file is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.annotations import COLUMNS
from db.assignment import Reservation
from db.clock import now, now_text
from db.records import Annotation, Occasion
from db.settings import put_setting
from db.store.connection import Connection
from db.store.rows import find_record, insert, insert_all, records

MARKS = "/copies"
"""How the name of the session ends whose answers are no person's: skips that say that copies of a packet differ."""


@dataclass(frozen=True)
class PacketRow:
    """A packet that was given out.

    Attributes:
        id: Its number in the workspace; `token` is its name in the file, and of the session that its examples are
            reserved for and its answers come from.
        examples: How many examples are in it; `answered` of them have an answer here, and for `differing` of them
            copies of the packet say different things, so that none counts.
        expires_at: Until when its examples are reserved, in seconds since 1970.
        ended_at: When what was not answered was given back, or None.
        unfinished: Whether a merge of a file was cut off and that file not merged to its end since.
    """

    id: int
    token: str
    dataset_id: int
    dataset: str
    annotator_id: int
    annotator: str
    examples: int
    answered: int
    differing: int
    made_at: str
    expires_at: float
    ended_at: str | None
    unfinished: bool


@dataclass(frozen=True)
class Planned:
    """An example as a packet holds it: what it is, on what occasion, and by which ruling it was edited, if it was."""

    example_id: int
    occasion: Occasion
    ruling_id: int | None = None


@dataclass(frozen=True)
class StoredAnswer(Annotation):
    """An answer that is here already, with the host of its session: a window's, or that of the copies of a packet."""

    host: str = ""

    @property
    def is_mark(self) -> bool:
        """Whether it is no person's, but says that copies of a packet differ."""
        return self.session_id.endswith(MARKS)


_UNFINISHED = "unfinished merge "
"""How the names of settings begin that say which files are merged in part."""

_PACKETS = f"""
    SELECT p.id, p.token, p.dataset_id, d.name AS dataset, p.annotator_id, n.name AS annotator,
        (SELECT count(*) FROM packet_examples AS e WHERE e.packet_id = p.id) AS examples,
        (SELECT count(*) FROM packet_examples AS e WHERE e.packet_id = p.id AND EXISTS
            (SELECT 1 FROM annotations AS a WHERE a.example_id = e.example_id AND a.annotator_id = p.annotator_id
                AND a.session_id = p.token
                AND a.occasion IN (e.occasion, 're-review', iif(e.occasion = 'first', 'extra', '')))) AS answered,
        (SELECT count(*) FROM packet_examples AS e WHERE e.packet_id = p.id AND EXISTS
            (SELECT 1 FROM current_annotations AS a WHERE a.example_id = e.example_id
                AND a.annotator_id = p.annotator_id AND a.session_id LIKE '%{MARKS}' AND a.ruling_id IS e.ruling_id
                AND a.occasion IN (e.occasion, iif(e.occasion = 'first', 'extra', '')))) AS differing,
        p.made_at, p.expires_at, p.ended_at,
        EXISTS (SELECT 1 FROM settings WHERE substr(name, 1, {len(_UNFINISHED)} + length(p.token) + 1)
            = '{_UNFINISHED}' || p.token || ' ') AS unfinished
    FROM packets AS p JOIN datasets AS d ON d.id = p.dataset_id JOIN annotators AS n ON n.id = p.annotator_id"""


def insert_packet(
    connection: Connection, dataset_id: int, annotator_id: int, token: str, expires_at: float, plan: Sequence[Planned]
) -> None:
    """Stores what a packet holds; its session is there already."""
    packet = {"token": token, "dataset_id": dataset_id, "annotator_id": annotator_id, "expires_at": expires_at}
    packet_id = insert(connection, "packets", {**packet, "made_at": now_text()})
    numbered = [{**vars(each), "packet_id": packet_id, "number": number} for number, each in enumerate(plan, start=1)]
    insert_all(connection, "packet_examples", numbered)


def all_packets(connection: Connection) -> list[PacketRow]:
    """Returns every packet, oldest first."""
    return records(connection.execute(f"{_PACKETS} ORDER BY p.id"), PacketRow)


def find_packet(connection: Connection, token: str) -> PacketRow | None:
    """Returns the packet of that name."""
    return find_record(connection.execute(f"{_PACKETS} WHERE p.token = ?", (token,)), PacketRow)


def planned(connection: Connection, packet_id: int) -> dict[int, Planned]:
    """Returns what a packet's examples are, by their numbers in it."""
    found = connection.execute(
        "SELECT example_id, occasion, ruling_id FROM packet_examples WHERE packet_id = ? ORDER BY number", (packet_id,)
    )
    return dict(enumerate(records(found, Planned), start=1))


def reserved_for(connection: Connection, packet: PacketRow) -> list[Reservation]:
    """Returns what is still reserved for a packet."""
    held = connection.execute(
        "SELECT example_id, annotator_id, session_id, occasion FROM reservations"
        " WHERE annotator_id = ? AND dataset_id = ? AND session_id = ?",
        (packet.annotator_id, packet.dataset_id, packet.token),
    )
    return records(held, Reservation)


def end(connection: Connection, packet_id: int) -> None:
    """Notes that what a packet has not answered was given back."""
    connection.execute("UPDATE packets SET ended_at = ? WHERE id = ?", (now_text(), packet_id))


def stored_answers(connection: Connection, example_id: int, annotator_id: int) -> list[StoredAnswer]:
    """Returns every revision of every answer of an annotator on an example, in the order in which they were stored."""
    rows = connection.execute(
        f"SELECT {COLUMNS}, s.host FROM annotations AS a JOIN sessions AS s ON s.id = a.session_id"
        " WHERE a.example_id = ? AND a.annotator_id = ? ORDER BY a.id",
        (example_id, annotator_id),
    )
    return records(rows, StoredAnswer)


def note_unfinished(connection: Connection, token: str, last: str, *, unfinished: bool) -> None:
    """Notes that a merge of a file has stored a part of it, or all; a file is told by its last answer's submission."""
    put_setting(connection, f"{_UNFINISHED}{token} {last}", now_text() if unfinished else None)


def unfinished(connection: Connection, token: str) -> set[str]:
    """Returns the last submissions of a packet's files that are merged in part."""
    begin = f"{_UNFINISHED}{token} "
    rows = connection.execute("SELECT name FROM settings WHERE substr(name, 1, ?) = ?", (len(begin), begin))
    return {name.removeprefix(begin) for (name,) in rows}


def add_session(connection: Connection, session_id: str, annotator_id: int, host: str) -> None:
    """Stores a session that the answers of a copy come from, unless it is there."""
    connection.execute(
        "INSERT OR IGNORE INTO sessions (id, annotator_id, host, pid, seen_at) VALUES (?, ?, ?, 0, ?)",
        (session_id, annotator_id, host, now()),
    )


def row_of(connection: Connection, example_id: int) -> tuple[str, int]:
    """Returns the name of an example's dataset and its row there, from 0; also of one that was removed."""
    found: tuple[str, int] = connection.execute(
        "SELECT d.name, e.ordinal FROM examples AS e JOIN datasets AS d ON d.id = e.dataset_id WHERE e.id = ?",
        (example_id,),
    ).fetchone()
    return found
