"""Real servers: each in an environment of its own with pinned versions, and run as a process of its own on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pytest

from generation.engines.cache import locked
from tests.support.command_line import KEPT, ROOT

HERE = Path(__file__).parent
PATIENCE = 120.0
"""Seconds after which a server that doesn't answer is taken for hung."""


def python_with(name: str) -> Path:
    """The Python of an environment that holds what NAME.txt beside this file lists, all of it and nothing else.

    It is made once in a checkout, and again where the list has changed; evalwright's own environment stays as it is.
    """
    pins = HERE / f"{name}.txt"
    home = ROOT / ".venv-servers" / name
    home.parent.mkdir(exist_ok=True)
    with locked(home.with_suffix(".lock"), lambda: None):
        made, python = home / "made-of.txt", home / "bin" / "python"
        if made.exists() and made.read_bytes() == pins.read_bytes():
            return python
        shutil.rmtree(home, ignore_errors=True)
        _run([sys.executable, "-m", "venv", "--without-pip", str(home)])
        # Without dependencies: the list is whole. Without compiling: most of it is never imported.
        options = ["--quiet", "--no-deps", "--no-compile", "--only-binary=:all:", "--disable-pip-version-check"]
        _run([sys.executable, "-m", "pip", "--python", str(python), "install", *options, "-r", str(pins)])
        made.write_bytes(pins.read_bytes())
    return python


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"the server can't be installed here: {why}")


class RealServer:
    """A server as a process of its own, which can be killed and started again at the same address."""

    def __init__(self, command: Sequence[str], health: str, log: Path, env: Mapping[str, str]) -> None:
        """Prepares it.

        Args:
            command: What starts it; `PORT` stands for its port.
            health: The path that answers 200 once it serves.
            log: Where what it says goes.
            env: Its environment, beside what every process needs.
        """
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [part.replace("PORT", str(self.port)) for part in command]
        self._health, self._log = health, log
        self._env = {**{name: os.environ[name] for name in KEPT if name in os.environ}, **env}

    def start(self, *, wait: bool = True) -> None:
        """Starts it, and waits until it serves."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._env, cwd=HERE
            )
        deadline = time.monotonic() + PATIENCE
        while wait and not self._serves():
            ended = self.process.poll()
            assert ended is None, f"the server ended with {ended}: {self.said()[-2000:]}"
            assert time.monotonic() < deadline, f"the server doesn't come up: {self.said()[-2000:]}"
            time.sleep(0.05)

    def kill(self) -> None:
        """Kills it as `kill -9` does, and waits until it is gone."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def said(self) -> str:
        """What it has said."""
        return self._log.read_text(errors="replace")

    def _serves(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + self._health, timeout=5) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
