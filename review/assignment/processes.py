"""Whether a process that left its name in the workspace still runs."""

from __future__ import annotations

import os
from pathlib import Path

_START_TIME = 19
"""Where the start time stands in /proc/PID/stat, counted from 0 behind the program's name in brackets; see proc(5)."""


def process_exists(pid: int) -> bool:
    """Whether a process of this id runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def process_mark(pid: int) -> str:
    """Returns what tells a process from another one that has its id later: which start of the system, and when then.

    Empty where the system doesn't say, and where there is no such process.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return f"{boot} {fields[_START_TIME]}"


def still_runs(pid: int, mark: str) -> bool:
    """Whether the process of this id and mark runs on this machine; without a mark, whether any of this id does.

    In a container with a fixed name every start may give a program the same id as the last.
    """
    return process_exists(pid) and (not mark or process_mark(pid) in {mark, ""})
