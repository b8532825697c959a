"""A folder that appears whole or not at all: written beside its place, synced, and renamed."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from db.errors import EvalwrightError, InputError

MOST_OF_NAME = 40


@contextmanager
def written_beside(folder: Path, what: str = "a release") -> Iterator[Path]:
    """Makes a folder beside `folder`, to be filled and then published; what isn't published by the end goes.

    What killed processes have left beside the same place goes first. The folder stays locked while it is written, which
    tells it from those.

    Args:
        folder: Where it will be.
        what: What it is, for sentences.

    Yields:
        The folder to fill.

    Raises:
        InputError: if there is something at `folder` already.
        EvalwrightError: if it can't be written.
    """
    refuse_existing(folder, what)
    missing: list[Path] = []
    try:
        missing += [parent for parent in (folder.parent, *folder.parent.parents) if not parent.exists()]
        if missing:
            folder.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(folder)
        working, lock = _make(folder)
        try:
            yield working
        finally:
            with suppress(OSError):
                shutil.rmtree(working)
            os.close(lock)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        raise EvalwrightError(f"{folder} can't be written ({reason}); nothing was left there.") from error
    finally:
        for parent in missing:  # the innermost first; what holds something by now stays
            with suppress(OSError):
                parent.rmdir()


def publish(working: Path, folder: Path, what: str = "a release") -> None:
    """Gives a folder or a file its name: until then there is none, from then on it is whole.

    Raises:
        InputError: if there is something at `folder` by now.
        OSError: if it can't be synced or renamed.
    """
    for path in sorted(working.rglob("*")):
        sync(path)
    sync(working)
    refuse_existing(folder, what)
    working.rename(folder)
    sync(folder.parent)


def refuse_existing(folder: Path, what: str = "a release") -> None:
    """Refuses a place where something is, be it a broken link.

    Raises:
        InputError: naming it.
    """
    if os.path.lexists(folder):
        raise InputError(f"{folder} exists already, and {what} is never overwritten; name another place.")


def remove_stale(folder: Path) -> None:
    """Removes what killed processes have left beside a place; what a living one writes is locked, and stays."""
    pattern = re.compile(rf"\.{re.escape(folder.name[:MOST_OF_NAME])}\.evalwright-[0-9a-f]{{12}}\.part")
    for name in os.listdir(folder.parent):
        path = folder.with_name(name)
        if pattern.fullmatch(name) and path.is_dir() and not path.is_symlink():
            with suppress(OSError):
                lock = _locked(path)
                shutil.rmtree(path)
                os.close(lock)


def sync(path: Path) -> None:
    """Waits until a file or a folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make(folder: Path) -> tuple[Path, int]:
    while True:
        working = folder.with_name(f".{folder.name[:MOST_OF_NAME]}.evalwright-{secrets.token_hex(6)}.part")
        working.mkdir()
        with suppress(BlockingIOError, FileNotFoundError):
            lock = _locked(working)
            if working.exists():  # Between the two lines somebody may have taken it for stale.
                return working, lock
            os.close(lock)


def _locked(folder: Path) -> int:
    """Locks a folder for as long as this process keeps the handle open.

    Raises:
        BlockingIOError: if another process holds it.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(handle)
        raise
    return handle
