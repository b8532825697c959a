"""Copies of a workspace: whole and of one moment, one file each, under their name only when they are complete."""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from db.store.connection import connect
from db.store.sqlite import Connection, sqlite3

COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file; beside another one than theirs they would spoil it."""

CANT_LINK = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def beside(path: Path, suffix: str) -> Path:
    """Returns the name beside a file that begins with its name."""
    return path.with_name(path.name + suffix)


def copy_file(path: Path, target: Path) -> None:
    """Copies a workspace as it stands, also while others write to it.

    Raises:
        DatabaseError, WorkspaceError: if it can't be read.
    """
    source = connect(path)
    try:
        copy_to(source, target)
    finally:
        source.close()


def copy_to(source: Connection, target: Path) -> None:
    """Copies a workspace to a file, out of WAL mode: it needs nothing beside it.

    The copy has a mark of its own, so that whoever has the workspace open sees when it was put in its place.
    """
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        copy.execute("PRAGMA locking_mode = EXCLUSIVE")  # With a log, it needs no shared memory then, wherever it lies.
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = delete")
        copy.execute(f"PRAGMA schema_version = {secrets.randbelow(2**30) + 2**20}")
    finally:
        copy.close()


@contextmanager
def partial_file(purpose: Path, mode: int) -> Iterator[Path]:
    """Makes an empty file of a name of its own, which is gone afterwards, unless it has been renamed.

    What processes that were killed have left of theirs for the same purpose goes first.

    Args:
        purpose: What its name begins with.
        mode: Who may read and write it.
    """
    for left in purpose.parent.glob(f"{glob.escape(purpose.name)}.*.partial"):
        _drop_if_left(left)
    handle, partial = _locked_file(purpose)
    try:
        os.fchmod(handle, mode)
        yield partial
    finally:
        os.close(handle)
        drop(partial)


def sync(path: Path) -> None:
    """Has a file, or the names in a folder, survive a failure of power."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def drop(path: Path) -> None:
    """Removes a file of SQLite's with all that belongs to it, as far as it is there."""
    for name in (path, *(beside(path, suffix) for suffix in COMPANIONS)):
        with suppress(OSError):
            name.unlink(missing_ok=True)


def _locked_file(purpose: Path) -> tuple[int, Path]:
    """Makes a file that is locked for as long as it is open: what isn't locked was left by a dead process."""
    while True:
        partial = beside(purpose, f".{secrets.token_hex(4)}.partial")
        handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if partial.exists():  # Nobody took it for a dead one's before it was locked.
            return handle, partial
        os.close(handle)


def _drop_if_left(partial: Path) -> None:
    with suppress(OSError):
        handle = os.open(partial, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            drop(partial)
        finally:
            os.close(handle)
