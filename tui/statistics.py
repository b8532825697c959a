"""The gate and the agreement, asked of a process of its own: their libraries never enter the app."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any, TypeVar

from db.errors import EvalwrightError

T = TypeVar("T")

COMMAND = (sys.executable, "-P", "-m", "tui")
NICE = 10
"""How far the child steps back behind the people who type."""

ANSWERED = (0, 1)
"""The exit codes of an answer: yes, and no."""


class StatisticsError(EvalwrightError):
    """The statistics could not be computed."""


@dataclass(frozen=True)
class Evidence:
    """One measured quantity with its bounds and its threshold; see `evalwright gate --json`."""

    name: str
    statistic: str
    n: int
    value: float | None
    lower: float | None
    upper: float | None
    threshold: float
    bound: str
    passes: bool | None
    failed: bool
    guarantee: str
    note: str


@dataclass(frozen=True)
class Decision:
    """What the gate says of a dataset."""

    dataset: str
    decision: str
    provisional: bool
    evidence: tuple[Evidence, ...]
    repairs: tuple[str, ...]
    policy: str
    forecast: str | None


@dataclass(frozen=True)
class Agreement:
    """How far annotators agree on one question; what is undefined is None, with the reason."""

    question: str
    units: int
    annotators: int
    raw: float | None
    alpha: float | None
    alpha_interval: tuple[float, float] | None
    undefined: Mapping[str, str]


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

    async def agreement(self, dataset: str) -> tuple[Agreement, ...]:
        """Computes a dataset's agreement; raises like `gate`."""
        return await self._ask(_agreements, "agreement", "--json", "--", dataset)

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
        if code not in ANSWERED:
            said = err.decode(errors="replace").strip().splitlines()
            raise StatisticsError(said[-1].removeprefix("evalwright: ") if said else "The statistics process failed.")
        try:
            return read(json.loads(out))
        except (ValueError, KeyError, TypeError) as error:
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


def _decisions(found: Sequence[Mapping[str, Any]]) -> tuple[Decision, ...]:
    return tuple(_decision(entry) for entry in found)


def _agreements(found: Mapping[str, Any]) -> tuple[Agreement, ...]:
    return tuple(_agreement(entry) for entry in found["questions"])


def _decision(entry: Mapping[str, Any]) -> Decision:
    return Decision(
        entry["name"],
        entry["decision"],
        entry["provisional"],
        tuple(_evidence(piece) for piece in entry["evidence"]),
        tuple(entry["repairs"]),
        entry["policy"],
        entry["forecast"],
    )


def _evidence(piece: Mapping[str, Any]) -> Evidence:
    return Evidence(**{name: piece[name] for name in Evidence.__dataclass_fields__})


def _agreement(entry: Mapping[str, Any]) -> Agreement:
    interval = entry.get("alpha_ci")
    return Agreement(
        entry["name"],
        entry["n_units"],
        entry["n_annotators"],
        entry["percent_agreement"],
        entry["alpha"],
        (interval[0], interval[1]) if interval else None,
        entry["undefined"],
    )
