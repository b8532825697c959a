"""`--json`: every command that shows something has it, and docs/json.md has its fields, all of them and no others."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click
import pytest

from db import annotators, datasets
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from review.assignment.settings import Changes, assign
from review.comparisons.diversity import next_handful, rate
from review.comparisons.head_to_head import judge_pair, next_pair
from review.lead.rulings import keep, rule
from tests.support.annotators import Annotators, Truth
from tests.support.calls import Call, caller
from tests.support.json_documentation import documented, problems
from tests.support.workspaces import make_dataset, persona_row
from tests.support.written import write_job
from tui.cli.command_line import evalwright

SILENT = {
    # They open the app, serve until they are stopped, or only say on standard error that it is done.
    "adjudicate", "close", "demo", "exclude", "packet end", "reopen", "review", "rule", "worker",
}  # fmt: skip


def fill(connection: Connection) -> None:
    """Something of everything: answers, comments, rulings, ratings, packets, measurements, a dataset to ship."""
    bees = make_dataset(connection, 60, name="bees")
    ants = make_dataset(connection, 30, name="ants", closed=False)
    with write(connection):
        connection.execute("UPDATE examples SET label_confidence = 0.5 + (id % 50) / 100.0")
        connection.execute("UPDATE examples SET question = body WHERE dataset_id = ? AND ordinal < 3", (ants.id,))
    Annotators(connection, bees, Truth(hard=0.0, slip=0.0), seed=3, names=("Ada", "Béla")).answer_all()
    Annotators(connection, ants, Truth(hard=0.4), seed=3, names=("Ada", "Béla", "Carla")).answer(20)
    with write(connection):
        connection.execute("UPDATE annotations SET comment = 'odd', flagged = 1 WHERE id IN (3, 130)")
    assign(connection, datasets.get_dataset(connection, ants.id), Changes(second_look=True))
    rule(connection, ants, 95, keep("as meant"), by="Dora")
    for rating in (2, 4):
        handful = next_handful(connection, bees, "Ada")
        assert handful is not None
        rate(connection, handful.id, "Ada", rating, seconds=1.0, submission=f"{handful.id}")
    for place in range(4):
        pair = next_pair(connection, bees, ants, "Ada")
        assert pair is not None
        judge_pair(connection, pair, "tie" if place else "left", seconds=1.0, submission=f"{place}")
    assert set(annotators.names(connection).values()) >= {"Ada", "Béla", "Carla"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a workspace that has something of everything."""
    folder = tmp_path_factory.mktemp("filled")
    asyncio.run(write_job(folder / "evalwright.db"))
    connection = open_workspace(folder / "evalwright.db")
    fill(connection)
    connection.close()
    (folder / "more.jsonl").write_text("".join(json.dumps(persona_row(key)) + "\n" for key in range(900, 910)))
    (folder / "ratings.csv").write_text("unit,annotator,value\n9,Eve,5\n10,Eve,4\n9999,Eve,1\n")
    return folder


CALLS = {
    "datasets": ("datasets",),
    "import": ("import", "more.jsonl", "--dataset", "wasps"),
    "import --ratings-for": ("import", "ratings.csv", "--ratings-for", "bees", "--level", "ordinal"),
    "examples": ("examples", "ants", "--answers", "--as", "Dora", "--yes"),
    "examples --id": ("examples", "ants", "--id", "95", "--answers", "--as", "Dora", "--yes"),
    "jobs": ("jobs",),
    "jobs funnel": ("jobs", "funnel", "1"),
    "jobs funnel --stage": ("jobs", "funnel", "1", "--stage", "deduplicate"),
    "jobs funnel --candidate": ("jobs", "funnel", "1", "--candidate", "1"),
    "assign": ("assign", "ants"),
    "packet make": ("packet", "make", "ants", "--for", "Eve", "--to", "eve.packet"),
    "packet list": ("packet", "list"),
    "packet merge": ("packet", "merge", "eve.packet"),
    "agreement": ("agreement", "ants"),
    "gate": ("gate", "ants", "bees"),
    "gate --portfolio": ("gate", "--portfolio"),
    "policy": ("policy",),
    "lint": ("lint", "ants"),
    "lint --fix": ("lint", "--fix", "long-walks"),
    "diversity": ("diversity",),
    "head-to-head": ("head-to-head", "bees", "ants"),
    "second-look": ("second-look", "ants"),
    "report": ("report",),
    "ship --preview": ("ship", "bees", "--preview"),
    "ship": ("ship", "bees", "--to", "release"),
    "verify": ("verify", "release"),
    "backup": ("backup", "copy.db"),
    "export": ("export", "export.db", "--as", "Dora", "--yes"),
    "restore": ("restore", "copy.db"),
    "doctor": ("doctor",),
}
"""In this order: some go on from what others have made."""

ELSEWHERE = {
    "generate": "tests/tui/test_preview_command.py",
    "generate --dry-run": "tests/tui/test_dry_run.py",
    "generate --preview": "tests/tui/test_preview_command.py",
    "argue": "tests/tui/test_argue_command.py",
}
"""Those that need an engine are held to the page where there is one."""


def test_every_command_prints_what_is_documented(
    filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call: Call = caller(monkeypatch, capsys, filled)
    page = documented()
    assert page.keys() == CALLS.keys() | ELSEWHERE.keys()
    wrong = []
    for name, arguments in CALLS.items():
        done = call(*arguments, "--json")
        assert done.out, (name, done)
        wrong += [f"{name}: {problem}" for problem in dict.fromkeys(problems(page[name], done.json))]
    assert wrong == []


def test_every_command_that_shows_something_has_it() -> None:
    without = {name for name, command in commands(evalwright, ()) if not has_json(command)}
    assert without == SILENT


def test_what_is_not_documented_is_found() -> None:
    section = documented()["backup"]
    assert problems(section, {"format": 1, "file": "a", "bytes": 1}) == []
    assert problems(section, {"format": 1, "file": "a", "bytes": True, "more": 1}) == [
        "bytes is True, not number",
        "more is printed and not documented",
    ]
    assert problems(section, {"file": "a"}) == ["format is missing", "bytes is documented and not printed"]
    assert problems(section, []) == ["a list is documented: False"]


def commands(group: click.Command, before: tuple[str, ...]) -> list[tuple[str, click.Command]]:
    if not isinstance(group, click.Group):
        return [(" ".join(before), group)]
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += commands(command, (*before, name))
    return found


def has_json(command: click.Command) -> bool:
    return any("--json" in option.opts for option in command.params)
