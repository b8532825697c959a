"""The app where another program shows it, as `textual serve` does in a browser."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.command_line import command, environment

WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
GREETING = b"__GANGLION__"
"""What Textual's driver for browsers says first."""


def test_it_needs_no_terminal_there(hive: Path, tmp_path: Path) -> None:
    browser = environment(tmp_path, TEXTUAL_DRIVER=WEB_DRIVER, COLUMNS="80", ROWS="24")
    with subprocess.Popen(
        command("--workspace", hive, "--as", "Ada", "review"),
        cwd=tmp_path, env=browser, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        shown = b""
        while b"I keep" not in shown and (more := os.read(process.stdout.fileno(), 65536)):
            shown += more
        process.terminate()
    assert shown.startswith(GREETING)
    assert b"I keep" in shown
