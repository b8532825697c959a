"""Progress of long work: a bar on a terminal, plain lines in a pipe; always on standard error.

Both tell how long it has taken, and go on by themselves: on a terminal something moves, and in a pipe there is a line
every ten seconds, also while nothing has come back yet.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType

from tui.presentation.text import clock, shortened, visible

WIDTH = 28
LEAST_WIDTH = 6
TURNING_AND_TIME = 12
"""Cells for what moves and for the time that has passed."""

REDRAW_SECONDS = 0.1
LINE_SECONDS = 10.0
TURN_SECONDS = 0.5
TURNING = "|/-\\"
ELAPSED = " · "
"""What stands before the time that has passed."""


class Bar:
    """What long work is doing, how far it is, and for how long it has gone on."""

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
        self._began = time.monotonic()
        self._drawn_at = 0.0 if self._terminal else self._began
        self._latest: str | tuple[int, int | None, str] = title
        self._text = ""
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._turns = threading.Thread(target=self._turn, daemon=True)

    def __enter__(self) -> Bar:
        self._turns.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._turns.join()
        if self._terminal and self._text:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def update(self, done: int, total: int | None = None, *, doing: str = "") -> None:
        """Shows how far the work is, and what is being done just now; may be called as often as one likes."""
        self._latest = done, total, doing
        pause = REDRAW_SECONDS if self._terminal else LINE_SECONDS
        if time.monotonic() - self._drawn_at >= pause or done == total:
            self._draw()

    def say(self, text: str) -> None:
        """Shows a text in the bar's place."""
        self._latest = text
        if text != self._text:
            self._draw()

    def _line(self) -> str:
        if isinstance(self._latest, str):
            return self._latest
        done, total, doing = self._latest
        more = f"  {doing}" if doing else ""
        if not total:
            return f"{self._title}: {done // self._scale:,} {self._unit}{more}"
        told = f"{done // self._scale:,} of {total // self._scale:,} {self._unit}{more}"
        # Words go before the bar where there is no room for both.
        room = _columns() - TURNING_AND_TIME - len(self._title) - len(told) - 4 if self._terminal else WIDTH
        width = max(LEAST_WIDTH, min(WIDTH, room))
        filled = width * done // total
        return f"{self._title}  {'█' * filled}{'░' * (width - filled)}  {told}"

    def _turn(self) -> None:
        """Shows what was told last with the time that has passed, until the work is over."""
        pause = TURN_SECONDS if self._terminal else LINE_SECONDS
        while not self._over.wait(TURN_SECONDS):
            if time.monotonic() - self._drawn_at >= pause:
                with suppress(OSError, ValueError):  # nobody reads any more: the work itself will tell
                    self._draw()

    def _draw(self) -> None:
        with self._lock:
            self._text, self._drawn_at = self._line(), time.monotonic()
            passed = self._drawn_at - self._began
            shown = visible(self._text, one_line=True)
            elapsed = f"{ELAPSED}{clock(passed)}" if passed >= 1 else ""
            if self._terminal:  # A line that wraps can't be drawn over; what moves and the time stay on it.
                turning = TURNING[int(passed / TURN_SECONDS) % len(TURNING)]
                room = _columns() - 3 - len(elapsed)
                shown = f"\r\x1b[K{turning} {shortened(shown, max(0, room))}{elapsed}"
            sys.stderr.write(shown if self._terminal else f"{shown}{elapsed}\n")
            sys.stderr.flush()


def _columns() -> int:
    return shutil.get_terminal_size().columns


def without_elapsed(line: str) -> str:
    """Returns a line of progress without the time that has passed, for who tells it anew each second."""
    text, mark, passed = line.rpartition(ELAPSED)
    return text if mark and passed[:1].isdigit() else line
