"""Connections and transactions: how every read and write of a workspace begins."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.errors import InputError, WorkspaceBusyError, WorkspaceError
from db.store.open_files import OpenFiles, identity
from db.store.sqlite import Connection, DatabaseError, OperationalError, sqlite3

__all__ = ["BACKGROUND_ROWS", "Connection", "connect", "in_bulk", "snapshot", "write"]

BACKGROUND_ROWS = 500
"""The most rows a background transaction writes: 2,000 hold a validator up for 34 ms, 20,000 for 139 ms."""

WRITE_PATIENCE = 30.0
"""Seconds that a write waits for other writers before it gives up."""

RETRY_STEP = 0.001

READ_PATIENCE_MS = 5000
"""Milliseconds that SQLite itself waits for a lock, where it waits by itself: when a workspace is opened, and when
it is read with a rollback journal."""


class WatchedConnection(sqlite3.Connection):
    """A connection that knows its files.

    Attributes:
        files: What it has open, once that was noted.
    """

    files: OpenFiles | None = None

    def close(self) -> None:
        """Closes it, and keeps SQLite from writing the log into a database that is another one by now.

        It does that when the last connection closes, and the new database would be spoilt.
        """
        files = self.files
        if files is None or files.may_be_written(self):
            super().close()
        else:
            with files.held():
                super().close()
        self.files = None


def connect(path: Path, *, read_only: bool = False) -> Connection:
    """Opens a connection with the settings that durability stands on.

    The connection belongs to the thread that opened it and is in autocommit mode: transactions are begun by `write`
    and `snapshot` alone. The journal mode is a property of the file, set when the workspace is made.

    Args:
        path: The workspace file; it must exist.
        read_only: Whether to refuse writes.

    Raises:
        WorkspaceError: if the file can't be opened.
    """
    mode = "ro" if read_only else "rw"
    try:
        while True:
            before = identity(path)
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, factory=WatchedConnection
            )
            try:
                set_pragmas(connection)
                watch(connection, path)
            except BaseException:
                connection.close()
                raise
            assert connection.files is not None
            if connection.files.database == before:
                return connection
            connection.close()  # It was replaced just now; what is open is what was there before.
    except DatabaseError as error:
        raise WorkspaceError(unreadable(path, error)) from error
    except UnicodeDecodeError as error:  # SQLite quotes the name of what is damaged, whatever its bytes are.
        raise WorkspaceError(
            f"The workspace {path} is damaged; put a backup in its place with `evalwright restore`."
        ) from error


def watch(connection: Connection, path: Path) -> None:
    """Notes which files a connection has open: when it is opened, and when its journal mode has changed."""
    assert isinstance(connection, WatchedConnection)
    connection.files = OpenFiles(connection, path)


def unreadable(path: Path, error: DatabaseError) -> str:
    """Returns the sentence for a file that SQLite can't open or read."""
    if "not a database" in str(error):
        return f"{path} isn't a SQLite file; name an evalwright workspace with --workspace."
    if "malformed" in str(error):
        return f"The workspace {path} is damaged ({error}); put a backup in its place with `evalwright restore`."
    return (
        f"The workspace {path} can't be opened ({error}); check that it may be read and written and that its disk has "
        "room, and try again."
    )


def set_pragmas(connection: Connection) -> None:
    """Gives a connection the settings of every connection: foreign keys, full sync, a patient reader."""
    connection.execute(f"PRAGMA busy_timeout = {READ_PATIENCE_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    if sys.platform == "darwin":
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA checkpoint_fullfsync = ON")


@contextmanager
def write(connection: Connection) -> Iterator[None]:
    """A transaction that reads and then writes, alone; durable when the block has ended without an error.

    `BEGIN IMMEDIATE` is retried in steps of a millisecond: SQLite's own busy handler sleeps up to 100 ms at a time,
    which a validator would feel.

    Raises:
        InputError: if a text can't be held in UTF-8.
        WorkspaceBusyError: if another process wrote for longer than we wait.
        WorkspaceReplacedError: if the files that are open aren't the workspace of that name any more: what was written
            counts as not written, since nobody will see it.
        WorkspaceError: if the disk is full, the file is read-only or damaged, or SQLite can't go on.
    """
    files = connection.files if isinstance(connection, WatchedConnection) else None
    if files is not None:
        files.check(connection)
    _begin_immediate(connection)
    try:
        yield
        if files is not None:
            files.check_names(connection)
        connection.execute("COMMIT")
    except BaseException as error:
        _roll_back(connection)
        if files is not None:
            files.save_acknowledged(connection)
        if isinstance(error, UnicodeEncodeError):
            raise InputError("Half a character (a lone surrogate) can't be stored: nothing was written.") from error
        if isinstance(error, OperationalError) or type(error) is DatabaseError:  # its other kinds are mistakes of ours
            raise WorkspaceError(_sentence(error)) from error
        raise
    if files is not None:
        files.check(connection)


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """A read transaction: every query in the block sees the same state of the workspace.

    Within another one it is that one, so that what several functions read can be of one moment.
    """
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        _roll_back(connection)


@contextmanager
def in_bulk(connection: Connection) -> Iterator[None]:
    """For transactions that count only once a later one, after the block, has ended: up to 64 MB of the file in memory.

    With a write-ahead log they are not synced one by one either: the next synced transaction, anybody's, syncs all that
    lies before it in the log, so that a power failure takes none from the middle. With a rollback journal each is
    synced, which the file's soundness depends on there.
    """
    (cache,) = connection.execute("PRAGMA cache_size").fetchone()
    (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    connection.execute("PRAGMA cache_size = -64000")
    if journal == "wal":
        connection.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA cache_size = {cache}")
        connection.execute(f"PRAGMA synchronous = {synchronous}")


def _begin_immediate(connection: Connection) -> None:
    deadline = time.monotonic() + WRITE_PATIENCE
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                if "locked" not in str(error) and "busy" not in str(error):
                    raise WorkspaceError(_sentence(error)) from error
                if time.monotonic() > deadline:
                    raise WorkspaceBusyError(
                        f"Another process kept the workspace locked for {WRITE_PATIENCE:.0f} seconds; "
                        "nothing was written, try again."
                    ) from error
            time.sleep(RETRY_STEP)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {READ_PATIENCE_MS}")


def _roll_back(connection: Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _sentence(error: DatabaseError) -> str:
    text = str(error)
    if "full" in text:
        return "The disk is full: nothing was written; free some space and try again."
    if "malformed" in text:
        return (
            f"The workspace is damaged ({text}): nothing was written; put a backup in its place with "
            "`evalwright restore`."
        )
    if "readonly" in text or "read-only" in text:
        return "The workspace is read-only here: nothing was written; check the rights of the file and its folder."
    return f"SQLite could not go on ({text}); nothing was written, try again."
