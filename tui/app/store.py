"""The workspace, away from the event loop: every read and write of the app goes through here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from db.errors import WorkspaceError
from db.store.connection import Connection
from db.store.sqlite import DatabaseError
from db.store.workspace import open_workspace

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """Two threads with a connection each: one for answers, one for looking, so that no look delays an answer.

    What is to be stored is stored even if whoever asked no longer waits, and even if the app ends meanwhile.
    """

    def __init__(self, workspace: Path) -> None:
        self._answering = _Desk(workspace, "answering")
        self._looking = _Desk(workspace, "looking")

    async def answering(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Takes part in reviewing: serves, stores, goes back.

        Raises:
            EvalwrightError: whatever `work` raises; a failure of SQLite comes as a `WorkspaceError`.
        """
        return await _to_its_end(self._answering.submit(work, *args, **kwargs))

    async def looking(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Reads what screens show, unless nobody waits for it any more by its turn; raises like `answering`."""
        return await asyncio.wrap_future(self._looking.submit(work, *args, **kwargs))

    async def changing(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Changes what isn't part of reviewing, which may take a while; raises like `answering`."""
        return await _to_its_end(self._looking.submit(work, *args, **kwargs))

    def leave(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Takes part in reviewing, after everything before it, and need not be waited for."""
        return self._answering.submit(work, *args, **kwargs)

    def close(self, *, before: Callable[[], None] | None = None, wait: bool = False) -> None:
        """Closes both connections after what was handed in; it may be called again.

        Args:
            before: Called on the looking thread at the last.
            wait: Whether to wait for it; otherwise the end of the program does.
        """
        self._looking.close(before)
        self._answering.close()
        if wait:
            self._answering.wait()
            self._looking.wait()


class _Desk:
    """One thread and its connection, opened when it is first needed."""

    def __init__(self, workspace: Path, name: str) -> None:
        self._workspace = workspace
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._connection: Connection | None = None

    def submit(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return self._executor.submit(self._do, lambda connection: work(connection, *args, **kwargs))

    def close(self, before: Callable[[], None] | None = None) -> None:
        with suppress(RuntimeError):  # it is closed
            self._executor.submit(self._end, before)
        self._executor.shutdown(wait=False)

    def wait(self) -> None:
        self._executor.shutdown(wait=True)

    def _do(self, work: Callable[[Connection], T]) -> T:
        if self._connection is None:
            self._connection = open_workspace(self._workspace)
        try:
            return work(self._connection)
        except DatabaseError as error:
            raise WorkspaceError(f"The workspace {self._workspace} can't be used now ({error}); try again.") from error

    def _end(self, before: Callable[[], None] | None) -> None:
        if before is not None:
            before()
        if self._connection is not None:
            self._connection.close()


async def _to_its_end(asked: Future[T]) -> T:
    """Waits for something that is done even if whoever waits is cancelled before its turn comes."""
    waiting = asyncio.wrap_future(asked)
    # A failure that nobody hears of would be printed by asyncio.
    waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(waiting)
