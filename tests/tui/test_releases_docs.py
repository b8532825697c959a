"""What docs/releases.md says to type works as it is written."""

from __future__ import annotations

import re
from pathlib import Path

from db.connection import Connection
from tests.support.annotators import Annotators, Truth
from tests.support.command_line import ROOT, run
from tests.support.workspaces import make_dataset

TEXT = (ROOT / "docs" / "releases.md").read_text(encoding="utf-8")


def test_the_commands_of_the_page(connection: Connection, workspace_path: Path, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 60)
    Annotators(connection, dataset, Truth(hard=0.0, slip=0.0), seed=1).answer_all()
    lines = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
    assert [line.split()[1] for line in lines] == ["ship", "ship", "verify", "ship", "export", "export"]
    for line in lines:
        folder = "all-of-them" if "--all" in line else "one"
        words = line.replace("DATASET", dataset.name).replace("FOLDER", folder).split()[1:]
        done = run("--workspace", str(workspace_path), *words, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), line
    assert (tmp_path / "one" / "README.md").is_file()
    assert (tmp_path / "all-of-them" / "README.md").is_file()
    assert (tmp_path / "workspace-export.db").is_file()
    assert (tmp_path / "workspace-export" / "annotations.csv").is_file()
