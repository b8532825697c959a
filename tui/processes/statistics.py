"""The gate and the agreement, asked of a process of its own: their libraries never enter the app."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from db.errors import EvalwrightError
from review.text.json import from_json
from tui.processes.child_commands import COMMAND, ChildCommands

if TYPE_CHECKING:  # Loaded with the first answer: no example waits for it.
    from review.agreement import Agreement
    from review.gate.decision import Decision
    from review.lint import Finding
    from review.release import Preview, Release

T = TypeVar("T")

ANSWERED = (0, 1)
"""The exit codes of an answer: yes, and no."""


class StatisticsError(EvalwrightError):
    """The statistics could not be computed."""


class Statistics:
    """Asks for statistics, one process at a time."""

    def __init__(self, workspace: Path, command: Sequence[str] = COMMAND) -> None:
        self._commands = ChildCommands((*command, "--workspace", str(workspace)))

    async def gate(self, datasets: Sequence[str]) -> tuple[Decision, ...]:
        """Asks the gate about datasets.

        Raises:
            StatisticsError: with the command's own sentence if it can't answer.
        """
        return await self._ask(_decisions, "gate", "--json", "--", *datasets)

    async def agreement(self, dataset: str, *, only_questions: bool = False) -> Agreement:
        """Computes a dataset's agreement, in every way there is or only the coefficients; raises like `gate`."""
        from review.agreement import Agreement

        less = ("--questions",) if only_questions else ()
        return await self._ask(partial(from_json, Agreement), "agreement", "--json", *less, "--", dataset)

    async def lint(self, dataset: str) -> tuple[Finding, ...]:
        """Looks for defects in a dataset's texts; raises like `gate`."""
        return await self._ask(_findings, "lint", "--json", "--", dataset)

    async def preview(self, dataset: str) -> Preview:
        """Says what a release of a dataset would hold; raises like `gate`."""
        from review.release import Preview

        return await self._ask(partial(from_json, Preview), "ship", "--preview", "--json", "--", dataset)

    async def ship(self, dataset: str, folder: str, override: str | None) -> Release:
        """Ships a dataset, whoever waits for it; raises like `gate`, with the reason where it is refused."""
        from review.release import Release

        reason = () if override is None else (f"--override={override}",)
        words = ("ship", "--json", f"--to={folder}", *reason, "--", dataset)
        return await self._ask(partial(from_json, Release), *words, to_its_end=True)

    async def stop(self) -> None:
        """Ends what runs; nothing is answered any more."""
        await self._commands.stop()

    async def _ask(self, read: Callable[[Any], T], *arguments: str, to_its_end: bool = False) -> T:
        ended = await self._commands.run(*arguments, to_its_end=to_its_end)
        if ended.code not in ANSWERED or not ended.out:
            raise StatisticsError(ended.said or "The statistics process failed.")
        try:
            return read(json.loads(ended.out))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StatisticsError(
                "The statistics process gave no answer that can be read; `evalwright gate` may say why."
            ) from error


def _decisions(found: Sequence[Any]) -> tuple[Decision, ...]:
    from review.gate.decision import Decision

    return tuple(from_json(Decision, entry) for entry in found)


def _findings(found: Mapping[str, Any]) -> tuple[Finding, ...]:
    from review.lint import Finding

    return tuple(Finding(**entry) for entry in found["findings"])
