"""Whether the files that a connection has open are still the files of that name: SQLite itself doesn't ask.

Whoever removes the log of an open workspace, or puts another file in its place, leaves those who have it open with
files that nobody else will ever see: what they write would be gone. Only names are looked at here (`stat`), and the
log, on which SQLite holds no lock: to open and close the database itself would drop SQLite's locks on it.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NoReturn

from db.errors import WorkspaceReplacedError
from db.store.log_pages import has_begun
from db.store.sqlite import Connection, DatabaseError, OperationalError, sqlite3

Identity = tuple[int, int]
"""Device and inode."""

SHARED_BYTES = (0x40000002, 510)
"""Where SQLite locks a database to read it: the first byte, and how many; see `os.h` in its source."""

LOG_HEADER = 32
"""Bytes of a log's beginning, which change each time it is begun again; see https://sqlite.org/walformat.html."""

MARK_AT, MARKS = 40, 10_000
"""Each change of the tables adds one to a workspace's mark; a copy that we make has its own, drawn at random.

It is the number at byte 40; see https://sqlite.org/fileformat.html, 1.3.
"""

CHECKPOINT_PATIENCE = 5.0
"""Seconds in which a page that a checkpoint is just writing is whole, or the checkpoint says how far it has come."""

Loss = Literal["replaced", "log removed", "overwritten", "perhaps overwritten"]

WORDS: dict[Loss, tuple[str, str]] = {
    "replaced": ("was replaced or moved", "quit, and open it again"),
    "log removed": ("lost its log", "quit, and open it again"),
    "overwritten": ("was overwritten", "quit, and open it again"),
    "perhaps overwritten": ("was overwritten", "quit, and open it again"),
}


@dataclass(frozen=True)
class _Evidence:
    """How far checkpoints had come when the database last changed: without a checkpoint nothing of ours writes it."""

    changed: tuple[int, int]
    log: bytes
    copied: int


class OpenFiles:
    """The files of one connection, as they were when it was opened; it is handed to each method, and never kept.

    Attributes:
        path: The workspace, as it was named.
        database: Which file that was.
        lost: Why they are no longer the files of that name, once that was seen: they never become it again.
    """

    def __init__(self, connection: Connection, path: Path) -> None:
        """Notes them. The connection reads first, so that it has its log open, which nobody of ours removes by then.

        Raises:
            DatabaseError: if it can't be read.
            OSError: if there is no such file any more.
        """
        self.path = path
        self._name = Path(os.path.realpath(path))  # SQLite's own files lie beside the file that a link leads to.
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        (mark,) = connection.execute("PRAGMA schema_version").fetchone()
        self._handle: int | None = None
        self._marks = (mark, self._mark_on_disk())  # Another one only where its last change isn't copied there yet.
        self.lost: Loss | None = None
        self._has_log = mode == "wal"
        self._log = identity(self._beside("-wal")) if self._has_log else None
        self._index = identity(self._beside("-shm")) if self._has_log else None
        self._seen = self._evidence(connection) if self._has_log else None
        self.database = identity(path)

    def check_names(self, connection: Connection) -> None:
        """Looks whether database and log have their names still; also within a transaction.

        Raises:
            WorkspaceReplacedError: if not.
        """
        if self.lost is not None:
            raise self._error(self.lost)
        if identity(self.path) != self.database:
            self._lose(connection, "replaced")
        if self._has_log and identity(self._beside("-wal")) != self._log:
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):  # This connection has done without.
                self._has_log = False
                return
            self._lose(connection, "overwritten" if self._is_foreign() else "log removed")

    def check(self, connection: Connection) -> None:
        """Looks at the names, and whether anybody but a checkpoint wrote into the database; outside a transaction.

        Raises:
            WorkspaceReplacedError: if the files aren't those of that name any more, or hold something else.
        """
        self.check_names(connection)
        if not self._has_log:
            return
        seen = self._seen
        if seen is not None and (self._changed(), self._log_header()) == (seen.changed, seen.log):
            return
        if self._is_foreign():
            self._lose(connection, "overwritten")
        deadline = time.monotonic() + CHECKPOINT_PATIENCE
        while (now := self._evidence(connection)) is not None:
            explained = seen is None or now.changed == seen.changed or (now.log, now.copied) != (seen.log, seen.copied)
            if explained or self._is_being_copied():
                self._seen = now
                return
            if time.monotonic() > deadline:
                self._lose(connection, "perhaps overwritten")
            time.sleep(0.001)

    def save_acknowledged(self, connection: Connection) -> None:
        """Writes what was acknowledged before into the file that is open, whatever its name is now, if it is that file.

        Within a transaction it can't be done.
        """
        if self.lost == "replaced" or (self.lost == "log removed" and self._is_left_alone(connection)):
            with suppress(DatabaseError):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def may_be_written(self, connection: Connection) -> bool:
        """Whether SQLite may write what is left in the log into the database, as it does when a connection closes.

        Where the database is another file by now, SQLite sees that and writes nothing. Where only the log's name is
        gone, what was acknowledged is in that log alone: it must be written.
        """
        with suppress(WorkspaceReplacedError, DatabaseError, OSError):
            self.check(connection)
        return self.lost in {None, "replaced"} or (self.lost == "log removed" and self._is_left_alone(connection))

    def _is_being_copied(self) -> bool:
        """Whether a checkpoint is at work, or one was that has been killed in the middle."""
        handle = self._database()
        return handle is not None and has_begun(self._beside("-wal"), handle)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the database as a reader does, so that SQLite can't have it alone, as it must to write the log into it.

        The lock is of the open file, not of the process, whose own locks don't hinder it. Where there are no such locks
        (macOS) nothing is held.
        """
        try:
            handle = os.open(self._name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            yield  # There is nothing to be spoilt.
            return
        try:
            if hasattr(fcntl, "F_OFD_SETLK"):
                lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, *SHARED_BYTES, 0)
                with suppress(OSError):
                    fcntl.fcntl(handle, fcntl.F_OFD_SETLK, lock)
            yield
        finally:
            os.close(handle)  # Drops this process's own locks on the file, too: nobody here is to write there any more.

    def _lose(self, connection: Connection, how: Loss) -> NoReturn:
        self.lost = how
        self.save_acknowledged(connection)
        if how in {"replaced", "overwritten"}:
            self._put_log_aside()
        raise self._error(how)

    def _error(self, how: Loss) -> WorkspaceReplacedError:
        what, then = WORDS[how]
        return WorkspaceReplacedError(self.path, what, then)

    def _is_left_alone(self, connection: Connection) -> bool:
        """Whether the database is as we know it, and nobody has opened it without our log, with one of their own."""
        now, seen = self._evidence(connection), self._seen
        if now is None or seen is None or identity(self._beside("-wal")) is not None or self._is_foreign():
            return False
        return now.changed == seen.changed or now.copied != seen.copied

    def _put_log_aside(self) -> None:
        """Takes a log that belongs to what was there before from beside what is there now, which it would spoil."""
        if self._log is None:
            return
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        with suppress(OSError):
            if identity(self._beside("-wal")) == self._log:
                self._beside("-wal").rename(self._beside(f".replaced-{stamp}-wal"))
            if identity(self._beside("-shm")) == self._index:
                self._beside("-shm").unlink()

    def _is_foreign(self) -> bool:
        """Whether the database on the disk, without its log, has the mark of another copy, or none."""
        found = self._mark_on_disk()
        return not any(mark <= found < mark + MARKS for mark in self._marks)

    def _mark_on_disk(self) -> int:
        """Reads it through SQLite, which keeps its locks, but past the log."""
        try:
            file = sqlite3.connect(f"{self._name.as_uri()}?mode=ro&immutable=1", uri=True)
            try:
                (mark,) = file.execute("PRAGMA schema_version").fetchone()
                return int(mark)
            finally:
                file.close()
        except DatabaseError:  # In the middle of a checkpoint, or of a copy, it is no whole database.
            return self._mark_as_written()

    def _mark_as_written(self) -> int:
        handle = self._database()
        header = b"" if handle is None else os.pread(handle, MARK_AT + 4, 0)
        return int.from_bytes(header[MARK_AT:], "big") if header.startswith(b"SQLite format 3\0") else -MARKS

    def _database(self) -> int | None:
        """Returns a handle of the database, for what SQLite doesn't read.

        It stays open until the process ends: closing it would drop SQLite's locks on the file.
        """
        if self._handle is None:
            with suppress(OSError):
                self._handle = os.open(self._name, os.O_RDONLY | os.O_CLOEXEC)
        return self._handle

    def _evidence(self, connection: Connection) -> _Evidence | None:
        """Returns how far checkpoints have come, or None where it can't be told: a query of ours is still being read.

        What has been copied is read first: a checkpoint that ends meanwhile is then seen once more, not never.
        """
        try:
            _, _, copied = connection.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
        except OperationalError:
            return None
        log = self._log_header()
        return _Evidence(self._changed(), log, copied)

    def _changed(self) -> tuple[int, int]:
        """When the database last changed, and its length; the time of its inode changes with each link, too."""
        try:
            found = os.stat(self._name)
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size

    def _log_header(self) -> bytes:
        try:
            handle = os.open(self._beside("-wal"), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            return os.read(handle, LOG_HEADER)
        finally:
            os.close(handle)

    def _beside(self, suffix: str) -> Path:
        return self._name.with_name(self._name.name + suffix)


def identity(path: Path) -> Identity | None:
    """Returns which file has that name, or None if there is none that can be seen."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
