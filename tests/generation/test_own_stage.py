"""A new kind of stage is one class and one line: the one of the contributors' page, in a job that runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.errors import InputError
from db.store.connection import Connection
from generation.jobs.estimate import estimate
from generation.jobs.funnel import read_funnel
from generation.jobs.jobs import find_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.order import Order
from generation.recipes.recipe import Recipe, load_recipe, parse_recipe
from generation.recipes.stages import STAGES, Stage
from tests.support.command_line import ROOT
from tests.support.scripted_engine import BEHAVIOR, ScriptedEngine, completions, make_job, run_worker

PAGE = ROOT / "docs" / "contributing.md"


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> type[Stage]:
    """The class of the page, in the table of stages."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    (code,) = (block for block in blocks if "class CalmStage" in block)
    names: dict[str, Any] = {"__name__": __name__}
    exec(compile(code, PAGE.name, "exec", dont_inherit=True), names)
    made: type[Stage] = names["CalmStage"]
    monkeypatch.setitem(STAGES, made.kind, made)
    return made


def recipe(text: str = "[calm]\nmost = 0.5\n") -> Recipe:
    persona = load_recipe("persona").text.replace('"check", "deduplicate"', '"check", "calm", "deduplicate"')
    return parse_recipe("own.toml", f"{persona}\n{text}")


async def test_it_runs_in_a_job_and_the_funnel_counts_what_it_drops(
    connection: Connection, workspace_path: Path, calm: type[Stage]
) -> None:
    engine = ScriptedEngine()
    engine.on_sample = lambda request: completions("I SHOUT AND SHOUT") if request.seed % 2 else None
    job = make_job(connection, recipe=recipe())
    await run_worker(workspace_path, engine)
    assert find_job(connection, job.id).state == "done"
    stages = {stage.name: stage for stage in read_funnel(connection, job.id).stages}
    assert [*stages][:4] == ["sample", "parse", "check", "calm"]
    ((reason, dropped),) = stages["calm"].dropped
    assert reason == "shouts"
    assert 0 < dropped < stages["calm"].into
    assert stages["calm"].out == stages["deduplicate"].into == stages["calm"].into - dropped


def test_an_estimate_knows_it(calm: type[Stage]) -> None:
    order = Order(parse_behavior("b", BEHAVIOR), recipe())
    plain = Order(order.behavior, load_recipe("persona"))
    calls = [
        estimate(one, engine="anthropic", model="claude-haiku-4-5", count=8, rounds=1).calls for one in (order, plain)
    ]
    assert calls[0] == calls[1] > 0


def test_its_mistakes_are_sentences(calm: type[Stage]) -> None:
    with pytest.raises(InputError, match=r"own.toml, line \d+: calm.most must be a number of at least 0 and at most 1"):
        recipe("[calm]\nmost = 3\n")


def test_nobody_asks_which_class_a_stage_is() -> None:
    """A stage of a new kind would be none of those that are asked for."""
    classes = {stage.__name__ for stage in STAGES.values()}
    packages = [ROOT / name for name in ("generation", "review", "tui")]
    modules = [path for package in packages for path in sorted(package.rglob("*.py"))]
    assert len(modules) > 100
    assert [asked for path in modules for asked in _asked(path) if classes & asked] == []


def _asked(path: Path) -> Iterator[set[str]]:
    """Yields the names in each second argument of `isinstance`, and in each class that a `case` matches."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            yield _names(node.args[1])
        elif isinstance(node, ast.MatchClass):
            yield _names(node.cls)


def _names(node: ast.AST) -> set[str]:
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return names | {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
