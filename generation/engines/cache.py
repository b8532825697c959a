"""The user's cache folder, and how several processes make things in it without leaving halves.

What is made there is made in a scratch folder, under a lock, written through to the disk, and then renamed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from db.store.filesystem import open_own

POLL_SECONDS = 0.1

# Its standard input ends when the parent does, even if that was killed; a plain read, since a buffered one in a
# daemon thread can end an interpreter that shuts down with a fatal error.
_ENDS_WITH_ITS_PARENT = (
    "import os, sys, threading\nthreading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()\n"
)


def models_folder() -> Path:
    """Returns where models are cached for this user; it need not exist yet.

    `EVALWRIGHT_CACHE` names the folder outright; else it is `evalwright` in `XDG_CACHE_HOME`, in `~/Library/Caches`
    on macOS, or in `~/.cache`.
    """
    if own := os.environ.get("EVALWRIGHT_CACHE"):
        return Path(own).expanduser().absolute() / "models"
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if xdg.is_absolute():
        return xdg / "evalwright" / "models"
    caches = Path("Library/Caches") if sys.platform == "darwin" else Path(".cache")
    return Path.home() / caches / "evalwright" / "models"


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Holds a lock file, which the system frees when the process ends, however it ends.

    Args:
        path: The lock file; it stays behind, empty.
        waiting: Called while another process holds the lock; what it raises ends the wait.

    Raises:
        OSError: if the lock file can't be opened, or is a link or no regular file.
    """
    with open(open_own(path), "rb+") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting()
                time.sleep(POLL_SECONDS)
        yield


@contextmanager
def scratch_folder(folder: Path, prefix: str) -> Iterator[Path]:
    """Makes a folder that is gone afterwards, and clears away those that killed processes left.

    The caller holds the lock under which all folders with this prefix are made.
    """
    for left in folder.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def sync_to_disk(path: Path) -> None:
    """Makes a file's bytes or a folder's names durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def run_python(
    program: str,
    arguments: Sequence[str],
    log: Path,
    waiting: Callable[[], None],
    environment: Mapping[str, str] | None = None,
) -> int:
    """Runs a Python program in a process of its own, which ends with this one, and returns its exit code.

    Args:
        program: Python source; its `sys.argv[1:]` are the arguments.
        arguments: The arguments.
        log: Where its output goes.
        waiting: Called while it runs; if that raises, the program is killed and the exception passes through.
        environment: Variables on top of this process's own.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _ENDS_WITH_ITS_PARENT + program, *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | (environment or {}),
        )
        with process:
            try:
                while (code := process.poll()) is None:
                    waiting()
                    time.sleep(POLL_SECONDS)
            finally:
                process.kill()
    return code
