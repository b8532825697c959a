"""Imports as processes."""

from __future__ import annotations

import os
import signal
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

from db.errors import InputError
from db.store.workspace import open_workspace
from review.datasets.importing import import_file


def import_together(workspace: Path, file: Path, barrier: Barrier) -> str | None:
    """Imports when all are ready; returns the sentence if that is refused."""
    connection = open_workspace(workspace)
    barrier.wait()
    try:
        import_file(connection, file, name="bees", behavior="keeps bees")
    except InputError as error:
        return str(error)
    return None


def import_and_die(workspace: Path, file: Path, rows: int) -> None:
    """Imports, and is killed when that many rows are written."""
    connection = open_workspace(workspace)

    def progress(done: int) -> None:
        if done >= rows:
            os.kill(os.getpid(), signal.SIGKILL)

    import_file(connection, file, name="bees", behavior="keeps bees", progress=progress)


def import_telling(workspace: Path, file: Path, begun: Event, ended: Event) -> int:
    """Imports, and tells when rows are being written and when all are; returns how many there are."""
    connection = open_workspace(workspace)
    imported = import_file(connection, file, name="bees", behavior="keeps bees", progress=lambda _: begun.set())
    ended.set()
    return imported.examples


def import_and_wait(workspace: Path, file: Path, begun: Event, go_on: Event) -> int:
    """Imports, and waits in the middle until it may go on."""
    connection = open_workspace(workspace)

    def progress(_: int) -> None:
        begun.set()
        go_on.wait()

    return import_file(connection, file, name="bees", behavior="keeps bees", progress=progress).examples
