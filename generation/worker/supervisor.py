"""Starting the worker as a child, and only where it is needed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import BinaryIO

from db.errors import EvalwrightError
from db.store.connection import Connection
from db.store.filesystem import open_own
from db.worker_lease import current_lease
from generation.jobs.consent import agreed_jobs, order_name
from generation.worker.lease import is_live

ENDS = 3
"""After so many workers in a row that ended by themselves, no further one is started."""

LIVED_LONG_SECONDS = 60.0

LEFT_ALONE = 75
"""The exit code of a worker that has nothing left to run but jobs whose engines have no key here: "try
again later", as sysexits.h has it."""

LEFT_SECONDS = 300.0
"""For so long no worker is started for those alone."""


def log_path(workspace: Path) -> Path:
    """Returns where the worker of a workspace writes its log."""
    return workspace.with_name(workspace.name + ".worker.log")


def worker_needed(connection: Connection) -> bool:
    """Whether jobs wait that this user has agreed to, and no worker lives to run them."""
    return bool(agreed_jobs(connection)) and not _worker_lives(connection)


def _worker_lives(connection: Connection) -> bool:
    lease = current_lease(connection)
    return lease is not None and is_live(lease)


class WorkerChild:
    """A worker that lives no longer than the process that started it, and runs only what its user has agreed to.

    The child reads its standard input to the end: when this process ends, however it ends, the pipe closes and the
    child gives up its lease and stops.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._child: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._ended = 0
        self._started_for: frozenset[str] = frozenset()
        self._left: frozenset[str] = frozenset()
        self._left_at = 0.0

    def ensure(self, connection: Connection) -> None:
        """Starts the worker where jobs of this user's wait and none lives.

        Raises:
            EvalwrightError: if workers keep ending by themselves; the log says why.
        """
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return
            self._count_end(code)
            self._child = None
            if code == LEFT_ALONE:
                self._left = self._started_for & agreed_jobs(connection)
                self._left_at = time.monotonic()
        if time.monotonic() > self._left_at + LEFT_SECONDS:
            self._left = frozenset()
        wanted = agreed_jobs(connection)
        if wanted <= self._left or _worker_lives(connection):
            return
        if self._ended >= ENDS:
            raise EvalwrightError(
                f"The worker ended by itself {ENDS} times in a row; the end of {log_path(self._workspace)} says why."
            )
        self._started_for = wanted
        self._start()

    def has_left(self, connection: Connection, job_id: int) -> bool:
        """Whether the worker has left a job alone, since its engine has no key here."""
        return order_name(connection, job_id) in self._left

    def stop(self) -> None:
        """Tells the child to stop, and does not wait: what it holds is in the workspace."""
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()

    def _count_end(self, code: int) -> None:
        lived_long = time.monotonic() - self._started_at > LIVED_LONG_SECONDS
        self._ended = 0 if code in {0, LEFT_ALONE} or lived_long else self._ended + 1

    def _start(self) -> None:
        # -P: a folder named like one of our packages in the current folder is not ours.
        command = [sys.executable, "-P", "-m", "tui", "--workspace", str(self._workspace), "worker", "--attached"]
        with _open_log(log_path(self._workspace)) as log:
            # A session of its own: Ctrl-C in the terminal is for the app, which then closes the pipe.
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=_environment(),
            )
        self._started_at = time.monotonic()


def _open_log(path: Path) -> BinaryIO:
    """Opens the worker's log, to add to its end.

    Raises:
        EvalwrightError: if it can't be.
    """
    try:
        return open(open_own(path, os.O_APPEND), "ab")
    except OSError as error:
        raise EvalwrightError(f"The worker's log {path} can't be written ({error.strerror}).") from error


def _environment() -> dict[str, str]:
    """Returns the child's environment; run from a checkout, it says where the packages are."""
    root = str(Path(__file__).resolve().parents[2])
    if root == sysconfig.get_path("purelib"):
        return os.environ.copy()
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, known] if known else [root])}
