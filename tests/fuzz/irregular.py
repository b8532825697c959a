"""What may lie in a file's place that is no file of its folder: pipes, devices, folders, links of every kind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

KINDS = ("pipe", "device", "folder", "circle", "nowhere", "outside", "inside", "short")


def put(kind: int, path: Path) -> None:
    """Puts something else in a file's place; what was there lies beside it, where a link may lead."""
    name = KINDS[kind % len(KINDS)]
    content = path.read_bytes() if path.is_file() else b""
    outside = path.parent.parent / "outside"
    outside.write_bytes(content)
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)
    if name == "pipe":
        os.mkfifo(path)
    elif name == "folder":
        path.mkdir()
    elif name == "short":
        path.write_bytes(content[: len(content) // 7])
    else:
        inside = path.with_name(f"{path.name}.inside")
        if name == "inside":
            inside.write_bytes(content)
        absent = path.with_name("absent")
        to = {"device": Path("/dev/zero"), "circle": path, "nowhere": absent, "outside": outside, "inside": inside}
        path.symlink_to(to[name])


def spoil(data: bytes, paths: Sequence[Path]) -> None:
    """Spoils one of some files where the input's first byte says so, which one and how too."""
    if data and data[0] >= 200:
        put((data[0] - 200) // 2 % len(KINDS), paths[data[0] % 251 % len(paths)])
