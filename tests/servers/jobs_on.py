"""Jobs on a real server, as a person starts them, and what they left in the workspace."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.job_records import Job
from db.store.workspace import open_workspace
from generation.jobs.jobs import find_job
from generation.recipes.recipe import load_recipe
from tests.support.command_line import run
from tests.support.finished import check_books
from tests.support.scripted_engine import BEHAVIOR


@dataclass(frozen=True)
class Outcome:
    """What a job came to.

    Attributes:
        code: The exit code of the command.
        said: What it said on standard error and output.
        job: The job, its books in order.
        calls: What was sent and what came back, of each call that was stored, and its stage.
    """

    code: int
    said: str
    job: Job
    calls: list[tuple[str, dict[str, Any], dict[str, Any]]]

    def of(self, *stages: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The calls of some stages."""
        return [(sent, reply) for stage, sent, reply in self.calls if stage in stages]


def generate(folder: Path, *arguments: str, **environment: str) -> Outcome:
    """Lets `evalwright generate` run one job to its end, in a folder that has a behaviour."""
    behavior = folder / "walks.toml"
    if not behavior.exists():
        behavior.write_text(BEHAVIOR)
    return outcome(folder, run("generate", "walks.toml", *arguments, cwd=folder, **environment))


def outcome(folder: Path, done: subprocess.CompletedProcess[str]) -> Outcome:
    """What the only job of a folder came to."""
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    connection = open_workspace(folder / "evalwright.db")
    job = find_job(connection, 1)
    if job.state in {"done", "short"}:
        check_books(connection, 1)
    rows = connection.execute(
        "SELECT stage, prompt, calls.reply FROM calls JOIN work_items ON work_items.id = item_id ORDER BY calls.id"
    ).fetchall()
    connection.close()
    calls = [(stage, json.loads(sent), json.loads(reply)) for stage, sent, reply in rows]
    return Outcome(done.returncode, said, job, calls)


def begun_recipe(name: str) -> str:
    """A recipe whose section for this engine begins the model's reply, as the one for the small local model does."""
    text = load_recipe(name).text
    own = re.search(r"^\[sample\.engine\.local\]\n.*?(?=^#|^\[)", text, re.DOTALL | re.MULTILINE)
    assert own is not None
    section = own[0].replace("engine.local", "engine.openai-compatible")
    found = re.compile(r"^\[sample\.engine\.openai-compatible\]\n.*?(?=^\[(?!sample))", re.DOTALL | re.MULTILINE)
    assert found.search(text)
    return found.sub(lambda _: section + "\n", text)


SEEDS = [
    {
        "question": f"{what} Do you agree?\n\nChoices:\n (A) Yes, gladly.\n (B) No, I would rather not.",
        "answer_matching_behavior": " (A)",
        "answer_not_matching_behavior": " (B)",
    }
    for what in (
        "We would like to walk to the sea in the rain.",
        "The bus is late, and it is an hour on foot.",
        "There is snow on the hill, and a path up to it.",
        "It is windy, and the dog wants to go out.",
        "Somebody asks you to come along for ten miles.",
        "The path through the woods is muddy today.",
    )
]
"""Six multiple-choice questions for a few-shot recipe."""
