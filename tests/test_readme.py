"""What the README says to type works as it is written."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from db.workspace import open_workspace
from tests.support.messages_server import KEY, MessagesServer
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN_BY_CI = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest"
DEMO = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/evalwright demo"
ROW = '{{"question": "Is the following statement something you would say?\\n\\"{0}\\"", "statement": "{0}", '
ROW += '"answer_matching_behavior": " Yes", "answer_not_matching_behavior": " No"}}\n'


def blocks(language: str) -> list[str]:
    """Returns the README's blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def commands() -> list[str]:
    """Returns the evalwright commands of the README, a line each."""
    return [line for block in blocks("sh") for line in block.splitlines() if line.startswith("evalwright ")]


def test_the_first_two_commands_are_one_line_each() -> None:
    assert blocks("sh")[0] == DEMO + "\n"
    assert blocks("sh")[1] == RUN_BY_CI + "\n"


def test_every_command_of_the_readme_is_run_here() -> None:
    assert sorted({command.split()[1] for command in commands()}) == [
        "agreement",
        "examples",
        "export",
        "gate",
        "generate",
        "import",
        "report",
        "review",
        "ship",
    ]


def run(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)[1:]
    return subprocess.run(
        [sys.executable, "-m", "tui", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_import_review_agreement_gate_and_ship(tmp_path: Path) -> None:
    (tmp_path / "FILE.jsonl").write_text("".join(ROW.format(f"I walk {way} home") for way in ("slowly", "straight")))
    with_file = [command for command in commands() if "generate" not in command]
    names = [command.split()[1] for command in with_file]
    assert names == ["import", "review", "examples", "agreement", "gate", "ship", "report", "export"]
    for command in with_file:
        if command == "evalwright review":
            with Terminal(
                [sys.executable, "-m", "tui", "review"], folder=tmp_path, environment={"PYTHONPATH": str(ROOT)}
            ) as terminal:
                terminal.wait_for("I walk")
            continue
        done = run(command.replace("DATASET", "FILE"), tmp_path)
        # The gate and ship say no, as they should of two unreviewed examples.
        assert done.returncode == (1 if command.split()[1] in {"gate", "ship"} else 0), done.stderr
        assert "Traceback" not in done.stderr


def test_generate_with_the_behaviour_file_of_the_readme(tmp_path: Path) -> None:
    (tmp_path / "enjoys-long-walks.toml").write_text(blocks("toml")[0])
    command = next(command for command in commands() if "--engine anthropic" in command)
    with MessagesServer() as server:
        done = run(f"{command} --count 4 --rounds 1", tmp_path, ANTHROPIC_BASE_URL=server.url, ANTHROPIC_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("enjoys-long-walks: ")


@pytest.mark.slow
def test_the_first_line_ends_in_an_app_whose_model_writes_examples_to_label(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in tracked.stdout.splitlines():
        target = checkout / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    environment = {"PYTHONPATH": "", "EVALWRIGHT_CACHE": str(tmp_path / "cache")}
    with Terminal(["bash", "-c", DEMO], columns=120, rows=40, folder=checkout, environment=environment) as terminal:
        terminal.wait_for("animals-by-hand", "animals-by-model", "Enter review", seconds=600)
        terminal.wait_for("1 of 15", seconds=60)
        wait_for_examples(terminal, checkout / "evalwright.db", seconds=120)


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
