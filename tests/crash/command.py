"""Commands as subjects: one process, from beginning to end."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from abc import abstractmethod
from contextlib import suppress
from pathlib import Path

from tests.crash.harness import Ended, State, Subject, stop_and_kill
from tests.support.called import call
from tests.support.processes import Child


class Command(Subject):
    """A command that works on a workspace; each time begins with a copy of the same one."""

    def __init__(self, scene: Path, aside: Path) -> None:
        super().__init__(scene, aside)
        self.template = aside / "template.db"
        self.said = aside / "said.txt"
        self._seconds = 0.0

    @property
    @abstractmethod
    def arguments(self) -> list[str]:
        """What is called, without the workspace."""

    @abstractmethod
    def make(self) -> None:
        """Makes the template, and whatever else is needed."""

    @abstractmethod
    def check_end(self, was: State, ended: Ended) -> None:
        """Fails unless an undisturbed call did what it had to, after what was there before."""

    def prepare(self) -> None:
        self.make()
        chance = random.Random(0)
        for _ in range(2):  # The first one is slow: nothing is in the machine's caches.
            self.begin(chance)
            self.finish(chance)

    def begin(self, chance: random.Random) -> None:
        for path in self.scene.iterdir():
            if path.name != "ballast":  # of a full disk
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copy(self.template, self.workspace)

    def cut_off(self, chance: random.Random) -> bool:
        child = self._start()
        self._wait(child, chance.uniform(0, 1.15 * self._seconds))
        assert child.process.pid is not None
        writing = stop_and_kill(child.process.pid, self.workspace)
        child.kill()
        return writing

    def end_by(self, chance: random.Random, name: signal.Signals) -> Ended:
        child = self._start()
        self._wait(child, chance.uniform(0, self._seconds))
        assert child.process.pid is not None
        with suppress(ProcessLookupError):
            os.kill(child.process.pid, name)
        try:
            code = child.result()
        except EOFError:  # It has died of it.
            child.process.join()
            code = child.process.exitcode or 0
        return Ended(code, self.said.read_text())

    def attempt(self, chance: random.Random) -> Ended:
        code = self._start().result()
        return Ended(code, self.said.read_text())

    def finish(self, chance: random.Random) -> None:
        was = self.check()
        began = time.monotonic()
        ended = self.attempt(chance)
        if was == "untouched":
            self._seconds = time.monotonic() - began
        assert "Traceback" not in ended.said, ended.said
        self.check_end(was, ended)
        assert self.check() == "complete"
        self.begin(chance)

    def _wait(self, child: Child[int], seconds: float) -> None:
        """Waits so long, or until the child has ended: then that is how long it takes, as the machine is just now."""
        began = time.monotonic()
        while child.process.is_alive() and (passed := time.monotonic() - began) < seconds:
            time.sleep(min(0.002, seconds - passed))
        if not child.process.is_alive():
            self._seconds = time.monotonic() - began

    def _start(self) -> Child[int]:
        self.said.write_text("")
        return Child(call, ["--workspace", str(self.workspace), *self.arguments], self.scene, self.said, fork=True)


def names(folder: Path) -> list[str]:
    """What is in a folder, if there is one."""
    return sorted(os.listdir(folder)) if folder.exists() else []
