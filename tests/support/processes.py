"""Real processes for tests: started together, waited for, killed."""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds after which a child that says nothing is taken for hung."""

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(
    [
        "db.store.workspace",
        "sqlite_utils",
        "review.annotation.submitting",
        "review.datasets.importing",
        "tests.support.labelling",
    ]
)


class ChildError(Exception):
    """A child's function raised; the message is its traceback."""


class Child(Generic[T]):
    """A process that runs one function of an importable module."""

    def __init__(self, function: Callable[..., T], *args: Any, fork: bool = False) -> None:
        """Starts it.

        Args:
            function: What it runs.
            args: With what.
            fork: Whether it begins as a copy of this process, with all that is imported here; this one must then have
                no connection open.
        """
        started: BaseContext = multiprocessing.get_context("fork") if fork else context
        self._results, sender = started.Pipe(duplex=False)
        self.process = started.Process(target=_run, args=(sender, function, args), daemon=True)  # type: ignore[attr-defined]
        with _deaf() if fork else nullcontext():
            self.process.start()
        sender.close()

    def result(self) -> T:
        """Waits for the child and returns what its function returned."""
        assert self._results.poll(PATIENCE), "the child hangs"
        failure, value = self._results.recv()
        self.process.join(PATIENCE)
        if failure is not None:
            raise ChildError(failure)
        returned: T = value
        return returned

    def kill(self) -> None:
        """Kills the child as `kill -9` does, and waits until it is gone."""
        self.process.kill()
        self.process.join(PATIENCE)


@contextmanager
def _deaf() -> Iterator[None]:
    """A child forked here doesn't hear Ctrl-C until it asks to: it would end in the machinery that starts processes."""
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)


def _run(sender: Connection, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        outcome: tuple[str | None, Any] = (None, function(*args))
    except BaseException:
        outcome = (traceback.format_exc(), None)
    sender.send(outcome)
