"""Ending where the terminal takes no more output: its line is lost, or nobody reads it any more.

Textual waits, if need be for ever, until the terminal takes what it paints, and does so in the thread that would
notice a signal.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

LOOKS, LOOK_SECONDS = 50, 0.1
"""A terminal that takes nothing at so many looks in a row, so far apart, is lost."""


def leave_when_lost(codes: Mapping[signal.Signals, int], last: Callable[[], None]) -> None:
    """Has signals end this process also where the terminal takes nothing.

    To be called after the event loop has been given handlers of its own for them: those are still called.

    Args:
        codes: The signals, and the exit code that each ends with.
        last: What must be done even then, and may take its time; called in a thread.
    """
    output = sys.__stderr__  # what Textual draws on
    if output is None or not output.isatty():
        return
    handle = output.fileno()
    settings = termios.tcgetattr(handle)

    def leave(number: int) -> None:
        _wait_until_lost(handle)
        last()
        with suppress(termios.error):
            termios.tcsetattr(handle, termios.TCSANOW, settings)
        os._exit(codes[signal.Signals(number)])

    def begin(number: int, _: object) -> None:
        threading.Thread(target=leave, args=(number,), name="leaving", daemon=True).start()

    for name in codes:
        signal.signal(name, begin)


def _wait_until_lost(handle: int) -> None:
    """Returns once a terminal has taken nothing for a while."""
    poll = select.poll()
    poll.register(handle, select.POLLOUT)
    looks = 0
    while looks < LOOKS:
        takes = poll.poll(0) == [(handle, select.POLLOUT)]
        looks = 0 if takes else looks + 1
        time.sleep(LOOK_SECONDS)
