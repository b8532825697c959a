"""Backups, and putting one in a workspace's place: never over anything, never beneath anybody who has it open."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from db.errors import InputError, WorkspaceBusyError, WorkspaceError
from db.store import schema
from db.store.connection import Connection, connect
from db.store.copies import CANT_LINK, COMPANIONS, beside, copy_to, partial_file, sync
from db.store.open_files import identity
from db.store.sqlite import DatabaseError, OperationalError, journal_mode, sqlite3
from db.store.workspace import KINDS, lock_file, open_workspace, refuse_place_without_wal


def back_up(path: Path, target: Path) -> None:
    """Copies a workspace to a file that doesn't exist yet: whole, of one moment, also while others write to it.

    Raises:
        InputError: if there is no workspace, or there is something at `target` or of SQLite's beside it.
        OSError: if nothing can have that name.
        WorkspaceError: if the workspace can't be read, or the copy not be written; then there is nothing at `target`.
    """
    with suppress(FileNotFoundError):
        target.lstat()
        raise _exists(target)
    for suffix in COMPANIONS:
        if os.path.lexists(beside(target, suffix)):
            raise InputError(
                f"{beside(target, suffix)} was left by a file that is gone, and would spoil a backup beside it; "
                "remove it, or name another file."
            )
    source = open_workspace(path, create=False)
    try:
        purpose = target.with_name(f"{path.name}.backup")
        with partial_file(purpose, stat.S_IMODE(path.stat().st_mode)) as partial:
            copy_to(source, partial)
            sync(partial)
            _publish(partial, target)
    except (DatabaseError, OSError) as error:
        raise WorkspaceError(
            f"The workspace {path} can't be copied to {target} ({error}); name another place."
        ) from error
    finally:
        source.close()


def restore(path: Path, backup: Path) -> Path | None:
    """Puts a copy of a backup in the place of a workspace that nobody has open, and keeps what was there.

    Whatever interrupts it, there is what was there before or the backup, each whole; called again, it is done.

    SQLite says whether anybody has the workspace open: with a write-ahead log each connection holds a lock for as long
    as it is open. With a rollback journal one that rests holds none; what it writes next is refused by `write`.

    Returns:
        Where what was there is kept; None if there was nothing.

    Raises:
        InputError: if there is no backup, or it is the workspace itself.
        WorkspaceBusyError: if somebody has the workspace open, or restores it.
        WorkspaceError: if the backup is no sound workspace, or is newer than this evalwright, or what is there is
            another program's, or something can't be written.
    """
    _refuse_no_file(backup)
    if identity(backup) == identity(path):
        raise InputError(f"{backup} is the workspace {path} itself; name a backup of it.")
    refuse_place_without_wal(path)
    mode = stat.S_IMODE((path if path.exists() else backup).stat().st_mode)
    try:
        with lock_file(path, wait=False), partial_file(beside(path, ".restore"), mode) as partial:
            _take(backup, partial)
            with _alone(path) as readable:
                kept = _keep(path, copied=readable)
                partial.replace(path)
                sync(path.absolute().parent)
    except (DatabaseError, OSError) as error:
        raise WorkspaceError(
            f"The workspace {path} can't be restored from {backup} ({error}); see that its disk has room and that its "
            "folder may be written, and try again."
        ) from error
    return kept


def _exists(target: Path) -> InputError:
    return InputError(f"{target} exists already, and a backup is never overwritten; name another file.")


def _publish(partial: Path, target: Path) -> None:
    """Gives a complete copy its name, unless anything has that name."""
    try:
        os.link(partial, target)
    except FileExistsError as error:
        raise _exists(target) from error
    except OSError as error:
        if error.errno not in CANT_LINK:
            raise
        raise WorkspaceError(
            f"{target} lies on a disk where a file can't have two names ({error.strerror}), so that another one's "
            "backup might be overwritten; name a place on another disk, and copy it from there."
        ) from error
    partial.unlink()
    sync(target.absolute().parent)


def _refuse_no_file(backup: Path) -> None:
    """Refuses what SQLite would wait for; it isn't opened for that, which would drop locks of SQLite's."""
    try:
        regular = stat.S_ISREG(backup.stat().st_mode)
    except FileNotFoundError as error:
        raise InputError(f"There is no backup at {backup}; name a file that `evalwright backup` has made.") from error
    if not regular:
        raise InputError(
            f"{backup} can't be restored: it is not a regular file; name one that `evalwright backup` made."
        )


def _take(backup: Path, partial: Path) -> None:
    """Copies a backup, which stays as it is, into the file that is to be the workspace, and checks it."""
    with closing(_reading(backup)) as source:
        try:
            copy_to(source, partial)
        except DatabaseError as error:
            raise _unsound(backup, str(error)) from error
    with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
        try:
            (kind,) = copy.execute("PRAGMA application_id").fetchone()
            (version,) = copy.execute("PRAGMA user_version").fetchone()
            (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            foreign = schema.difference(copy, version) if version <= schema.CURRENT else None
        except DatabaseError as error:
            raise _unsound(backup, str(error)) from error
        if kind != schema.APPLICATION_ID or version == 0:
            raise WorkspaceError(f"{backup} isn't an evalwright workspace; name a file that `evalwright backup` made.")
        if version > schema.CURRENT:
            raise WorkspaceError(
                f"The backup {backup} was made by a newer evalwright (its version is {version}, this one knows "
                f"{schema.CURRENT}); upgrade with `pip install -U evalwright`."
            )
        if found != "ok":
            raise _unsound(backup, found)
        if foreign is not None:
            raise WorkspaceError(f"{backup} holds {foreign}, unlike what evalwright makes; name another backup.")
        copy.execute("PRAGMA locking_mode = EXCLUSIVE")
        copy.execute(f"PRAGMA journal_mode = {journal_mode()}")
    sync(partial)


def _reading(backup: Path) -> Connection:
    """Opens a backup to read it. One that has nothing of SQLite's beside it is opened so that this remains so."""
    try:
        if not any(beside(backup, suffix).exists() for suffix in COMPANIONS):
            return sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
        return connect(backup, read_only=True)
    except (DatabaseError, WorkspaceError) as error:
        raise _unsound(backup, str(error.__cause__ or error)) from error


def _unsound(backup: Path, why: str) -> WorkspaceError:
    return WorkspaceError(f"The backup {backup} can't be read to its end ({why}); name another one.")


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Keeps everybody else out of what is there; whether all of it is in one file by then.

    Raises:
        WorkspaceBusyError: if somebody has it open.
        WorkspaceError: if it is another program's.
    """
    if not path.exists():
        yield False
        return
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=0)
    try:
        yield _have_alone(connection, path)
    finally:
        connection.close()


def _have_alone(connection: Connection, path: Path) -> bool:
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")  # The lock stays.
        (kind,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise WorkspaceBusyError(
                f"Somebody has the workspace {path} open; end the app, the worker and every command that uses it, and "
                "try again."
            ) from error
        raise
    except DatabaseError:  # It is damaged, or no database: nobody can work with it, and it is kept as it is.
        return False
    if kind not in KINDS and (kind, tables) != (0, 0):
        raise WorkspaceError(
            f"{path} is a SQLite file of another program; name an evalwright workspace with --workspace."
        )
    with suppress(DatabaseError):
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    return False


def _keep(path: Path, *, copied: bool) -> Path | None:
    """Gives what is there another name as well, or its log and journal where they aren't copied into it."""
    was_there = path.exists()
    _drop_aliases(path)
    kept = _free_name(path)
    if was_there:
        try:
            os.link(path, kept)
        except OSError as error:
            if error.errno not in CANT_LINK:
                raise
            path.rename(kept)
    for suffix in COMPANIONS:
        companion = beside(path, suffix)
        if copied or suffix == "-shm":
            companion.unlink(missing_ok=True)
        elif companion.exists():
            companion.rename(beside(kept, suffix))
            was_there = True
    return kept if was_there else None


def _drop_aliases(path: Path) -> None:
    """Takes back the second name that a killed restore had given to what is still there."""
    for kept in path.parent.iterdir():
        if kept.name.startswith(f"{path.name}.before-restore-") and identity(kept) == identity(path):
            kept.unlink()


def _free_name(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    names = [f".before-restore-{stamp}", *(f".before-restore-{stamp}-{number}" for number in range(2, 1000))]
    free = (name for name in names if not any(os.path.lexists(beside(path, name + end)) for end in ("", *COMPANIONS)))
    return beside(path, next(free))
