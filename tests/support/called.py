"""The command line in a child that has imported it already: it begins at once, so that moments can be hit."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tui.cli.command_line import INTERRUPTED, main


def call(arguments: Sequence[str], folder: Path, said: Path) -> int:
    """Runs a command to its end in a folder and returns its exit code; what it says goes to a file."""
    os.chdir(folder)
    os.environ["TMPDIR"] = str(folder)
    with said.open("wb", buffering=0) as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
        sys.argv = ["evalwright", *arguments]
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        except KeyboardInterrupt:  # Just before the command, or just after it; in it, it exits by itself.
            return INTERRUPTED
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            sys.stdout.flush()
            sys.stderr.flush()
