"""Previews, made in a process of their own: engines never enter the app."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from db.errors import EvalwrightError
from generation.trials.preview import Preview
from review.text.json import from_json
from tui.processes.child_commands import COMMAND, ChildCommands


class PreviewError(EvalwrightError):
    """A preview could not be made."""


class PreviewProcess:
    """Tries out behaviour files, one call at a time."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._commands = ChildCommands(command)

    async def run(
        self, files: Sequence[str], *, engine: str, model: str, count: int, tell: Callable[[str], None]
    ) -> tuple[Preview, ...]:
        """Returns a preview for each file; the process ends with whoever asks.

        Args:
            files: Behaviour files.
            engine: An engine's name.
            model: A model id; "" is the engine's default.
            count: How many candidates each.
            tell: Is told what is going on, a line at a time.

        Raises:
            PreviewError: with the command's own sentence.
        """
        words = ["--engine", engine, "--preview", str(count), "--json", *(["--model", model] if model else [])]
        ended = await self._commands.run("generate", *words, "--", *files, tell=tell)
        if ended.code != 0:
            raise PreviewError(ended.said or "The preview was stopped.")
        found = json.loads(ended.out)
        return tuple(from_json(Preview, one) for one in (found if isinstance(found, list) else [found]))

    async def stop(self) -> None:
        """Ends a call that nobody waits for any more, and waits until its process is gone."""
        await self._commands.stop()
