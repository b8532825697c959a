"""Examples: stored in the order they came, served in the order of a hash."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

from db.connection import Connection
from db.records import BlindExample, Choice, Example, ExampleTexts, NewExample, Occasion
from db.removals import NOT_REMOVED

_NEWEST_EDIT = "SELECT id, body FROM rulings WHERE example_id = ? AND verdict = 'edit' ORDER BY id DESC LIMIT 1"

# As `json.dumps(..., ensure_ascii=False)` writes them, which makes an encoder anew for every example.
_encode = json.JSONEncoder(ensure_ascii=False).encode
_quote = json.encoder.encode_basestring

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
        examples: At most `db.connection.BACKGROUND_ROWS` of them, so that no validator waits.
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
        examples: At most `db.connection.BACKGROUND_ROWS` of them.
        candidate_ids: The candidate that each was, or None; as many as there are examples, or more.

    Returns:
        Their ids, in order.
    """
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM examples").fetchone()
    (ordinal,) = connection.execute(
        "SELECT coalesce(max(ordinal) + 1, 0) FROM examples WHERE dataset_id = ?", (dataset_id,)
    ).fetchone()
    ids = list(range(last + 1, last + 1 + len(examples)))
    connection.executemany(
        "INSERT INTO examples (id, dataset_id, ordinal, question, body, choices, intended, label_confidence, extra,"
        " candidate_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                example_id,
                dataset_id,
                ordinal + offset,
                example.question,
                example.body,
                _choices_to_json(example.choices),
                example.intended,
                example.label_confidence,
                _encode(example.extra) if example.extra else "{}",
                candidate_id,
            )
            for offset, (example_id, example, candidate_id) in enumerate(
                zip(ids, examples, candidate_ids, strict=False)
            )
        ],
    )
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
    row = connection.execute(
        "SELECT id, dataset_id, body, choices FROM examples WHERE id = ?", (example_id,)
    ).fetchone()
    edit = connection.execute(_NEWEST_EDIT, (example_id,)).fetchone() if occasion == "re-review" else None
    ruling_id, body = edit or (None, row[2])
    return BlindExample(row[0], row[1], body, _choices_from_json(row[3]), occasion, ruling_id)


def find_with_body(connection: Connection, dataset_id: int, body: str, example_id: int) -> int | None:
    """Returns the example of that id if it says this, or else the dataset's first one that does."""
    row = connection.execute("SELECT id FROM examples WHERE id = ? AND body = ?", (example_id, body)).fetchone()
    row = (
        row
        or connection.execute(
            "SELECT min(id) FROM examples WHERE dataset_id = ? AND body = ?", (dataset_id, body)
        ).fetchone()
    )
    return None if row[0] is None else int(row[0])


def find_example(connection: Connection, dataset_id: int, example_id: int) -> Example | None:
    """Returns an example of a dataset, or None if the dataset has none of that id."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM examples WHERE id = ? AND dataset_id = ?", (example_id, dataset_id)
    ).fetchone()
    return _example(row) if row else None


def get_example(connection: Connection, example_id: int) -> Example | None:
    """Returns an example with everything that is known of it; None if there is none, or it was removed."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM examples WHERE id = ? AND {NOT_REMOVED.format(example='examples.id')}", (example_id,)
    ).fetchone()
    return _example(row) if row else None


def find_by_ordinal(connection: Connection, dataset_id: int, ordinal: int) -> Example | None:
    """Returns the example at a row of a dataset, counted from 0; None if there is none, or it was removed."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM examples WHERE dataset_id = ? AND ordinal = ?"
        f" AND {NOT_REMOVED.format(example='examples.id')}",
        (dataset_id, ordinal),
    ).fetchone()
    return _example(row) if row else None


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
    for row in rows:
        yield _example(row)


def _example(row: tuple[Any, ...]) -> Example:
    values: tuple[Any, ...] = (*row[:5], _choices_from_json(row[5]), row[6], row[7], json.loads(row[8]))
    return Example(*values)


def _choices_to_json(choices: Sequence[Choice]) -> str:
    return f"[{', '.join([f'[{_quote(choice.answer)}, {_quote(choice.text)}]' for choice in choices])}]"


def _choices_from_json(text: str) -> tuple[Choice, ...]:
    pairs: list[list[Any]] = json.loads(text)
    return tuple(Choice(answer, words) for answer, words in pairs)
