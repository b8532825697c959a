"""Examples: stored in the order they came, served in the order of a hash."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

from db.records import BlindExample, Example, ExampleTexts, NewExample, Occasion
from db.removals import NOT_REMOVED
from db.store.connection import Connection
from db.store.json_columns import choices_to_json, table_to_json
from db.store.rows import each_record, find_record, get_record, insert_all, one_value

BLIND = """
    SELECT e.id, e.dataset_id, coalesce(r.body, e.body) AS body, e.choices, :occasion AS occasion, r.id AS ruling_id
    FROM examples AS e LEFT JOIN rulings AS r ON r.id = (SELECT max(edit.id) FROM rulings AS edit
        WHERE :occasion = 're-review' AND edit.example_id = e.id AND edit.verdict = 'edit')
    WHERE e.id = :example"""

_COLUMNS = "id, dataset_id, ordinal, question, body, choices, intended, label_confidence, extra"


def review_position(seed: int, example_id: int) -> int:
    """Returns an example's place in the random review order, in [0, 2**63).

    By hash(seed, example id), so that what has been reviewed is at all times a simple random sample of the dataset,
    also while examples are still being added.
    """
    digest = blake2b(f"{seed}:{example_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def insert_examples(
    connection: Connection, dataset_id: int, seed: int, examples: Sequence[NewExample], *, places: int
) -> list[int]:
    """Stores examples with their places in the review order; within a write transaction.

    Examples that come to lie behind an annotator who has gone on are noted as reopened, in the review order, so that
    they are served in it.

    Args:
        connection: In a write transaction.
        dataset_id: Whose they are.
        seed: What the dataset's order is drawn from.
        examples: At most `db.store.connection.BACKGROUND_ROWS` of them, so that no validator waits.
        places: How many annotators each is asked of at first.

    Returns:
        Their ids, in order.
    """
    ids = insert_unplaced(connection, dataset_id, examples, [example.candidate_id for example in examples])
    positions = [(review_position(seed, example_id), example_id) for example_id in ids]
    place_examples(connection, dataset_id, positions, places=places)
    return ids


def insert_unplaced(
    connection: Connection, dataset_id: int, examples: Sequence[ExampleTexts], candidate_ids: Iterable[int | None]
) -> list[int]:
    """Stores examples that nobody is served yet; within a write transaction.

    Args:
        connection: In a write transaction.
        dataset_id: Whose they are.
        examples: At most `db.store.connection.BACKGROUND_ROWS` of them.
        candidate_ids: The candidate that each was, or None; as many as there are examples, or more.

    Returns:
        Their ids, in order.
    """
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM examples").fetchone()
    (ordinal,) = connection.execute(
        "SELECT coalesce(max(ordinal) + 1, 0) FROM examples WHERE dataset_id = ?", (dataset_id,)
    ).fetchone()
    ids = list(range(last + 1, last + 1 + len(examples)))
    rows = [
        {
            "id": example_id,
            "dataset_id": dataset_id,
            "ordinal": ordinal + offset,
            "question": example.question,
            "body": example.body,
            "choices": choices_to_json(example.choices),
            "intended": example.intended,
            "label_confidence": example.label_confidence,
            "extra": table_to_json(example.extra),
            "candidate_id": candidate_id,
        }
        for offset, (example_id, example, candidate_id) in enumerate(zip(ids, examples, candidate_ids, strict=False))
    ]
    insert_all(connection, "examples", rows)
    connection.execute(
        "UPDATE dataset_counters SET examples = examples + ? WHERE dataset_id = ?",
        (len(examples), dataset_id),
    )
    return ids


def place_examples(
    connection: Connection, dataset_id: int, positions: Sequence[tuple[int, int]], *, places: int
) -> None:
    """Gives stored examples their places in the review order; within a write transaction.

    Of many, those that lie side by side in the order are best placed together: each transaction then writes a few pages
    of the order's indexes and not nearly all.

    Args:
        connection: In a write transaction.
        dataset_id: Whose they are.
        positions: The `review_position` of each, and its id.
        places: How many annotators each is asked of at first.
    """
    connection.executemany(
        "INSERT INTO review_status (example_id, dataset_id, position, places) VALUES (?, ?, ?, ?)",
        [(example_id, dataset_id, position, places) for position, example_id in positions],
    )
    (furthest,) = connection.execute(
        "SELECT coalesce(max(position), -1) FROM cursors WHERE dataset_id = ?", (dataset_id,)
    ).fetchone()
    connection.executemany(
        "INSERT INTO reopenings (dataset_id, example_id) VALUES (?, ?)",
        [(dataset_id, example_id) for position, example_id in sorted(positions) if position <= furthest],
    )


def draw_order(connection: Connection, dataset_id: int, seed: int) -> None:
    """Gives all examples of a dataset their places in another random order; within a write transaction.

    Whoever has gone through a part of the old order begins at the start of the new one, past what they have answered.
    """
    ids = connection.execute("SELECT example_id FROM review_status WHERE dataset_id = ?", (dataset_id,)).fetchall()
    _place(connection, dataset_id, seed, ids)
    connection.execute("UPDATE datasets SET order_seed = ? WHERE id = ?", (seed, dataset_id))


def place_again(connection: Connection, dataset_id: int, seed: int, first: int) -> None:
    """Draws other places in the order for the examples of a dataset from row `first` on; within a write transaction.

    To be asked only while nobody has answered or been served anything of the dataset.
    """
    ids = connection.execute(
        "SELECT s.example_id FROM review_status AS s JOIN examples AS e ON e.id = s.example_id"
        " WHERE s.dataset_id = ? AND e.ordinal >= ?",
        (dataset_id, first),
    ).fetchall()
    _place(connection, dataset_id, seed, ids)


def _place(connection: Connection, dataset_id: int, seed: int, ids: Sequence[tuple[int]]) -> None:
    connection.executemany(
        "UPDATE review_status SET position = ? WHERE example_id = ?",
        [(review_position(seed, example_id), example_id) for (example_id,) in ids],
    )
    connection.execute("UPDATE cursors SET position = -1 WHERE dataset_id = ?", (dataset_id,))
    connection.execute("DELETE FROM reopenings WHERE dataset_id = ?", (dataset_id,))


def get_blind(connection: Connection, example_id: int, occasion: Occasion = "first") -> BlindExample:
    """Returns what a validator may see of an example, and on what occasion: on re-review its newest wording."""
    return get_record(connection.execute(BLIND, {"example": example_id, "occasion": occasion}), BlindExample)


def find_with_body(connection: Connection, dataset_id: int, body: str, example_id: int) -> int | None:
    """Returns the example of that id if it says this, or else the dataset's first one that does."""
    same: int | None = one_value(
        connection.execute("SELECT id FROM examples WHERE id = ? AND body = ?", (example_id, body))
    )
    if same is None:
        first = connection.execute("SELECT min(id) FROM examples WHERE dataset_id = ? AND body = ?", (dataset_id, body))
        same = one_value(first)
    return same


def find_example(connection: Connection, dataset_id: int, example_id: int) -> Example | None:
    """Returns an example of a dataset, or None if the dataset has none of that id."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM examples WHERE id = ? AND dataset_id = ?", (example_id, dataset_id)
    )
    return find_record(found, Example)


def get_example(connection: Connection, example_id: int) -> Example | None:
    """Returns an example with everything that is known of it; None if there is none, or it was removed."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM examples WHERE id = ? AND {NOT_REMOVED.format(example='examples.id')}", (example_id,)
    )
    return find_record(found, Example)


def find_by_ordinal(connection: Connection, dataset_id: int, ordinal: int) -> Example | None:
    """Returns the example at a row of a dataset, counted from 0; None if there is none, or it was removed."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM examples WHERE dataset_id = ? AND ordinal = ?"
        f" AND {NOT_REMOVED.format(example='examples.id')}",
        (dataset_id, ordinal),
    )
    return find_record(found, Example)


def intended_labels(connection: Connection, example_ids: Sequence[int]) -> dict[int, str | None]:
    """Returns the intended labels of examples, by id."""
    rows = connection.execute(
        "SELECT e.id, e.intended FROM json_each(?) AS wanted JOIN examples AS e ON e.id = wanted.value",
        (json.dumps(list(example_ids)),),
    )
    return dict(rows.fetchall())


def iterate_examples(connection: Connection, dataset_id: int) -> Iterator[Example]:
    """Yields a dataset's examples in the order they came, without those that a repair removed."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM examples WHERE dataset_id = ? AND {NOT_REMOVED.format(example='examples.id')}"
        " ORDER BY ordinal",
        (dataset_id,),
    )
    yield from each_record(rows, Example)
