"""The app in a real terminal: typed into, left, started again, ended by signals; the terminal is left as it was."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pyte
import pytest

from tests.tui.app_driver import stored

COLUMNS, ROWS = 80, 24
PATIENCE_SECONDS = 60.0
ROOT = Path(__file__).parents[2]


class Terminal:
    """A pseudo-terminal with the app in it."""

    def __init__(self, workspace: Path, *arguments: str) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.code: int | None = None
        self.pid, self._handle = pty.fork()
        if self.pid == 0:
            os.environ.update(
                COLORTERM="truecolor", TERM="xterm-256color", TEXTUAL_ANIMATIONS="none", PYTHONPATH=str(ROOT)
            )
            os.chdir(workspace.parent)
            command = [sys.executable, "-m", "tui", "--workspace", str(workspace), "--as", "anna", *arguments]
            os.execv(sys.executable, command)
        ioctl(self._handle, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(self.screen.display)

    def type(self, keys: str) -> None:
        """Types."""
        os.write(self._handle, keys.encode())

    def until(self, words: str) -> None:
        """Reads until the screen shows these words."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words not in self.text:
            assert time.monotonic() < deadline, f"{words!r} does not show in\n{self.text}"
            self._read()

    def until_ended(self) -> int:
        """Reads until the app has ended, and returns its exit code."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.code is None:
            assert time.monotonic() < deadline, f"still running, with\n{self.text}"
            self._read()
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.code = os.waitstatus_to_exitcode(status)
        while self._read():
            pass
        return self.code

    def close(self) -> None:
        """Ends what still runs."""
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._handle)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._handle], [], [], 0.05)
        if not ready:
            return False
        try:
            data = os.read(self._handle, 65536)
        except OSError:  # The other end is closed.
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)


@pytest.fixture
def terminals(hive: Path) -> Iterator[list[Terminal]]:
    """Terminals that are closed at the end."""
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def start(terminals: list[Terminal], workspace: Path, *arguments: str) -> Terminal:
    """Opens a terminal."""
    terminals.append(Terminal(workspace, *arguments))
    return terminals[-1]


def is_clean(terminal: Terminal) -> bool:
    """Whether the terminal was given back: its own screen, its cursor, no mouse, no bracketed paste."""
    return all(terminal.raw.rfind(off) > terminal.raw.rfind(on) for on, off in [
        (b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h"), (b"\x1b[?1000h", b"\x1b[?1000l"),
        (b"\x1b[?2004h", b"\x1b[?2004l"),
    ])  # fmt: skip


def test_label_two_leave_start_again_and_undo_one(hive: Path, terminals: list[Terminal]) -> None:
    terminal = start(terminals, hive)
    terminal.until("▌ beekeeping")
    terminal.type("\r")
    terminal.until("Which answer would they give?")
    terminal.type("y4n2")
    terminal.until("2 this time")
    terminal.type("\x1b")
    terminal.until("Enter review")
    terminal.type("q")
    assert terminal.until_ended() == 0
    assert is_clean(terminal)
    before = stored(hive, "beekeeping")
    assert [(one.label, one.relevance) for _, one in before] == [(" Yes", 4), (" No", 2)]

    again = start(terminals, hive)
    again.until("▌ beekeeping")
    again.type("r")
    again.until("2 answered · 0 this time")
    again.type("u")
    again.until("Answered before")
    assert before[1][0] in again.text
    again.type("y5")
    again.until("Changed.")
    again.type("\x11")
    assert again.until_ended() == 0
    after = [(one.label, one.relevance, one.revision) for _, one in stored(hive, "beekeeping")]
    assert after == [(" Yes", 4, 1), (" Yes", 5, 2)]


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_clean_and_gives_the_example_back(
    hive: Path, terminals: list[Terminal], name: signal.Signals
) -> None:
    terminal = start(terminals, hive)
    terminal.until("▌ beekeeping")
    terminal.type("r")
    terminal.until("I keep")
    terminal.type("y4")
    terminal.until("1 this time")
    os.kill(terminal.pid, name)
    terminal.until_ended()
    assert is_clean(terminal)
    assert "Traceback" not in terminal.text
    assert len(stored(hive, "beekeeping")) == 1


def test_without_colour_everything_is_grey(
    hive: Path, terminals: list[Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = start(terminals, hive)
    terminal.until("Enter review")
    terminal.type("q")
    terminal.until_ended()
    colours = set(re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", terminal.raw))
    assert colours
    assert all(red == green == blue for red, green, blue in colours)
    assert not re.search(rb"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7])(?:;\d+)*m", terminal.raw.replace(b"38;2;", b"x"))
