"""Real processes for tests: started together, waited for, killed."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds after which a child that says nothing is taken for hung."""

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(
    ["db.workspace", "sqlite_utils", "review.annotation", "review.importing", "tests.support.labelling"]
)


class ChildError(Exception):
    """A child's function raised; the message is its traceback."""


class Child(Generic[T]):
    """A process that runs one function of an importable module."""

    def __init__(self, function: Callable[..., T], *args: Any) -> None:
        self._results, sender = context.Pipe(duplex=False)
        self.process = context.Process(target=_run, args=(sender, function, args), daemon=True)
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


def _run(sender: Connection, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        outcome: tuple[str | None, Any] = (None, function(*args))
    except BaseException:
        outcome = (traceback.format_exc(), None)
    sender.send(outcome)
