"""Every fenced block of the README and docs/ is what it says: commands run, code runs, queries are answered.

A block's commands run one after the other, as they are written, in a folder of their own in which their files exist.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import re
import shutil
import sqlite3
import subprocess
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generation.engines.cache import models_folder
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import parse_recipe
from review.gate.policy import parse_policy
from tests.support.browser import screen_in_browser
from tests.support.command_line import PATIENCE, ROOT, run
from tests.support.documentation import (
    LANGUAGES,
    PAGES,
    UNANSWERED,
    Block,
    blocks,
    make_programs,
    make_world,
    meant,
    surroundings,
)
from tests.support.messages_server import KEY, MessagesServer
from tests.support.terminal import Terminal

CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
DEMO = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/evalwright demo"
"""Run by tests/test_readme.py in a checkout of its own."""

OPTIONS = r"(?: --(?:workspace|as) \S+)*"
OPENS_THE_APP = re.compile(rf"evalwright{OPTIONS}(?: review\b.*| adjudicate\b.*|)$")
MAY_SAY_NO = re.compile(r"evalwright (?:lint|gate --portfolio|ship --all)\b")
"""Whose answer is no here, with exit code 1, because other datasets of the folder aren't ready."""

MAKES_A_DATASET = re.compile(r"evalwright (?:generate|import(?!.*--ratings-for))\b")
SMALLER = " --count 2 --rounds 1 --engine anthropic"
PACKAGES = {"lm-eval": "lm_eval", "textual": "textual_dev"}


def program(command: str) -> str:
    return command.split(maxsplit=1)[0]


def marked(block: Block) -> Any:
    """A block as a parameter: with other people's programs it belongs to the interop tests, else to the slow ones."""
    interop = any(program(command) in PACKAGES for command in block.commands)
    return pytest.param(block, id=block.name, marks=pytest.mark.interop if interop else pytest.mark.slow)


def named(*languages: str) -> list[Any]:
    return [pytest.param(block, id=block.name) for block in blocks(*languages)]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder that every block gets a copy of; of processes that test beside each other, one makes it for all."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "world"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = folder.with_suffix(".part")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            make_world(making)
            making.rename(folder)
    return folder


@pytest.fixture
def folder(world: Path, tmp_path: Path) -> Path:
    return shutil.copytree(world, tmp_path / "here")


def test_every_block_is_of_a_language_that_is_tested() -> None:
    assert {block.language for block in blocks()} <= set(LANGUAGES)
    unfenced = [page.name for page in PAGES if page.read_text(encoding="utf-8").count("```") % 2]
    assert unfenced == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        name, _, heading = target.partition("#")
        found = page.parent / name if name else page
        assert found.exists(), f"{page.name} leads to {target}"
        if heading:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), flags=re.MULTILINE)
            anchors = [re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings]
            assert heading in anchors, f"{page.name} leads to {target}"


@pytest.mark.parametrize("block", [marked(block) for block in blocks("sh")])
def test_the_commands_run(block: Block, folder: Path, tmp_path: Path) -> None:
    make_programs(tmp_path / "bin")
    with MessagesServer() as server:
        more = {
            "ANTHROPIC_BASE_URL": server.url,
            "ANTHROPIC_API_KEY": KEY,
            "EVALWRIGHT_CACHE": str(models_folder().parent),
        }
        if MAKES_A_DATASET.match(block.commands[0]):
            more["EVALWRIGHT_WORKSPACE"] = "new.db"
        environment = surroundings(folder, tmp_path / "bin", **more)
        for written in block.commands:
            way = next((way for begins, way in WAYS if re.match(begins, written)), None)
            assert way is not None, f"{block.name}: nobody knows how to run `{written}`"
            way(written, folder, environment)


def in_a_shell(written: str, folder: Path, environment: dict[str, str]) -> None:
    """Runs a command to its end, which has to be a good one."""
    done = subprocess.run(
        ["bash", "-c", meant(written)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    good = {0, 1} if MAY_SAY_NO.match(written) else {0}
    assert done.returncode in good, f"{written}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr


def small(written: str, folder: Path, environment: dict[str, str]) -> None:
    """Lets a pretend model write two examples, but previews as they are written, with the embedded one."""
    in_a_shell(written if "--preview" in written else written + SMALLER, folder, environment)


def on_what_is_unanswered(written: str, folder: Path, environment: dict[str, str]) -> None:
    in_a_shell(written.replace("DATASET", UNANSWERED), folder, environment)


def help_of(written: str, folder: Path, environment: dict[str, str]) -> None:
    """Of what takes long, only whether it is there and how it is called."""
    in_a_shell(f"{written} --help", folder, environment)


def in_a_terminal(written: str, folder: Path, environment: dict[str, str]) -> None:
    """Runs a command that opens the app, until it shows its keys."""
    with Terminal(["bash", "-c", meant(written)], folder=folder, environment=environment) as terminal:
        terminal.wait_for("help", seconds=PATIENCE)


def until_interrupted(written: str, folder: Path, environment: dict[str, str]) -> None:
    """Runs a command that serves until it is told to stop, and tells it."""
    with Terminal(["bash", "-c", f"exec {meant(written)}"], folder=folder, environment=environment) as terminal:
        for _ in range(40):
            assert terminal.read(), terminal.text
        terminal.press("\x03")
        assert terminal.wait_to_end(PATIENCE) == 130


def in_a_browser(written: str, folder: Path, environment: dict[str, str]) -> None:
    """Serves the app, and sees what a browser gets."""
    pytest.importorskip("textual_dev")
    asyncio.run(screen_in_browser(["bash", "-c", f"exec {meant(written)}"], folder, environment, "help", "as Ada"))


def with_the_harness(written: str, folder: Path, environment: dict[str, str]) -> None:
    pytest.importorskip("lm_eval")
    in_a_shell(written, folder, environment | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"})


def by_ci(written: str, folder: Path, environment: dict[str, str]) -> None:
    """Commands of contributors that run before a change lands."""
    ci = CI.replace("$python", "python").replace(".venv/bin/", "").replace(" 2>&1 | grep -v", "\n")
    assert written in ci.splitlines()


def elsewhere(written: str, folder: Path, environment: dict[str, str]) -> None:
    """The README's first two commands: one has a test of its own, the other is what CI begins with."""
    assert written == DEMO or written.endswith(".venv/bin/python -m pytest")


Way = Callable[[str, Path, dict[str, str]], None]
WAYS: tuple[tuple[str, Way], ...] = (
    (r"python3 -m venv", elsewhere),
    (r"python -m pytest$", lambda *_: None),  # the second half of the README's line
    (r"python -m pytest -m long$", help_of),
    (r"python -m (?:pytest|ruff|mypy)\b|lint-imports$|deptry ", by_ci),
    (r"python -m tests\.", help_of),
    (r"ssh -N ", in_a_shell),
    (r"ssh ", in_a_terminal),
    (r"textual serve ", in_a_browser),
    (r"lm-eval ", with_the_harness),
    (r"evalwright worker$", until_interrupted),
    (r"evalwright generate ", small),
    (r"evalwright lint --fix ", on_what_is_unanswered),
    (OPENS_THE_APP.pattern, in_a_terminal),
    (r"evalwright ", in_a_shell),
)
"""How each kind of command is run; the first that fits."""


@pytest.mark.parametrize("block", named("toml"))
def test_a_file_is_read(block: Block) -> None:
    """A whole behaviour file or recipe, or a part of a behaviour file or policy."""
    keys = tomllib.loads(block.text).keys()
    if "criterion" in keys:
        parse_policy(block.name, 'name = "mine"\ndelta = "0.05"\nleast_examples = 50\n' + block.text)
    elif "example" in keys:
        parse_recipe(block.name, block.text)
    else:
        whole = "" if "name" in keys else 'name = "mine"\ndescription = "keeps bees"\n'
        parse_behavior(block.name, whole + block.text)


@pytest.mark.parametrize("block", named("json"))
def test_a_line_is_json(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.slow
def test_the_queries_are_answered(world: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(world, tmp_path / "here")
    assert run("export", "tables.db", cwd=folder).returncode == 0
    found = blocks("sql")
    assert found
    with closing(sqlite3.connect(folder / "tables.db")) as connection:
        for block in found:
            for query in filter(str.strip, block.text.split(";")):
                connection.execute(query).fetchall()


@pytest.mark.interop
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("block", named("python"))
def test_the_code_runs(block: Block, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if block.page.name == "contributing.md":
        pytest.skip("these are beginnings of our own modules, not programs")
    pytest.importorskip(block.text.split()[1].partition(".")[0])
    monkeypatch.chdir(folder)
    for name in ("HF_HOME", "HF_DATASETS_CACHE", "INSPECT_LOG_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    tiktoken = pytest.importorskip("tiktoken")  # Inspect counts tokens with a table that it would fetch.
    encoding = SimpleNamespace(encode=lambda text, **_: list(text), name="characters")
    monkeypatch.setattr(tiktoken, "get_encoding", lambda _: encoding)
    names: dict[str, Any] = {}
    exec(meant(block.text), names)
    rows = names.get("rows") or names.get("records") or names["task"].dataset
    assert len(rows) >= 200
