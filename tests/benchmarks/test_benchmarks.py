"""The benchmarks can be run, all of them from one command, and their table says what missed its goal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import SMALL, table
from tests.benchmarks.rows import Row
from tests.support.command_line import ROOT


def test_every_benchmark_is_in_the_table() -> None:
    modules = set(Path(__file__).parent.glob("*.py")) - {Path(__file__)}
    written = {path.stem for path in modules if "def measure(" in path.read_text(encoding="utf-8")}
    assert written == set(SMALL)


def test_what_misses_its_goal_stands_out() -> None:
    rows = [Row("keys", "51 ms", "50 ms", False, "a sync: 1 ms", "the disk"), Row("help", "0.1 s", "0.15 s", True, "-")]
    assert table([("million", rows[0]), ("startup", rows[1])]).splitlines()[2:] == [
        "| keys | 51 ms | 50 ms: **missed** | a sync: 1 ms. the disk | `million` |",
        "| help | 0.1 s | 0.15 s: met | - | `startup` |",
    ]


def test_the_documentation_has_a_row_of_every_benchmark() -> None:
    written = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in written for name in SMALL)


@pytest.mark.parametrize(
    "names", [pytest.param(["startup"], marks=pytest.mark.slow), pytest.param([], marks=pytest.mark.long)], ids=str
)
def test_everything_can_be_measured(names: list[str]) -> None:
    command = [sys.executable, "-m", "tests.benchmarks", *names, "--small"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(f"| `{name}` |" in done.stdout for name in names or SMALL)
