"""Our own commands, run for the app in processes of their own: their libraries never enter it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from subprocess import DEVNULL, PIPE

from db.errors import EvalwrightError

COMMAND = (sys.executable, "-P", "-m", "tui")
NICE = 10
"""How far a child steps back behind the people who type."""

ENDING_SECONDS = 5.0
"""How long killed processes are waited for: what they had begun themselves may hold their pipes."""

LONGEST_LINE = 1 << 20


class ChildCommandError(EvalwrightError):
    """A command can't be run any more."""


@dataclass(frozen=True)
class Ended:
    """What came of a command.

    Attributes:
        code: Its exit code.
        out: What it wrote to its standard output.
        said: The last line it wrote to its standard error, without the program's name.
    """

    code: int
    out: bytes
    said: str


class ChildCommands:
    """Runs commands, one process at a time, and sees each to its end."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._one_at_a_time = asyncio.Lock()
        self._running: set[asyncio.Task[Ended]] = set()
        self._stopping = False

    async def run(
        self, *arguments: str, tell: Callable[[str], None] = lambda line: None, to_its_end: bool = False
    ) -> Ended:
        """Runs a command; if whoever asked is cancelled, its process is killed.

        Args:
            arguments: What follows the program.
            tell: Is told each line of the standard error.
            to_its_end: Whether the process goes on though nobody waits for it any more.

        Raises:
            ChildCommandError: once `stop` has been called.
        """
        if self._stopping:  # A process begun now would be nobody's to end.
            raise ChildCommandError("evalwright is closing.")
        # A task of its own keeps the turn until its process is gone, whatever becomes of whoever asked.
        task = asyncio.create_task(self._follow(arguments, tell))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not to_its_end:
                _cancel(task)
            raise

    async def stop(self) -> None:
        """Kills what runs, lets nothing begin any more, and waits until all is gone; who waits is cancelled."""
        self._stopping = True
        running = list(self._running)
        for task in running:
            _cancel(task)
        if running:
            await asyncio.wait(running, timeout=ENDING_SECONDS)

    async def _follow(self, arguments: Sequence[str], tell: Callable[[str], None]) -> Ended:
        async with self._one_at_a_time:
            process = await asyncio.create_subprocess_exec(
                *self._command, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, limit=LONGEST_LINE
            )
            try:
                with suppress(ProcessLookupError):  # It may be over already.
                    os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
                assert process.stdout is not None
                assert process.stderr is not None
                out, said = await asyncio.gather(process.stdout.read(), _listen(process.stderr, tell))
                return Ended(await process.wait(), out, said.removeprefix("evalwright: "))
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.communicate()


def _cancel(task: asyncio.Task[Ended]) -> None:
    """Cancels a task once: a second time would keep it from seeing its process to the end."""
    if not task.cancelling():
        task.cancel()


async def _listen(lines: asyncio.StreamReader, tell: Callable[[str], None]) -> str:
    """Tells each line; returns the last."""
    said = ""
    async for line in lines:
        said = line.decode(errors="replace").strip() or said
        tell(said)
    return said
