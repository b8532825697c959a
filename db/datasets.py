"""Datasets: made, counted, closed, reopened."""

from __future__ import annotations

from collections.abc import Sequence

from db.clock import now_text
from db.errors import InputError
from db.names import check_name, nearly, same_letters, storable
from db.records import Dataset, DatasetCounts, Question
from db.sequences import insert_first, insert_next
from db.store.connection import Connection
from db.store.json_columns import questions_to_json
from db.store.rows import find_record, get_record, insert, one_value, records

_COLUMNS = (
    "id, name, behavior, guidelines, kind, origin, seed, always_three, state, evidence_from, questions, order_seed"
)


IMPORTING = ".importing"
"""How the working name of a dataset begins that an import is writing."""


def insert_dataset(
    connection: Connection,
    *,
    name: str,
    behavior: str,
    guidelines: str,
    kind: str,
    origin: str,
    seed: int,
    closed: bool,
    visible: bool,
    questions: Sequence[Question] = (),
) -> int:
    """Stores a dataset and returns its id."""
    when = now_text()
    dataset_id = insert(
        connection,
        "datasets",
        {
            "name": name,
            "behavior": behavior,
            "guidelines": guidelines,
            "kind": kind,
            "origin": origin,
            "seed": seed,
            "order_seed": seed,
            "state": "closed" if closed else "open",
            "visible": visible,
            "created_at": when,
            "closed_at": when if closed else None,
            "questions": questions_to_json(questions),
        },
    )
    connection.execute("INSERT INTO dataset_counters (dataset_id) VALUES (?)", (dataset_id,))
    insert_first(connection, dataset_id)
    return dataset_id


def all_datasets(connection: Connection) -> list[Dataset]:
    """Returns every visible dataset, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM datasets WHERE visible = 1 ORDER BY id")
    return records(rows, Dataset)


def find_dataset(connection: Connection, name: str) -> Dataset | None:
    """Returns the visible dataset of that name."""
    if not storable(name):
        return None
    query = f"SELECT {_COLUMNS} FROM datasets WHERE name = ? AND visible = 1"
    found = find_record(connection.execute(query, (name,)), Dataset)
    if found is None and (other := same_letters(name, _visible_names(connection))) is not None:
        found = find_record(connection.execute(query, (other,)), Dataset)
    return found


def get_dataset(connection: Connection, dataset_id: int) -> Dataset:
    """Returns a dataset by id."""
    return get_record(connection.execute(f"SELECT {_COLUMNS} FROM datasets WHERE id = ?", (dataset_id,)), Dataset)


def asks_always_three(connection: Connection, dataset_id: int) -> bool:
    """Whether always three annotators are asked, as it is set at this moment."""
    return bool(one_value(connection.execute("SELECT always_three FROM datasets WHERE id = ?", (dataset_id,))))


def name_taken(connection: Connection, name: str) -> bool:
    """Whether a visible dataset has this name."""
    return find_dataset(connection, name) is not None


def refuse_nearly(connection: Connection, name: str) -> None:
    """Refuses a new name that can't be one, or looks nearly like another visible dataset's.

    Raises:
        InputError: if that is so.
    """
    check_name("The dataset's name", name)
    if (other := nearly(name, _visible_names(connection))) is not None:
        raise InputError(
            f"There is a dataset {other} already, whose name is nearly the same as {name}; give another one that "
            "differs more."
        )


def _visible_names(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM datasets WHERE visible = 1")]


def counts(connection: Connection, dataset_id: int) -> DatasetCounts:
    """Returns a dataset's live counters."""
    found = connection.execute(
        "SELECT examples, annotations, reviewed, settled FROM dataset_counters WHERE dataset_id = ?", (dataset_id,)
    )
    return get_record(found, DatasetCounts)


def add_to_counts(
    connection: Connection,
    dataset_id: int,
    *,
    examples: int = 0,
    annotations: int = 0,
    reviewed: int = 0,
    settled: int = 0,
) -> None:
    """Adds to a dataset's counters, in the transaction that changes what they count."""
    connection.execute(
        "UPDATE dataset_counters SET examples = examples + ?, annotations = annotations + ?, reviewed = reviewed + ?,"
        " settled = settled + ? WHERE dataset_id = ?",
        (examples, annotations, reviewed, settled, dataset_id),
    )


def show(connection: Connection, dataset_id: int, name: str) -> None:
    """Gives an imported dataset its name and makes it visible: the last step of an import."""
    connection.execute("UPDATE datasets SET visible = 1, name = ? WHERE id = ?", (name, dataset_id))


def has_unfinished_job(connection: Connection, dataset_id: int) -> bool:
    """Whether a job may still add to a dataset."""
    row = connection.execute(
        "SELECT 1 FROM jobs WHERE dataset_id = ? AND state IN ('queued', 'running', 'paused') LIMIT 1", (dataset_id,)
    ).fetchone()
    return row is not None


def hidden_datasets(connection: Connection) -> list[tuple[int, str]]:
    """Returns id and working name of the datasets that an import is writing, or was writing when it died."""
    return connection.execute("SELECT id, name FROM datasets WHERE visible = 0").fetchall()


def delete_hidden(connection: Connection, dataset_id: int, rows: int) -> bool:
    """Deletes up to `rows` examples of a hidden dataset, and the dataset with the last of them.

    Returns:
        Whether the dataset is gone, or none to be deleted: it is visible.
    """
    hidden = connection.execute("SELECT 1 FROM datasets WHERE id = ? AND visible = 0", (dataset_id,)).fetchone()
    if hidden is None:  # Interrupted after its last commit, an import has made it visible already: it stays.
        return True
    some = "SELECT id FROM examples WHERE dataset_id = ? LIMIT ?"
    connection.execute(f"DELETE FROM review_status WHERE example_id IN ({some})", (dataset_id, rows))
    deleted = connection.execute(f"DELETE FROM examples WHERE id IN ({some})", (dataset_id, rows)).rowcount
    if deleted == rows:
        return False
    for table in ("dataset_counters", "sequences", "populations"):
        connection.execute(f"DELETE FROM {table} WHERE dataset_id = ?", (dataset_id,))
    connection.execute("DELETE FROM datasets WHERE id = ? AND visible = 0", (dataset_id,))
    return True


def hide(connection: Connection, dataset_id: int, name: str) -> None:
    """Takes a dataset that never had an example out of the list, under another name, so that its own is free."""
    connection.execute("UPDATE datasets SET visible = 0, name = ? WHERE id = ?", (name, dataset_id))


def close(connection: Connection, dataset_id: int) -> None:
    """Closes a dataset: no job and no selection can change it any more; within a write transaction."""
    connection.execute("UPDATE datasets SET state = 'closed', closed_at = ? WHERE id = ?", (now_text(), dataset_id))


def reopen(connection: Connection, dataset_id: int) -> None:
    """Opens a dataset again; its evidence starts again on what is unanswered at this moment."""
    connection.execute("UPDATE datasets SET state = 'open', closed_at = NULL WHERE id = ?", (dataset_id,))
    insert_next(connection, dataset_id)
