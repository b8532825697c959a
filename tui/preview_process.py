"""Previews, made in a process of their own: engines never enter the app."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from subprocess import DEVNULL, PIPE

from db.errors import EvalwrightError
from generation.preview import Preview
from review.json_text import from_json
from tui.statistics import COMMAND


class PreviewError(EvalwrightError):
    """A preview could not be made."""


class PreviewProcess:
    """Tries out behaviour files, one call at a time; a new call ends the one before."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._process: asyncio.subprocess.Process | None = None

    async def run(
        self, files: Sequence[str], *, engine: str, model: str, count: int, tell: Callable[[str], None]
    ) -> tuple[Preview, ...]:
        """Returns a preview for each file.

        Args:
            files: Behaviour files.
            engine: An engine's name.
            model: A model id; "" is the engine's default.
            count: How many candidates each.
            tell: Is told what is going on, a line at a time.

        Raises:
            PreviewError: with the command's own sentence.
        """
        self.stop()
        words = ["--engine", engine, "--preview", str(count), "--json", *(["--model", model] if model else [])]
        process = await asyncio.create_subprocess_exec(
            *self._command, "generate", *words, "--", *files, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
        )
        self._process = process
        assert process.stdout is not None
        assert process.stderr is not None
        said = ""
        reading = asyncio.create_task(process.stdout.read())
        try:
            async for line in process.stderr:
                said = line.decode(errors="replace").strip() or said
                tell(said)
            out = await reading
            code = await process.wait()
        finally:
            reading.cancel()
            if process.returncode is None:
                process.kill()
        if code != 0:
            raise PreviewError(said.removeprefix("evalwright: ") or "The preview was stopped.")
        found = json.loads(out)
        return tuple(from_json(Preview, one) for one in (found if isinstance(found, list) else [found]))

    def stop(self) -> None:
        """Ends a call that nobody waits for any more."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
