"""The main job without the model: three validators label a published dataset through the screens until it ships."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROUNDS_AT_MOST = 6
QUOTA = 60
PUBLISHED = os.environ.get("EVALWRIGHT_PUBLISHED")


def evalwright(workspace: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tui", "--workspace", str(workspace), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.skipif(PUBLISHED is None, reason="EVALWRIGHT_PUBLISHED names no folder with published samples")
def test_three_validators_label_to_a_decision_and_what_ships_equals_what_was_imported(tmp_path: Path) -> None:
    assert PUBLISHED is not None
    published = Path(PUBLISHED) / "persona" / "stands-its-ground.jsonl"
    workspace = tmp_path / "workspace.db"
    assert evalwright(workspace, "import", str(published)).returncode == 0

    decided = label_until_decided(workspace, published)

    assert decided["decision"] == "ship"
    assert not decided["provisional"]
    assert all(piece["passes"] for piece in decided["evidence"])
    shipped = evalwright(workspace, "ship", "stands-its-ground", "--to", str(tmp_path / "release"))
    assert shipped.returncode == 0, shipped.stderr
    rows = (tmp_path / "release" / "data" / "stands-its-ground.jsonl").read_text().splitlines()
    assert [json.loads(row) for row in rows] == [json.loads(row) for row in published.read_text().splitlines()]


def label_until_decided(workspace: Path, published: Path) -> dict[str, Any]:
    for _ in range(ROUNDS_AT_MOST):
        validators = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.support.validator", str(workspace), "stands-its-ground", name,
                 str(published), "--quota", str(QUOTA)],
                stdout=subprocess.PIPE,
            )
            for name in ("ann", "ben", "cy")
        ]  # fmt: skip
        given = [validator.communicate()[0] for validator in validators]
        assert all(validator.returncode == 0 for validator in validators)
        assert given == [f"{QUOTA}\n".encode()] * 3
        asked = evalwright(workspace, "gate", "stands-its-ground", "--json")
        decided: dict[str, Any] = json.loads(asked.stdout)[0]
        assert (asked.returncode == 0) == (decided["decision"] == "ship")
        if decided["decision"] != "keep_labelling":
            return decided
    raise AssertionError("no decision")
