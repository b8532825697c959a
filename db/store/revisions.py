"""The newest revision counts: what is changed later is appended, and every earlier revision stays."""

from __future__ import annotations

OCCASION = ("example_id", "annotator_id", "occasion")
"""What the revisions of an annotation have in common."""


def is_newest(table: str, same: tuple[str, ...], alias: str = "a") -> str:
    """Returns the condition that a row is the newest revision of what it says.

    The view `current_annotations` is made of it (`db.store.migrations.current_annotations`), so its text stays as it
    is. It is for queries that name an index, which a view can't, and for other tables.

    Args:
        table: Where the revisions are.
        same: The columns that those of one thing have in common.
        alias: What the query calls the table.
    """
    conditions = " AND ".join(f"later.{column} = {alias}.{column}" for column in same)
    return f"NOT EXISTS (SELECT 1 FROM {table} AS later WHERE {conditions} AND later.revision > {alias}.revision)"


def current(table: str, same: tuple[str, ...]) -> str:
    """Returns the query of a view over the newest revisions in a table."""
    return f"SELECT * FROM {table} AS a WHERE {is_newest(table, same)}"
