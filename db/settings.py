"""What a workspace is told once: its own name, its policy, how far its index reaches."""

from __future__ import annotations

from db.store.connection import Connection
from db.store.rows import one_value


def setting(connection: Connection, name: str) -> str | None:
    """Returns a setting, or None where it was never made."""
    value: str | None = one_value(connection.execute("SELECT value FROM settings WHERE name = ?", (name,)))
    return value


def put_setting(connection: Connection, name: str, value: str | None) -> None:
    """Stores a setting, or drops it."""
    if value is None:
        connection.execute("DELETE FROM settings WHERE name = ?", (name,))
        return
    connection.execute(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
