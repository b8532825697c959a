"""Who is asked next: sessions, reservations, cursors, and the log of places that opened again.

The next example for an annotator is found in two steps, each one index look-up whatever the dataset's size. Everything
up to an annotator's cursor has been answered by them or had no free place when they passed; a place that opens behind
a cursor (a dispute, an expired reservation, an example added late) is written to `reopenings`, through which each
annotator goes by a cursor of their own. An example stands there once at most, and no longer when it is settled, so that
a new annotator doesn't go through years of disputes.

The indexes are named in the queries: what ANALYZE learns from a workspace with one dataset must not mislead it later.
"""

from __future__ import annotations

from dataclasses import dataclass

from db.records import Occasion, Progress
from db.store.connection import Connection
from db.store.rows import find_record, get_record, insert, one_value, records

NEXT_REOPENED = """
    SELECT r.id, r.example_id FROM reopenings AS r INDEXED BY reopenings_of_dataset
    JOIN review_status AS s ON s.example_id = r.example_id
    WHERE r.dataset_id = :dataset AND r.id > :after AND s.places > 0
        AND NOT EXISTS (SELECT 1 FROM annotations AS a
            WHERE a.example_id = r.example_id AND a.annotator_id = :annotator)
        AND NOT EXISTS (SELECT 1 FROM reservations AS v
            WHERE v.example_id = r.example_id AND v.annotator_id = :annotator)
        AND NOT EXISTS (SELECT 1 FROM disclosures AS d
            WHERE d.annotator_id = :annotator AND d.dataset_id = :dataset AND d.example_id = r.example_id)
    ORDER BY r.id LIMIT 1"""

NEXT_FRONTIER = """
    SELECT s.position, s.example_id FROM review_status AS s INDEXED BY review_frontier
    WHERE s.dataset_id = :dataset AND s.position > :after AND s.places > 0
        AND NOT EXISTS (SELECT 1 FROM annotations AS a
            WHERE a.example_id = s.example_id AND a.annotator_id = :annotator)
        AND NOT EXISTS (SELECT 1 FROM reservations AS v
            WHERE v.example_id = s.example_id AND v.annotator_id = :annotator)
        AND NOT EXISTS (SELECT 1 FROM disclosures AS d
            WHERE d.annotator_id = :annotator AND d.dataset_id = :dataset AND d.example_id = s.example_id)
    ORDER BY s.position LIMIT 1"""

LAST_REOPENING = """
    SELECT id FROM reopenings INDEXED BY reopenings_of_dataset WHERE dataset_id = ? ORDER BY id DESC LIMIT 1"""

_RESERVATION = "example_id, annotator_id, session_id, occasion"


@dataclass(frozen=True)
class Status:
    """What serving knows of an example: its place in the order, free places, counted answers, whether it is settled."""

    dataset_id: int
    position: int
    places: int
    answers: int
    settled: bool


@dataclass(frozen=True)
class Cursor:
    """How far an annotator has gone: in the review order and in the log of reopenings."""

    position: int
    reopening_id: int


@dataclass(frozen=True)
class Reservation:
    """An example held for an annotator's session; only on the occasion `first` does it take a place."""

    example_id: int
    annotator_id: int
    session_id: str
    occasion: Occasion


@dataclass(frozen=True)
class SessionRow:
    """A window of a validator: the process that holds it, and when it last showed life (seconds since 1970).

    Attributes:
        process: What tells the process from another one that gets the same id later; empty where nothing does.
    """

    id: str
    host: str
    pid: int
    seen_at: float
    process: str = ""


def status(connection: Connection, example_id: int) -> Status | None:
    """Returns an example's status; a removed one has none."""
    found = connection.execute(
        "SELECT dataset_id, position, places, answers, settled FROM review_status WHERE example_id = ?", (example_id,)
    )
    return find_record(found, Status)


def set_status(connection: Connection, example_id: int, *, places: int, answers: int, settled: bool) -> None:
    """Stores an example's status."""
    connection.execute(
        "UPDATE review_status SET places = ?, answers = ?, settled = ? WHERE example_id = ?",
        (places, answers, settled, example_id),
    )


def note_reopened(connection: Connection, dataset_id: int, example_id: int) -> None:
    """Writes to the end of the log that an example has a free place again."""
    forget_reopened(connection, example_id)
    connection.execute("INSERT INTO reopenings (dataset_id, example_id) VALUES (?, ?)", (dataset_id, example_id))


def forget_reopened(connection: Connection, example_id: int) -> None:
    """Takes an example out of the log, if it is there."""
    connection.execute("DELETE FROM reopenings WHERE example_id = ?", (example_id,))


def next_reopened(connection: Connection, dataset_id: int, annotator_id: int, after: int) -> tuple[int, int] | None:
    """Returns the next reopening that this annotator can take: its id and the example's."""
    found: tuple[int, int] | None = connection.execute(
        NEXT_REOPENED, {"dataset": dataset_id, "annotator": annotator_id, "after": after}
    ).fetchone()
    return found


def next_frontier(connection: Connection, dataset_id: int, annotator_id: int, after: int) -> tuple[int, int] | None:
    """Returns the next example ahead in the review order that this annotator can take: its position and its id."""
    found: tuple[int, int] | None = connection.execute(
        NEXT_FRONTIER, {"dataset": dataset_id, "annotator": annotator_id, "after": after}
    ).fetchone()
    return found


def last_reopening(connection: Connection, dataset_id: int) -> int:
    """Returns the id of a dataset's last reopening, 0 if there is none."""
    return int(one_value(connection.execute(LAST_REOPENING, (dataset_id,))) or 0)


def cursor(connection: Connection, dataset_id: int, annotator_id: int) -> Cursor:
    """Returns an annotator's cursor, made at the beginning of the order if there is none."""
    connection.execute(
        "INSERT OR IGNORE INTO cursors (dataset_id, annotator_id) VALUES (?, ?)", (dataset_id, annotator_id)
    )
    found = connection.execute(
        "SELECT position, reopening_id FROM cursors WHERE dataset_id = ? AND annotator_id = ?",
        (dataset_id, annotator_id),
    )
    return get_record(found, Cursor)


def move_cursor(connection: Connection, dataset_id: int, annotator_id: int, cursor: Cursor) -> None:
    """Stores how far an annotator has gone."""
    connection.execute(
        "UPDATE cursors SET position = ?, reopening_id = ? WHERE dataset_id = ? AND annotator_id = ?",
        (cursor.position, cursor.reopening_id, dataset_id, annotator_id),
    )


def count_answer(connection: Connection, dataset_id: int, annotator_id: int, *, answered: int, skipped: int) -> None:
    """Adds to an annotator's progress."""
    connection.execute(
        "INSERT INTO cursors (dataset_id, annotator_id, answered, skipped) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET answered = answered + excluded.answered, skipped = skipped + excluded.skipped",
        (dataset_id, annotator_id, answered, skipped),
    )


def progress(connection: Connection, dataset_id: int, annotator_id: int) -> Progress:
    """Returns what an annotator has done in a dataset."""
    found = connection.execute(
        "SELECT answered, skipped, mixed_in FROM cursors WHERE dataset_id = ? AND annotator_id = ?",
        (dataset_id, annotator_id),
    )
    return find_record(found, Progress) or Progress(0, 0)


def count_mixed_in(connection: Connection, dataset_id: int, annotator_id: int) -> None:
    """Adds an answer on a gold example or a repeat to an annotator's progress."""
    connection.execute(
        "INSERT INTO cursors (dataset_id, annotator_id, mixed_in) VALUES (?, ?, 1)"
        " ON CONFLICT DO UPDATE SET mixed_in = mixed_in + 1",
        (dataset_id, annotator_id),
    )


def was_passed(connection: Connection, dataset_id: int, position: int) -> bool:
    """Whether any annotator has gone as far as a place in the review order."""
    row = connection.execute(
        "SELECT 1 FROM cursors WHERE dataset_id = ? AND position >= ? LIMIT 1", (dataset_id, position)
    ).fetchone()
    return row is not None


def reserve(connection: Connection, held: Reservation, dataset_id: int, expires_at: float) -> None:
    """Holds an example for an annotator's session; takes one of its places unless it is gold or a repeat.

    Args:
        connection: The workspace.
        held: What is held for whom.
        dataset_id: In whose review; of a gold example not its own dataset.
        expires_at: Seconds since 1970.
    """
    insert(connection, "reservations", {**vars(held), "dataset_id": dataset_id, "expires_at": expires_at})
    if held.occasion == "first":
        connection.execute("UPDATE review_status SET places = places - 1 WHERE example_id = ?", (held.example_id,))


def reservation(connection: Connection, example_id: int, annotator_id: int) -> Reservation | None:
    """Returns an annotator's reservation of an example."""
    found = connection.execute(
        f"SELECT {_RESERVATION} FROM reservations WHERE example_id = ? AND annotator_id = ?",
        (example_id, annotator_id),
    )
    return find_record(found, Reservation)


def reservations_of(connection: Connection, annotator_id: int, dataset_id: int) -> list[Reservation]:
    """Returns what is held for an annotator in a dataset."""
    rows = connection.execute(
        f"SELECT {_RESERVATION} FROM reservations WHERE annotator_id = ? AND dataset_id = ?",
        (annotator_id, dataset_id),
    )
    return records(rows, Reservation)


def reservations_of_session(connection: Connection, annotator_id: int, session_id: str) -> list[Reservation]:
    """Returns what a session holds, in any dataset."""
    rows = connection.execute(
        f"SELECT {_RESERVATION} FROM reservations WHERE annotator_id = ? AND session_id = ?",
        (annotator_id, session_id),
    )
    return records(rows, Reservation)


def count_reservations(connection: Connection, example_id: int) -> int:
    """Returns how many annotators hold a place of an example."""
    held = connection.execute(
        "SELECT count(*) FROM reservations WHERE example_id = ? AND occasion = 'first'", (example_id,)
    )
    return int(one_value(held))


def expired_reservations(connection: Connection, now: float, limit: int) -> list[Reservation]:
    """Returns reservations whose time is over."""
    rows = connection.execute(
        f"SELECT {_RESERVATION} FROM reservations WHERE expires_at < ? ORDER BY expires_at LIMIT ?",
        (now, limit),
    )
    return records(rows, Reservation)


def hand_over(connection: Connection, held: Reservation, session_id: str, expires_at: float) -> None:
    """Gives a reservation to another session of the same annotator, or renews it for its own."""
    connection.execute(
        "UPDATE reservations SET session_id = ?, expires_at = ? WHERE example_id = ? AND annotator_id = ?",
        (session_id, expires_at, held.example_id, held.annotator_id),
    )


def drop_reservation(
    connection: Connection, example_id: int, annotator_id: int, occasion: Occasion = "first"
) -> None:  # fmt: skip
    """Forgets a reservation; the caller stores the example's new status."""
    connection.execute(
        "DELETE FROM reservations WHERE example_id = ? AND annotator_id = ? AND occasion = ?",
        (example_id, annotator_id, occasion),
    )


def insert_session(connection: Connection, session: SessionRow, annotator_id: int) -> None:
    """Stores a session."""
    insert(connection, "sessions", {**vars(session), "annotator_id": annotator_id})


def session(connection: Connection, session_id: str) -> SessionRow:
    """Returns a session."""
    found = connection.execute("SELECT id, host, pid, seen_at, process FROM sessions WHERE id = ?", (session_id,))
    return get_record(found, SessionRow)


def touch_session(connection: Connection, session_id: str, now: float) -> None:
    """Notes that a session shows life."""
    connection.execute("UPDATE sessions SET seen_at = ? WHERE id = ?", (now, session_id))
