"""Workspaces with answers, and what is in those that were copied or restored."""

from __future__ import annotations

import shutil
from pathlib import Path

from db.store.workspace import is_sound, open_workspace
from tests.support.packets import label_packet
from tests.support.workspaces import make_dataset


def make(path: Path, answers: int) -> Path:
    """A workspace with so many answers, that nobody has open."""
    connection = open_workspace(path)
    make_dataset(connection, 50)
    connection.close()
    label_packet(path, answers, name="Ada")
    return path


def answers(path: Path) -> int:
    """How many there are in a workspace, which is sound; it is looked at in a copy."""
    looked_at = path.with_name("looked-at.db")
    for suffix in ("", "-wal", "-journal"):
        if path.with_name(path.name + suffix).exists():
            shutil.copy(path.with_name(path.name + suffix), looked_at.with_name(looked_at.name + suffix))
    connection = open_workspace(looked_at, create=False)
    try:
        assert is_sound(connection)
        return int(connection.execute("SELECT count(*) FROM annotations").fetchone()[0])
    finally:
        connection.close()
        for left in looked_at.parent.glob("looked-at.db*"):
            left.unlink()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def kept(workspace: Path) -> Path:
    (found,) = workspace.parent.glob(f"{workspace.name}.before-restore-*Z")
    return found
