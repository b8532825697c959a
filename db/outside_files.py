"""Files from outside, which a person or a file of somebody's names: the one way in which they are opened.

A pipe would hold up whoever opens it, and a device fill the memory. So a file is opened without waiting, what it is is
asked of the open file and not of a name that may lead elsewhere by then, and only a regular one is read, to a limit.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

MOST_SETTINGS = 2**20
"""The most bytes of what a person writes by hand: behaviour files, recipes, policies."""

MOST_YAML = 4 * 2**20
"""The most bytes of a card or a task: PyYAML reads some hundred kilobytes a second."""

MOST_DOCUMENT = 256 * 2**20
"""The most bytes of a file that is read at once: JSON, CSV, ratings, a packet."""

_NOWHERE = {errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP}
"""What opening a socket, or a device that isn't there, says."""


def open_outside(path: str | Path, *, follow: bool = True) -> BufferedReader:
    """Opens a regular file to read its bytes, and never waits for anybody.

    Args:
        path: Its name, as somebody gave it.
        follow: Whether the name itself may be a link.

    Raises:
        OSError: if it can't be opened or is no regular file; `strerror` says why.
        ValueError: if no file can have the name.
    """
    # Not waiting for a pipe's other end, and no terminal becoming ours.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        if error.errno in _NOWHERE:
            raise _no_file() from error
        if error.errno == errno.ELOOP and not follow:
            raise OSError(errno.ELOOP, "it is a link, not a regular file") from error
        raise
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise _no_file()
        return open(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def refuse_irregular(path: str | Path) -> os.stat_result | None:
    """Refuses what is no regular file, without opening it; returns what is known of it, or None if there is nothing.

    For SQLite's files: closing one drops the locks that SQLite holds on it in this process.

    Raises:
        OSError: if it is none, or nobody can say; `strerror` says why.
        ValueError: if no file can have the name.
    """
    try:
        found = Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, not a regular file")
    if not stat.S_ISREG(found.st_mode):
        raise _no_file()
    return found


def read_outside(path: str | Path, most: int, *, follow: bool = True) -> bytes:
    """Reads a whole regular file of at most `most` bytes.

    Raises:
        OSError: as `open_outside` does, or if it is larger.
        ValueError: if no file can have the name.
    """
    with open_outside(path, follow=follow) as file:
        told = os.fstat(file.fileno()).st_size
        content = b"" if told > most else file.read(most + 1)  # It may grow, and some of /proc tell no size.
        if told > most or len(content) > most:
            raise OSError(errno.EFBIG, f"it has more than {most // 2**20:,} MiB")
        return content


def is_irregular(error: OSError) -> bool:
    """Whether a file wasn't opened because it is a pipe, a device, a socket, or a link where none is followed."""
    return error.errno in {errno.ELOOP, errno.ENXIO}


def _no_file() -> OSError:
    return OSError(errno.ENXIO, "it is a pipe, a device or a socket, not a regular file")
