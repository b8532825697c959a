"""Progress of long work: a bar on a terminal, plain lines in a pipe; always on standard error."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType

from tui.text import shortened, visible

WIDTH = 28
REDRAW_SECONDS = 0.1
LINE_SECONDS = 10.0


class Bar:
    """What long work is doing and how far it is."""

    def __init__(self, title: str, unit: str, *, scale: int = 1) -> None:
        """Begins.

        Args:
            title: What is being done.
            unit: What is counted.
            scale: How many counted things make one unit, such as 10**6 bytes.
        """
        self._title = title
        self._unit = unit
        self._scale = scale
        self._terminal = sys.stderr.isatty()
        self._drawn_at = 0.0 if self._terminal else time.monotonic()
        self._text = ""

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal and self._text:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def update(self, done: int, total: int | None = None, *, doing: str = "") -> None:
        """Shows how far the work is, and what is being done just now; may be called as often as one likes."""
        pause = REDRAW_SECONDS if self._terminal else LINE_SECONDS
        if time.monotonic() - self._drawn_at < pause and done != total:
            return
        self._drawn_at = time.monotonic()
        self._draw(self._line(done, total) + (f"  {doing}" if doing else ""))

    def say(self, text: str) -> None:
        """Shows a text in the bar's place."""
        if text != self._text:
            self._draw(text)

    def _line(self, done: int, total: int | None) -> str:
        if not total:
            return f"{self._title}: {done // self._scale:,} {self._unit}"
        filled = WIDTH * done // total
        bar = "█" * filled + "░" * (WIDTH - filled)
        return f"{self._title}  {bar}  {done // self._scale:,} of {total // self._scale:,} {self._unit}"

    def _draw(self, text: str) -> None:
        self._text = text
        shown = visible(text, one_line=True)
        if self._terminal:  # A line that wraps can't be drawn over.
            shown = f"\r\x1b[K{shortened(shown, shutil.get_terminal_size().columns - 1)}"
        sys.stderr.write(shown if self._terminal else f"{shown}\n")
        sys.stderr.flush()
