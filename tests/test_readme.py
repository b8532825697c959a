"""The README's first two commands: what they are, and that the first ends in an app whose model writes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from db.store.workspace import open_workspace
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN_BY_CI = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest"
DEMO = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/evalwright demo"


def blocks(language: str) -> list[str]:
    """Returns the README's blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_first_two_commands_are_one_line_each() -> None:
    assert blocks("sh")[0] == DEMO + "\n"
    assert blocks("sh")[1] == RUN_BY_CI + "\n"


@pytest.mark.slow
def test_the_first_line_ends_in_an_app_whose_model_writes_examples_to_label(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in tracked.stdout.splitlines():
        target = checkout / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    environment = {"PYTHONPATH": "", "EVALWRIGHT_CACHE": str(tmp_path / "cache")}
    environment |= {"PIP_NO_COMPILE": "1", "PYTHONDONTWRITEBYTECODE": ""}  # what is imported is compiled, and no more
    with Terminal(["bash", "-c", DEMO], columns=120, rows=40, folder=checkout, environment=environment) as terminal:
        terminal.wait_for("animals-by-hand", "animals-by-model", "Enter review", seconds=600)
        terminal.wait_for("1 of 15", seconds=60)
        wait_for_examples(terminal, checkout / "evalwright.db", seconds=300)  # two minutes, where nothing else runs


def wait_for_examples(terminal: Terminal, workspace: Path, seconds: float) -> None:
    connection = open_workspace(workspace, create=False)
    for _ in range(int(seconds)):
        for _ in range(20):
            terminal.read()
        (count,) = connection.execute(
            "SELECT d.examples FROM dataset_counters AS d JOIN datasets ON datasets.id = d.dataset_id"
            " WHERE datasets.name = 'animals-by-model'"
        ).fetchone()
        if count:
            return
    raise AssertionError(f"the model wrote nothing that could be labelled\n{terminal.text}")
