"""The gate and the agreement, asked of a process of its own: their libraries never enter the app."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any, TypeVar

from db.errors import EvalwrightError
from review.agreement import Agreement
from review.gate import Decision
from review.json_text import from_json
from review.lint import Finding
from review.release import Preview, Release

T = TypeVar("T")

COMMAND = (sys.executable, "-P", "-m", "tui")
NICE = 10
"""How far the child steps back behind the people who type."""

ANSWERED = (0, 1)
"""The exit codes of an answer: yes, and no."""


class StatisticsError(EvalwrightError):
    """The statistics could not be computed."""


class Statistics:
    """Asks for statistics, one process at a time."""

    def __init__(self, workspace: Path, command: Sequence[str] = COMMAND) -> None:
        self._command = (*command, "--workspace", str(workspace))
        self._one_at_a_time = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[tuple[int | None, bytes, bytes]] | None = None
        self._stopping = False

    async def gate(self, datasets: Sequence[str]) -> tuple[Decision, ...]:
        """Asks the gate about datasets.

        Raises:
            StatisticsError: with the command's own sentence if it can't answer.
        """
        return await self._ask(_decisions, "gate", "--json", "--", *datasets)

    async def agreement(self, dataset: str, *, only_questions: bool = False) -> Agreement:
        """Computes a dataset's agreement, in every way there is or only the coefficients; raises like `gate`."""
        less = ("--questions",) if only_questions else ()
        return await self._ask(partial(from_json, Agreement), "agreement", "--json", *less, "--", dataset)

    async def lint(self, dataset: str) -> tuple[Finding, ...]:
        """Looks for defects in a dataset's texts; raises like `gate`."""
        return await self._ask(_findings, "lint", "--json", "--", dataset)

    async def preview(self, dataset: str) -> Preview:
        """Says what a release of a dataset would hold; raises like `gate`."""
        return await self._ask(partial(from_json, Preview), "ship", "--preview", "--json", "--", dataset)

    async def ship(self, dataset: str, folder: str, override: str | None) -> Release:
        """Ships a dataset; raises like `gate`, with the reason where it is refused."""
        reason = () if override is None else (f"--override={override}",)
        return await self._ask(partial(from_json, Release), "ship", "--json", f"--to={folder}", *reason, "--", dataset)

    async def stop(self) -> None:
        """Ends a process that nobody waits for any more."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _ask(self, read: Callable[[Any], T], *arguments: str) -> T:
        async with self._one_at_a_time:
            # Whoever asks may be cancelled; the process is still seen to its end.
            self._task = asyncio.create_task(self._run(arguments))
            code, out, err = await asyncio.shield(self._task)
        if code not in ANSWERED or not out:
            said = err.decode(errors="replace").strip().splitlines()
            raise StatisticsError(said[-1].removeprefix("evalwright: ") if said else "The statistics process failed.")
        try:
            return read(json.loads(out))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StatisticsError(
                "The statistics process gave no answer that can be read; `evalwright gate` may say why."
            ) from error

    async def _run(self, arguments: Sequence[str]) -> tuple[int | None, bytes, bytes]:
        process = await asyncio.create_subprocess_exec(
            *self._command, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
        )
        self._process = process
        with suppress(ProcessLookupError):  # It may be over already.
            if self._stopping:
                process.kill()
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        out, err = await process.communicate()
        return process.returncode, out, err


def _decisions(found: Sequence[Any]) -> tuple[Decision, ...]:
    return tuple(from_json(Decision, entry) for entry in found)


def _findings(found: Mapping[str, Any]) -> tuple[Finding, ...]:
    return tuple(Finding(**entry) for entry in found["findings"])
