"""Where a workspace may lie: not on a file system where a write-ahead log can't work."""

from pathlib import Path

import pytest

from db.errors import InputError, WorkspaceError
from db.store import filesystem, workspace
from db.store.connection import Connection
from db.store.sqlite import sqlite3
from db.store.workspace import open_workspace
from review.packets import make_packet
from tests.support.workspaces import make_dataset, needs_wal


def mounted(monkeypatch: pytest.MonkeyPatch, folder: Path, kind: str) -> None:
    """Lets a folder be where such a file system is mounted, below one of this machine."""
    place = str(folder.resolve()).replace(" ", r"\040")
    mounts = folder / "mounts"
    mounts.write_text(
        f"/dev/sda1 / ext4 rw 0 0\nserver:/export {place} {kind} rw,relatime 0 0\nproc /proc proc rw 0 0\n"
    )
    monkeypatch.setattr(filesystem, "MOUNTS", mounts)


@needs_wal
@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs"])
@pytest.mark.parametrize("age", ["absent", "there"])
def test_a_file_system_of_another_machine_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, age: str
) -> None:
    folder = tmp_path / "on the server"
    folder.mkdir()
    path = folder / "workspace.db"
    if age == "there":
        open_workspace(path).close()
    mounted(monkeypatch, folder, kind)
    with pytest.raises(WorkspaceError, match=rf"another machine \({kind}\).*put it on a disk of this machine") as told:
        open_workspace(path)
    assert str(path) in str(told.value)
    assert path.exists() == (age == "there")
    mounted(monkeypatch, folder, "ext4")
    open_workspace(path).close()


def test_no_workspace_there_is_told_before_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted(monkeypatch, tmp_path, "nfs4")
    with pytest.raises(InputError, match="There is no workspace"):
        open_workspace(tmp_path / "workspace.db", create=False)


@needs_wal
def test_a_file_system_on_which_sqlite_makes_no_wal_is_refused(
    workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own way for files without locks, `unix-none`, knows no memory that processes share."""
    monkeypatch.setattr(
        workspace,
        "connect",
        lambda path: sqlite3.connect(f"{path.as_uri()}?vfs=unix-none&mode=rw", uri=True, isolation_level=None),
    )
    with pytest.raises(WorkspaceError, match="can't share memory"):
        open_workspace(workspace_path)
    monkeypatch.undo()
    assert open_workspace(workspace_path).execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_packet_may_lie_anywhere(connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    mounted(monkeypatch, folder, "nfs4")
    make_packet(connection, make_dataset(connection, 3), "Ada", folder / "ada.packet")
    packet = open_workspace(folder / "ada.packet")
    assert packet.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_the_kind_of_a_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest mount counts, of two on the same place the later one, and what a link leads to."""
    (tmp_path / "link").symlink_to("/mnt/shared drive/deep")
    lines = ["/dev/sda1 / ext4 rw 0 0", "x /mnt xfs rw 0 0", r"x /mnt/shared\040drive nfs rw 0 0", "broken"]
    (tmp_path / "mounts").write_text("\n".join([*lines, "x /mnt/twice nfs rw 0 0", "x /mnt/twice tmpfs rw 0 0"]))
    monkeypatch.setattr(filesystem, "MOUNTS", tmp_path / "mounts")
    expected = {"/a": "ext4", "/mnt/b": "xfs", "/mnt/shared drive/c": "nfs", "/mnt/shared drives": "xfs"}
    found = {place: filesystem.kind_of(Path(place)) for place in expected}
    assert found == expected
    assert filesystem.kind_of(tmp_path / "link" / "c") == "nfs"
    assert filesystem.kind_of(Path("/mnt/twice/c")) == "tmpfs"
    monkeypatch.setattr(filesystem, "MOUNTS", tmp_path / "absent")
    assert filesystem.kind_of(tmp_path) == ""
