"""A program in a pseudo-terminal, and the screen that a person would see."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyte

MODES = [
    (b"\x1b[?1049h", b"\x1b[?1049l"),
    (b"\x1b[?25l", b"\x1b[?25h"),
    *((f"\x1b[?{mode}h".encode(), f"\x1b[?{mode}l".encode()) for mode in (1000, 1003, 1004, 1006, 1015, 2004)),
    (b"\x1b[>25u", b"\x1b[<u"),
]
"""What turns something on in a terminal, and what turns it off again."""

FIXED_SIZE = ("COLUMNS", "LINES")
"""With these in its environment a program would follow no other size. Tests that run beside each other have them."""


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
        self._handle, line = os.openpty()
        self._line = os.ttyname(line)
        self.resize(columns, rows)
        self.pid = os.fork()
        if self.pid == 0:
            os.login_tty(line)
            os.chdir(folder or Path.cwd())
            kept = {name: value for name, value in os.environ.items() if name not in FIXED_SIZE}
            given = {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})}
            os.execvpe(command[0], list(command), given)
        os.close(line)
        self._hung_up = False
        self._settings = termios.tcgetattr(self._handle)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        if not self._hung_up:
            os.close(self._handle)

    @property
    def text(self) -> str:
        """What the screen shows."""
        lines = (self._screen.buffer[row] for row in range(self._screen.lines))
        places = range(self._screen.columns)  # where a wide character goes on, there is nothing
        return "\n".join("".join([line[place].data for place in places]).rstrip() for line in lines)

    def resize(self, columns: int, rows: int) -> None:
        """Tells the program another size; the screen here keeps its own."""
        fcntl.ioctl(self._handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

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

    def takes_output(self) -> bool:
        """Whether there is room for more output of the program, though nobody reads."""
        line = os.open(self._line, os.O_WRONLY | os.O_NOCTTY)
        try:
            return bool(select.select([], [line], [], 0)[1])
        finally:
            os.close(line)

    def is_left_clean(self) -> bool:
        """Whether it was given back: its own screen, cursor, no mouse, no bracketed paste, no keyboard protocol."""
        given_back = all(self.received.rfind(off) >= self.received.rfind(on) for on, off in MODES)
        return given_back and termios.tcgetattr(self._handle)[:4] == self._settings[:4]

    def hang_up(self) -> None:
        """Loses the line, as a broken SSH connection does."""
        self._hung_up = True
        os.close(self._handle)

    def wait_for(self, *words: str, seconds: float = 30) -> str:
        """Reads until the screen shows all of these words, and returns what it shows."""
        deadline = time.monotonic() + seconds
        seen = -1
        while time.monotonic() < deadline and self.read():
            if len(self.received) != seen:  # drawing the screen takes a while
                seen, shown = len(self.received), self.text
                if all(word in shown for word in words):
                    return shown
        raise AssertionError(f"{words} did not show on\n{self.text}")

    def settle(self, seconds: float = 0.1) -> str:
        """Reads until nothing has come for that long, so that no frame is there by half; returns what shows."""
        before = -1
        while before != len(self.received):
            before = len(self.received)
            self.read(seconds)
        return self.text

    def press_until(self, keys: str, happens: Callable[[], bool], *, seconds: float = 30) -> None:
        """Types once a second until something is so: what is typed too early is dropped."""
        deadline = time.monotonic() + seconds
        while not happens():
            if time.monotonic() > deadline:
                raise AssertionError(f"{keys!r} does nothing on\n{self.text}")
            self.press(keys)
            until = time.monotonic() + 1
            while time.monotonic() < until and not happens() and self.read():
                pass

    def kill(self) -> None:
        """Kills the program as `kill -9` does, and waits until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def wait_to_end(self, seconds: float = 20) -> int:
        """Reads until the program has ended, and returns its exit code."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.read():
            pass
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)
