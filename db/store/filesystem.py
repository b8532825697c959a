"""On what kind of file system a workspace lies, and the small files that lie beside it.

A write-ahead log needs memory that all its processes share; over a network there is none: two machines would each
believe in a log of their own and lose each other's answers. See https://sqlite.org/wal.html, section 1.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
"""Where Linux says what is mounted; elsewhere only SQLite's own answer tells."""

WITHOUT_WAL = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4"}
    | {"prl_fs", "smb3", "smbfs", "vboxsf", "vmhgfs"}
    | {f"fuse.{name}" for name in ("ceph-fuse", "curlftpfs", "gcsfuse", "glusterfs", "juicefs", "mount.davfs")}
    | {f"fuse.{name}" for name in ("rclone", "s3fs", "sshfs", "vmhgfs-fuse")}
)
"""File systems of other machines, and of the host of a virtual one."""


OWNERS = 0o600
"""The mode of a file that its owner alone reads and writes: workspaces hold what people said, and who they are."""


def kind_of(path: Path) -> str:
    """Returns the kind of file system that a file lies on, or would, such as `ext4`; empty where nobody says."""
    place = os.path.realpath(path)
    kind, longest = "", -1
    for point, found in _mounted():
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:  # of two on the same place, the later one hides the other
            kind, longest = found, len(point)
    return kind


def open_own(path: Path, flags: int = 0) -> int:
    """Opens a small file of our own, a lock or a log, to write to it; makes it where it is absent, for its owner alone.

    It lies where others may put something under its name first: a link isn't followed, and nothing is cut off.

    Args:
        path: The file.
        flags: More for `os.open`, such as `os.O_APPEND`.

    Returns:
        The descriptor.

    Raises:
        OSError: if it can't be opened, or is a link or no regular file; `strerror` says why.
    """
    always = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        handle = os.open(path, always | flags, OWNERS)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, f"{path.name} is a link there, which is never followed; remove it") from error
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.ENXIO, f"{path.name} is a pipe, a device or a socket there; remove it")
    return handle


def _mounted() -> list[tuple[str, str]]:
    """Returns the place and the kind of each mounted file system, in the order of mounting."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    fields = (line.split(" ") for line in lines)
    return [(_unescaped(each[1]), each[2]) for each in fields if len(each) > 2]


def _unescaped(text: str) -> str:
    r"""Returns a path as it is: blanks, tabs, newlines and backslashes stand as `\040` and the like."""
    for character in " \t\n\\":
        text = text.replace(f"\\{ord(character):03o}", character)
    return text
