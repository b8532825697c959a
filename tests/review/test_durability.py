"""What is acknowledged is on the disk by then: shown by the system calls of real processes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from db.store.connection import BACKGROUND_ROWS, Connection
from tests.support.command_line import ROOT, command
from tests.support.workspaces import make_dataset, needs_wal, write_rows

pytestmark = [
    needs_wal,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]


def calls(words: list[str], folder: Path) -> list[str]:
    """Runs a program to its end; returns its writes and syncs, in order, each with the name of the file."""
    trace = folder / "trace"
    tracing = ["strace", "-f", "-y", "-o", str(trace), "-e", "trace=fsync,fdatasync,write,pwrite64"]
    subprocess.run([*tracing, *words], check=True, cwd=ROOT, capture_output=True)
    return trace.read_text().splitlines()


def places(calls: list[str], pattern: str) -> list[int]:
    return [place for place, call in enumerate(calls) if re.search(pattern, call)]


def written(calls: list[str]) -> list[int]:
    """Where the log is written."""
    return places(calls, r"pwrite64\(\d+<[^>]*-wal>")


def synced(calls: list[str]) -> list[int]:
    """Where the log is synced."""
    return places(calls, r"sync\(\d+<[^>]*-wal>\)\s+= 0")


def test_an_answer_is_on_the_disk_before_it_is_acknowledged(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    make_dataset(connection, 3)
    program = (
        "from pathlib import Path; from tests.support.labelling import answer_one; "
        f"answer_one(Path({str(workspace_path)!r}), 'beekeeping')"
    )
    made = calls([sys.executable, "-c", program], tmp_path)
    (served,), (acknowledged,) = places(made, '"served'), places(made, '"acknowledged')
    between = made[served + 1 : acknowledged]
    assert written(between)
    assert max(synced(between)) > max(written(between))


def test_an_import_is_on_the_disk_before_it_says_so(workspace_path: Path, tmp_path: Path) -> None:
    """Its transactions aren't synced one by one, as nothing of them counts before the last one."""
    batches = 10
    file = write_rows(tmp_path / "bees.jsonl", batches * BACKGROUND_ROWS)
    made = calls(command("--workspace", workspace_path, "import", file), tmp_path)
    (told,) = places(made, r"write\(1<.*bees: 5000 examples")
    assert max(synced(made[:told])) > max(written(made[:told]))
    assert len(synced(made)) < batches, len(synced(made))
