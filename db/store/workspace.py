"""Opening a workspace: made where it is absent, migrated where it is old, refused where it is foreign or newer."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from db.errors import InputError, WorkspaceBusyError, WorkspaceError
from db.outside_files import open_outside, refuse_irregular
from db.settings import setting
from db.store import filesystem, schema
from db.store.connection import Connection, connect, snapshot, unreadable, watch
from db.store.copies import beside, copy_to, partial_file, sync
from db.store.sqlite import SAFE_WAL_VERSION, DatabaseError, OperationalError, journal_mode, sqlite3, version

KINDS = frozenset({schema.APPLICATION_ID, schema.PACKET_ID})
USER_VERSION_AT, APPLICATION_ID_AT = 60, 68


def open_workspace(path: Path, *, create: bool = True, alone: bool = False) -> Connection:
    """Opens a workspace, bringing its tables up to date first.

    Any number of processes may do this at the same moment: a lock file lets one of them migrate, after a backup.

    Args:
        path: The workspace file.
        create: Whether to make the workspace if there is none.
        alone: Whether a new one is for this process alone: it then has a rollback journal and may lie anywhere.

    Returns:
        A connection of the calling thread's own; see `db.store.connection.connect`.

    Raises:
        InputError: if there is no workspace and `create` is false.
        WorkspaceError: if the file is foreign, damaged, newer than this evalwright, can't be opened, or lies where a
            write-ahead log can't work.
    """
    exists = _exists(path)
    if (exists or create) and not alone:
        refuse_place_without_wal(path)
    if not exists:
        if not create:
            raise InputError(
                f"There is no workspace at {path}; `evalwright import`, `evalwright generate` or `evalwright demo` "
                "makes one, or name another with --workspace."
            )
        _make_ready(path, alone=alone)
    connection = _connect(path)
    if _version(connection, path) < schema.CURRENT:
        connection.close()
        _make_ready(path)
        connection = _connect(path)
    if not alone and journal_mode() == "wal":
        _enter_wal(connection, path)
    return connection


def mode_of(connection: Connection) -> int:
    """Returns the mode of a workspace's file, which whatever is copied out of it has too."""
    (_number, _name, path) = connection.execute("PRAGMA database_list").fetchone()
    return Path(path).stat().st_mode & 0o666


def workspace_id(connection: Connection) -> str:
    """Returns the workspace's own name, given once, that packets and releases carry."""
    return str(setting(connection, "workspace_id"))


def path_of(connection: Connection) -> Path:
    """Returns the file that a connection has open, links followed."""
    (_number, _name, path) = connection.execute("PRAGMA database_list").fetchone()
    return Path(path)


def is_packet(path: Path) -> bool:
    """Whether a file is a packet, by the mark at its beginning; see https://sqlite.org/fileformat.html, 1.3."""
    return _header_number(path, APPLICATION_ID_AT) == schema.PACKET_ID


def user_version(path: Path) -> int:
    """Returns the version that a file's beginning names, 0 where it is none of SQLite's."""
    return _header_number(path, USER_VERSION_AT)


def is_sound(connection: Connection) -> bool:
    """Whether every page, index and reference of a workspace is as it should be."""
    whole = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return whole and connection.execute("PRAGMA foreign_key_check").fetchone() is None


def foreign_in(path: Path) -> str | None:
    """Returns what a file has that a workspace of its version hasn't, or lacks of it, in words; None if nothing.

    Raises:
        DatabaseError, WorkspaceError: if it can't be read.
    """
    connection = _connect(path)
    try:
        with snapshot(connection):
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            return schema.difference(connection, version)
    finally:
        connection.close()


def backup_name(path: Path, old_version: int) -> Path:
    """Returns where the state before a migration is kept."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return path.with_name(f"{path.name}.v{old_version}-{stamp}.backup")


def _connect(path: Path) -> Connection:
    """Connects to a file that may be anybody's: what its tables compute may call nothing that could do harm."""
    connection = connect(path)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _exists(path: Path) -> bool:
    try:
        return refuse_irregular(path) is not None
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {path} can't be opened ({error.strerror}); check its name and the rights of its folder."
        ) from error


def refuse_place_without_wal(path: Path) -> None:
    """Refuses a file system where a write-ahead log can't work; a packet has none, and is one person's."""
    kind = filesystem.kind_of(path)
    if kind in filesystem.WITHOUT_WAL and journal_mode() == "wal" and not is_packet(path):
        raise WorkspaceError(_without_wal(path, f"on a file system of another machine ({kind})"))


def _without_wal(path: Path, where: str) -> str:
    return (
        f"The workspace {path} lies {where}, where answers could be lost (SQLite can't keep a write-ahead log there); "
        "put it on a disk of this machine, and let others come to it over SSH or with packets."
    )


def _make_ready(path: Path, *, alone: bool = False) -> None:
    """Makes or migrates the workspace under the lock file."""
    with lock_file(path):
        journal = "delete" if alone or is_packet(path) else journal_mode()  # read before SQLite has locks on the file
        connection = _connect_or_create(path)
        try:
            old = _version(connection, path)
            if old == schema.CURRENT:
                return
            if old > 0:
                _back_up(connection, path, backup_name(path, old))
            _migrate(connection, path, journal)
        finally:
            connection.close()


def _migrate(connection: Connection, path: Path, journal: str) -> None:
    from sqlite_utils import Database

    try:
        (mode,) = connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()
        if journal == "wal" and mode != "wal":
            raise WorkspaceError(_without_wal(path, "on a file system that can't share memory"))
        schema.migrate(Database(connection))
    except DatabaseError as error:
        raise WorkspaceError(
            f"The workspace {path} could not be brought up to date ({error}); it is as it was before."
        ) from error


def _connect_or_create(path: Path) -> Connection:
    if not path.exists():
        try:
            os.close(filesystem.open_own(path))
        except OSError as error:
            raise WorkspaceError(
                f"The workspace {path} can't be made ({error.strerror}); choose another folder."
            ) from error
    return _connect(path)


def _version(connection: Connection, path: Path) -> int:
    """Returns the file's schema version, 0 for an empty file; refuses what isn't ours or is newer."""
    try:
        with snapshot(connection):  # of one moment: another process may be making the tables right now
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            foreign = schema.difference(connection, found) if found <= schema.CURRENT else None
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    except DatabaseError as error:
        raise WorkspaceError(unreadable(path, error)) from error
    if application not in KINDS and (application, found, tables) != (0, 0, 0):
        raise WorkspaceError(
            f"{path} is a SQLite file of another program; name an evalwright workspace with --workspace."
        )
    if found > schema.CURRENT:
        raise WorkspaceError(
            f"The workspace {path} was made by a newer evalwright (its version is {found}, this one knows "
            f"{schema.CURRENT}); upgrade with `pip install -U evalwright`."
        )
    if foreign is not None:
        raise WorkspaceError(
            f"The workspace {path} holds {foreign}, unlike what evalwright makes, so it isn't opened; put a "
            "backup in its place with `evalwright restore`, or undo that with the program that did it."
        )
    if mode == "wal" and version() < SAFE_WAL_VERSION:
        _leave_wal(connection, path)
    return int(found)


def _leave_wal(connection: Connection, path: Path) -> None:
    """A workspace made where WAL is safe, opened where it is not: back to a rollback journal, or not at all."""
    try:
        connection.execute("PRAGMA journal_mode = delete")
    except OperationalError as error:
        raise WorkspaceError(
            f"The workspace {path} is open elsewhere with a newer SQLite than this one "
            f"({sqlite3.sqlite_version}), which could lose answers; install pysqlite3 here, or close it there."
        ) from error


def _enter_wal(connection: Connection, path: Path) -> None:
    """Gives a log to a workspace that has none: a backup that is opened, or one made where WAL isn't safe.

    A packet is one file, that people can send; and what others have open just now stays as it is.
    """
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if mode != "wal" and application == schema.APPLICATION_ID:
        with suppress(OperationalError):
            connection.execute("PRAGMA journal_mode = wal")
            watch(connection, path)


def _back_up(connection: Connection, path: Path, target: Path) -> None:
    """Copies the workspace before it is migrated, under the lock file."""
    try:
        with partial_file(beside(path, ".backup"), stat.S_IMODE(path.stat().st_mode)) as partial:
            copy_to(connection, partial)
            sync(partial)
            partial.replace(target)
            sync(target.absolute().parent)
    except (DatabaseError, OSError) as error:
        raise WorkspaceError(
            f"The workspace {path} can't be backed up before it is brought up to date ({error}); it is as it was, "
            "free some space in its folder and try again."
        ) from error


def _header_number(path: Path, at: int) -> int:
    try:
        with open_outside(path) as file:
            header = file.read(at + 4)
    except (OSError, ValueError):
        return 0  # Whoever opens the file says what it is.
    told = len(header) == at + 4 and header.startswith(b"SQLite format 3\0")
    return int.from_bytes(header[at:], "big") if told else 0


@contextmanager
def lock_file(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds the workspace's lock file, as whoever makes, migrates or restores it must; other processes wait.

    Raises:
        WorkspaceBusyError: if another process holds it, and we are not to wait.
        WorkspaceError: if there can't be such a file.
    """
    try:
        handle = filesystem.open_own(path.with_name(path.name + ".lock"))
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {path} can't be made, migrated or restored: its lock file can't be opened "
            f"({error.strerror})."
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise WorkspaceBusyError(
                f"Another process makes, migrates or restores the workspace {path} just now; try again."
            ) from error
        yield
    finally:
        os.close(handle)
