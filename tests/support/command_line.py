"""The command line as people call it: a process of its own, with nothing of the environment but what is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds after which a command that says nothing is taken for hung."""

KEPT = ("PATH", "TMPDIR", "LANG", "LC_ALL", "SYSTEMROOT", "XDG_STATE_HOME")
"""What a process keeps of these tests' environment; by the last it is the same user's, and runs the same jobs."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a person who has set nothing, and who has this checkout installed."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **more}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-P", "-m", "tui", *map(str, arguments)]


def run(
    *arguments: str | Path, cwd: Path, stdin: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """Runs a command to its end; `more` are environment variables."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(cwd, **more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        input=stdin,
        timeout=PATIENCE,
        check=False,
    )


def start(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, log: Path | None = None
) -> subprocess.Popen[bytes]:
    """Starts a command and goes on; what it says goes to a file."""
    with (log or cwd / "said.txt").open("ab") as said:
        return subprocess.Popen(
            command(*arguments),
            cwd=cwd,
            env=dict(env or environment(cwd)),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence on standard error of a call that was wrong; nothing else may be there."""
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("evalwright: ")
    assert "Traceback" not in done.stderr
    assert all(character.isprintable() for character in lines[0])
    return lines[0].removeprefix("evalwright: ")
