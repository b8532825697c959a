"""A program in a pseudo-terminal, and the screen that a person would see."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyte


class Terminal:
    """Runs a command in a terminal of its own; use it as a context manager."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Starts the command.

        Args:
            command: Program and arguments.
            columns: Width of the terminal.
            rows: Height of it.
            folder: Where to run; by default here.
            environment: What to add to the environment.
        """
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.received = b""
        self.pid, self._handle = pty.fork()
        if self.pid == 0:
            os.chdir(folder or Path.cwd())
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})})
            os.execvp(command[0], list(command))
        fcntl.ioctl(self._handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        os.close(self._handle)

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def press(self, keys: str) -> None:
        """Types."""
        os.write(self._handle, keys.encode())

    def read(self, seconds: float = 0.05) -> bool:
        """Takes what the program writes within that time; false once it has ended."""
        ready, _, _ = select.select([self._handle], [], [], seconds)
        if not ready:
            return True
        try:
            written = os.read(self._handle, 65536)
        except OSError:  # The other end of the terminal is closed.
            return False
        self.received += written
        self._stream.feed(written)
        return bool(written)

    def wait_for(self, *words: str, seconds: float = 30) -> str:
        """Reads until the screen shows all of these words, and returns what it shows."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.read():
            if all(word in self.text for word in words):
                return self.text
        raise AssertionError(f"{words} did not show on\n{self.text}")

    def wait_to_end(self, seconds: float = 20) -> int:
        """Reads until the program has ended, and returns its exit code."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.read():
            pass
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)
