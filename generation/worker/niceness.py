"""Stepping back behind the people who type while this process computes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

NICE = 10
"""How far. Further would do harm: a process that gets no time while it writes keeps everybody from writing."""

AUTOGROUP = Path("/proc/self/autogroup")


def step_back() -> None:
    """Makes this process give way to others."""
    with suppress(OSError):
        os.nice(NICE)
    # Linux divides the time among sessions first, and only within one by how nice each process is; a worker that the
    # app starts has a session of its own, which would weigh as much as the one that people type in.
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            AUTOGROUP.write_text(str(NICE))
