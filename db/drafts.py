"""Drafts: what a validator has said of an example and not given as an answer yet."""

from __future__ import annotations

from db.clock import now_text
from db.store.connection import Connection


def keep_draft(connection: Connection, example_id: int, annotator_id: int, draft: str, seconds: float) -> None:
    """Stores a draft (JSON) and how long the example has been on screen, in place of an earlier one."""
    connection.execute(
        "INSERT INTO drafts (example_id, annotator_id, draft, seconds, updated_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET draft = excluded.draft, seconds = excluded.seconds,"
        " updated_at = excluded.updated_at",
        (example_id, annotator_id, draft, seconds, now_text()),
    )


def draft_of(connection: Connection, example_id: int, annotator_id: int) -> tuple[str, float] | None:
    """Returns an annotator's draft on an example and its seconds, or None."""
    found: tuple[str, float] | None = connection.execute(
        "SELECT draft, seconds FROM drafts WHERE example_id = ? AND annotator_id = ?", (example_id, annotator_id)
    ).fetchone()
    return found


def drop_draft(connection: Connection, example_id: int, annotator_id: int) -> None:
    """Forgets a draft, if there is one."""
    connection.execute("DELETE FROM drafts WHERE example_id = ? AND annotator_id = ?", (example_id, annotator_id))
