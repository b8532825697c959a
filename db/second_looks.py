"""What is argued for and against an answer, to whom it was shown, and what they said when they looked a second time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from db.clock import now_text
from db.records import Occasion
from db.store.connection import Connection
from db.store.rows import find_record, get_record, insert, insert_all, one_value, records

OfferOutcome = Literal["answered", "declined"]

_ARGUMENT = "id, label, in_favour, against, written_by"

OPEN = """
    SELECT o.example_id, o.occasion, o.argument_id, o.session_id, o.outcome
    FROM second_look_offers AS o INDEXED BY second_looks_open
    JOIN review_status AS s ON s.example_id = o.example_id
    WHERE o.annotator_id = ? AND o.dataset_id = ? AND o.outcome IS NULL ORDER BY o.offered_at, o.example_id"""

LOOKED_TWICE = """
    SELECT s.example_id, s.annotator_id, f.occasion = 'gold' AS gold, s.disclosed, e.intended, f.label AS blind,
        s.label AS second
    FROM current_annotations AS s
    JOIN current_annotations AS f ON f.example_id = s.example_id AND f.annotator_id = s.annotator_id
        AND f.occasion IN ('first', 'gold') AND f.skipped = 0
    JOIN examples AS e ON e.id = s.example_id
    WHERE s.dataset_id = ? AND s.occasion = 'second look' AND e.intended IS NOT NULL
    ORDER BY s.id"""


@dataclass(frozen=True)
class NewArgument:
    """What is argued about one answer of an example; see `Argument`."""

    example_id: int
    label: str
    in_favour: str
    against: str
    written_by: str


@dataclass(frozen=True)
class Argument:
    """What is argued for and against one answer of an example.

    Attributes:
        label: The answer that it is about.
        written_by: The model, or the file that the argument came from.
    """

    id: int
    label: str
    in_favour: str
    against: str
    written_by: str


@dataclass(frozen=True)
class Offer:
    """A second look that was offered to an annotator.

    Attributes:
        occasion: Of the blind answer.
        argument_id: What was shown; None in the half that is asked to reconsider.
        session_id: On whose screen it is; None once that was left.
        outcome: None while it is open.
    """

    example_id: int
    occasion: Occasion
    argument_id: int | None
    session_id: str | None
    outcome: OfferOutcome | None = None


@dataclass(frozen=True)
class LookedTwice:
    """What an annotator said of an example, blind and when they looked again.

    Attributes:
        gold: Whether the intended label is a known answer.
        disclosed: What they were shown in between; empty where they were only asked to reconsider.
    """

    example_id: int
    annotator_id: int
    gold: bool
    disclosed: str
    intended: str
    blind: str
    second: str


def insert_arguments(connection: Connection, arguments: Iterable[NewArgument]) -> None:
    """Stores arguments, the newest of an example counts; within a write transaction."""
    when = now_text()
    insert_all(connection, "arguments", [{**vars(one), "created_at": when} for one in arguments])


def argument(connection: Connection, example_id: int) -> Argument | None:
    """Returns the newest argument about an example, or None."""
    newest = connection.execute(
        f"SELECT {_ARGUMENT} FROM arguments WHERE example_id = ? ORDER BY id DESC LIMIT 1", (example_id,)
    )
    return find_record(newest, Argument)


def get_argument(connection: Connection, argument_id: int) -> Argument:
    """Returns an argument by id."""
    return get_record(connection.execute(f"SELECT {_ARGUMENT} FROM arguments WHERE id = ?", (argument_id,)), Argument)


def insert_offer(connection: Connection, annotator_id: int, dataset_id: int, offer: Offer) -> None:
    """Notes what is offered to an annotator, in the review of which dataset; within a write transaction."""
    offered = {"annotator_id": annotator_id, "dataset_id": dataset_id, "offered_at": now_text()}
    insert(connection, "second_look_offers", {**vars(offer), **offered})


def offer_on(connection: Connection, annotator_id: int, example_id: int) -> Offer | None:
    """Returns what was offered to an annotator on an example, or None."""
    found = connection.execute(
        "SELECT example_id, occasion, argument_id, session_id, outcome FROM second_look_offers"
        " WHERE example_id = ? AND annotator_id = ?",
        (example_id, annotator_id),
    )
    return find_record(found, Offer)


def open_offers(connection: Connection, annotator_id: int, dataset_id: int) -> list[Offer]:
    """Returns what was offered to an annotator in a review and neither answered nor declined, oldest first."""
    return records(connection.execute(OPEN, (annotator_id, dataset_id)), Offer)


def take_over(connection: Connection, annotator_id: int, example_id: int, session_id: str) -> None:
    """Notes on whose screen an offer is now; within a write transaction."""
    connection.execute(
        "UPDATE second_look_offers SET session_id = ? WHERE example_id = ? AND annotator_id = ?",
        (session_id, example_id, annotator_id),
    )


def give_back(connection: Connection, annotator_id: int, session_id: str) -> None:
    """Notes that what a session was offered is on no screen any more; within a write transaction."""
    connection.execute(
        "UPDATE second_look_offers SET session_id = NULL WHERE annotator_id = ? AND session_id = ? AND outcome IS NULL",
        (annotator_id, session_id),
    )


def end_offer(connection: Connection, annotator_id: int, example_id: int, outcome: OfferOutcome) -> None:
    """Notes what became of an offer; an answer stays one. Within a write transaction."""
    connection.execute(
        "UPDATE second_look_offers SET outcome = ? WHERE example_id = ? AND annotator_id = ?"
        " AND outcome IS NOT 'answered'",
        (outcome, example_id, annotator_id),
    )


def count_declined(connection: Connection, dataset_id: int, *, argued: bool) -> int:
    """Returns how many second looks at a dataset's examples were closed unanswered, in one half."""
    declined = connection.execute(
        "SELECT count(*) FROM second_look_offers WHERE dataset_id = ? AND occasion = 'first'"
        " AND outcome = 'declined' AND (argument_id IS NOT NULL) = ?",
        (dataset_id, argued),
    )
    return int(one_value(declined))


def count_argued(connection: Connection, dataset_id: int) -> int:
    """Returns how many examples of a dataset have an argument."""
    argued = connection.execute(
        "SELECT count(DISTINCT a.example_id) FROM arguments AS a JOIN examples AS e ON e.id = a.example_id"
        " WHERE e.dataset_id = ?",
        (dataset_id,),
    )
    return int(one_value(argued))


def looked_twice(connection: Connection, dataset_id: int) -> list[LookedTwice]:
    """Returns every second look on a dataset (or a gold set) beside the blind answer, in the order of storing."""
    return records(connection.execute(LOOKED_TWICE, (dataset_id,)), LookedTwice)
