"""The lease that makes one process the worker of a workspace."""

from __future__ import annotations

from dataclasses import dataclass

from db.store.connection import Connection
from db.store.rows import find_record


@dataclass(frozen=True)
class Lease:
    """Who is the worker: a token of its own, its machine and process, and until when (seconds since 1970)."""

    holder: str
    host: str
    pid: int
    expires_at: float


def current_lease(connection: Connection) -> Lease | None:
    """Returns the lease as it stands, live or not."""
    found = connection.execute("SELECT holder, host, pid, expires_at FROM worker_leases WHERE name = 'worker'")
    return find_record(found, Lease)


def store_lease(connection: Connection, lease: Lease) -> None:
    """Takes or renews the lease; the caller has seen in this transaction that it may."""
    connection.execute(
        "INSERT INTO worker_leases (name, holder, host, pid, expires_at)"
        " VALUES ('worker', :holder, :host, :pid, :expires_at)"
        " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, host = excluded.host, pid = excluded.pid,"
        " expires_at = excluded.expires_at",
        vars(lease),
    )


def drop_lease(connection: Connection, holder: str) -> None:
    """Gives the lease back."""
    connection.execute("DELETE FROM worker_leases WHERE name = 'worker' AND holder = ?", (holder,))
