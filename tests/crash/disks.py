"""Disks that spoil things: full ones, and ones that may only be read."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.crash.harness import State, Subject, Way, one_sentence

MIB = 2**20
SIZE = 48 * MIB
LEAST_LEFT = 4096


@dataclass(frozen=True)
class Disk:
    """A small file system of its own."""

    folder: Path

    def fill(self, left: int) -> None:
        """Fills it up to so many bytes."""
        with (self.folder / "ballast").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, self._free() - left))

    def empty(self) -> None:
        """Makes room again."""
        (self.folder / "ballast").unlink()

    def remount(self, how: str) -> None:
        """Makes it one that may only be read (`ro`), or an ordinary one (`rw`)."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.folder)], check=True)

    def _free(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize


def why_no_disk() -> str:
    """Returns why no small file system can be made here; empty where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root may mount a small file system, on Linux"
    try:
        with a_disk(Path("/tmp"), MIB):
            return ""
    except (OSError, subprocess.CalledProcessError):
        return "mounting is not allowed here"


@contextmanager
def a_disk(below: Path, size: int = SIZE) -> Iterator[Disk]:
    """Mounts a small file system in a folder of its own."""
    folder = below / f"disk-{os.getpid()}"
    folder.mkdir()
    try:
        mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        subprocess.run(mounting, check=True, capture_output=True)
        try:
            yield Disk(folder)
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
    finally:
        folder.rmdir()


def full(disk: Disk) -> Way:
    """It has little room left on its disk, some of the times none; every fourth time it is killed as well."""

    def way(subject: Subject, chance: random.Random) -> tuple[bool, State]:
        disk.fill(int(LEAST_LEFT * (subject.room / LEAST_LEFT) ** chance.random()))
        try:
            if chance.random() < 0.25:
                writing = subject.cut_off(chance)
            else:
                writing = False
                one_sentence(subject.attempt(chance))
        finally:
            disk.empty()
        return writing, subject.check()

    return way


def read_only(disk: Disk) -> Way:
    """Its disk may only be read: it says so and changes nothing."""

    def way(subject: Subject, chance: random.Random) -> tuple[bool, State]:
        before = subject.check()
        disk.remount("ro")
        try:
            ended = subject.attempt(chance)
        finally:
            disk.remount("rw")
        one_sentence(ended)
        assert ended.code == 2, ended
        assert subject.check() == before
        return False, before

    return way
