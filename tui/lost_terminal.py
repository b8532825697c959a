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
from collections.abc import Callable, Iterable
from contextlib import suppress

LOST_SECONDS = 5.0
"""How long a terminal that takes nothing is waited for once the app has been told to end."""


def leave_when_lost(names: Iterable[signal.Signals], last: Callable[[], None]) -> None:
    """Has signals end this process also where the terminal takes nothing, with 128 and the signal's number.

    To be called after the event loop has been given handlers of its own for them: those are still called.

    Args:
        names: The signals.
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
        os._exit(128 + number)

    def begin(number: int, _: object) -> None:
        threading.Thread(target=leave, args=(number,), name="leaving", daemon=True).start()

    for name in names:
        signal.signal(name, begin)


def _wait_until_lost(handle: int) -> None:
    """Returns once a terminal has taken nothing for a while."""
    poll = select.poll()
    poll.register(handle, select.POLLOUT)
    taken = time.monotonic()
    while time.monotonic() - taken < LOST_SECONDS:
        if poll.poll(0) == [(handle, select.POLLOUT)]:
            taken = time.monotonic()
        time.sleep(0.1)
