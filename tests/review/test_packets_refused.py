"""Packets that are refused, whole and in a sentence that names the file."""

import random
from pathlib import Path

import pytest

from db.errors import InputError, WorkspaceError
from db.records import Dataset
from db.store.connection import Connection, connect, write
from db.store.workspace import open_workspace
from review.packets import make_packet, merge_packet
from tests.support.packets import label_packet, stored
from tests.support.scripted_engine import make_job
from tests.support.workspaces import make_dataset

WITH_A_JOB = (
    "INSERT INTO jobs (dataset_id, recipe, recipe_text, behavior_text, engine, model, count, rounds, seed, created_at)"
    " VALUES (1, 'persona', '', '', 'openai-compatible', 'm', 4, 1, 1, '')"
)


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    connection.execute("PRAGMA synchronous = OFF")
    return make_dataset(connection, 40)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ada.packet"


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("foreign", "comes from another workspace"),
        ("unknown", "isn't known here"),
        ("newer", "made by a newer evalwright"),
        ("text", "isn't a packet"),
        ("workspace", "isn't a packet"),
        ("absent", "does not exist"),
        ("cut", "damaged"),
        ("scrambled", "damaged"),
        ("label", "damaged .*not one of example"),
        ("example", "damaged .*it was not made with"),
        ("settings", "damaged .*where it comes from"),
        ("jobs", "it holds jobs"),
    ],
)
def test_a_packet_that_cant_be_merged_is_refused_whole(
    connection: Connection, dataset: Dataset, path: Path, tmp_path: Path, harm: str, says: str
) -> None:
    make_packet(connection, dataset, "Ada", path)
    label_packet(path)
    given = path
    if harm in {"foreign", "unknown"}:
        other = tmp_path / "other.db"
        workspace = open_workspace(other)
        if harm == "unknown":
            statement = "UPDATE settings SET value = ? WHERE name = 'workspace_id'"
            here = connection.execute("SELECT value FROM settings WHERE name = 'workspace_id'").fetchone()
            with write(workspace):
                workspace.execute(statement, here)
        connection = workspace
    elif harm == "workspace":
        given = tmp_path / "workspace.db"
    elif harm == "absent":
        given = tmp_path / "absent.packet"
    else:
        spoil(path, harm)
    before = stored(connection)
    with pytest.raises((InputError, WorkspaceError), match=says) as refused:
        merge_packet(connection, given)
    assert str(given) in str(refused.value)
    assert stored(connection) == before


def spoil(path: Path, harm: str) -> None:
    content = bytearray(path.read_bytes())
    if harm == "text":
        path.write_text("not a packet")
    elif harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "scrambled":
        content[4096:] = random.Random(1).randbytes(len(content) - 4096)
        path.write_bytes(content)
    else:
        statement = {
            "newer": "PRAGMA user_version = 999",
            "label": "UPDATE annotations SET label = 'Perhaps' WHERE id = 3",
            "example": "UPDATE annotations SET example_id = 41 WHERE id = 3",
            "settings": "DELETE FROM settings WHERE name = 'packet_of'",
            "jobs": WITH_A_JOB,
        }[harm]
        file = connect(path)
        file.execute("PRAGMA foreign_keys = OFF")
        if harm == "example":
            file.execute("INSERT INTO examples SELECT 41, dataset_id, 41, question, body, choices, intended,"
                         " label_confidence, extra, candidate_id FROM examples WHERE id = 1")  # fmt: skip
        file.execute(statement)
        file.close()


def test_a_packet_takes_no_other_files_place(connection: Connection, dataset: Dataset, path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(InputError, match="exists already"):
        make_packet(connection, dataset, "Ada", path)
    with pytest.raises(InputError, match="can't be written"):
        make_packet(connection, dataset, "Ada", path.parent / "absent" / "ada.packet")
    assert path.read_text() == "precious"
    assert connection.execute("SELECT count(*) FROM reservations").fetchone() == (0,)


def test_a_packet_is_made_without_jobs(connection: Connection, dataset: Dataset, path: Path) -> None:
    """Whatever jobs the workspace holds."""
    make_job(connection)
    make_packet(connection, dataset, "Ada", path)
    file = connect(path)
    for table in ("jobs", "work_items", "calls", "candidates", "batches", "worker_leases"):
        assert file.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    file.close()
