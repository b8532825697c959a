"""What is imported when: the command line stays quick, and nothing pays for what it doesn't use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from db.store import schema
from db.store.workspace import open_workspace
from tests.support.command_line import ROOT, environment
from tests.support.workspaces import write_rows

HEAVY = {
    "anthropic", "gguf", "httpx2", "krippendorff", "numpy", "scipy", "sklearn", "sqlite_utils", "textual",
    "textual_plot", "xllamacpp",
}  # fmt: skip

CALL = """
import json, sys
sys.argv = ["evalwright", *json.loads(sys.argv[1])]
from tui.cli.command_line import main
code = None
try:
    main()
except SystemExit as ended:
    code = ended.code
sys.stderr.write("\\n" + json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""

CONTRACTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def imported_by(code: str, *arguments: str, cwd: Path) -> tuple[object, set[str]]:
    """Runs code in a process of its own; returns what it says last: the exit code and the heavy modules it has."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=cwd,
        env=environment(cwd),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    exit_code, modules = json.loads(done.stderr.splitlines()[-1])
    return exit_code, set(modules) & HEAVY


def called(*arguments: str, cwd: Path) -> tuple[object, set[str]]:
    return imported_by(CALL, json.dumps(arguments), cwd=cwd)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a workspace that is up to date and a file to import."""
    open_workspace(tmp_path / "evalwright.db").close()
    write_rows(tmp_path / "bees.jsonl", 20)
    return tmp_path


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("generate", "--help"), ("wasps",)], ids=" ".join)
def test_help_and_mistakes_import_nothing_heavy(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, heavy = called(*arguments, cwd=tmp_path)
    assert (code, heavy) == (2 if arguments == ("wasps",) else 0, set())


@pytest.mark.parametrize(
    "arguments", [("datasets",), ("datasets", "--json"), ("jobs",), ("import", "bees.jsonl")], ids=" ".join
)
def test_everyday_commands_import_nothing_heavy(folder: Path, arguments: tuple[str, ...]) -> None:
    assert called(*arguments, cwd=folder) == (0, set())


def test_sqlite_utils_comes_in_to_migrate_and_then_only(tmp_path: Path) -> None:
    write_rows(tmp_path / "bees.jsonl", 20)
    code, heavy = called("import", "bees.jsonl", cwd=tmp_path)
    assert code == 0
    assert heavy - {"numpy"} == {"sqlite_utils"}  # which itself looks for numpy
    assert called("import", "bees.jsonl", "--dataset", "again", cwd=tmp_path) == (0, set())
    assert schema.CURRENT >= 1


def test_agreement_needs_no_more_than_numpy_and_krippendorff(folder: Path) -> None:
    """Cohen's kappa once brought in scikit-learn, which took longer than everything else together."""
    rows = "".join(f"u{unit},{name},{unit % 2}\n" for unit in range(40) for name in ("Ann", "Ben"))
    (folder / "ratings.csv").write_text("unit,annotator,value\n" + rows)
    assert called("agreement", "--ratings", "ratings.csv", cwd=folder) == (0, {"numpy", "krippendorff"})


@pytest.mark.slow
def test_the_gate_needs_no_screen_and_no_engine(folder: Path) -> None:
    assert called("import", "bees.jsonl", cwd=folder)[0] == 0
    code, heavy = called("gate", cwd=folder)
    assert code == 1
    assert not heavy & {"textual", "anthropic", "gguf", "xllamacpp", "sqlite_utils"}


MODULES = [
    "db.store.workspace",
    "db.assignment",
    "review.annotation.submitting",
    "review.datasets.importing",
    "review.gate.decision",
    "review.agreement",
    "review.lint",
    "review.release",
    "generation.worker.worker",
    "generation.worker.supervisor",
    "generation.jobs.jobs",
    "generation.engines.registry",
    "generation.engines.local",
    "generation.engines.anthropic_messages",
    "tui.cli.command_line",
    "tui.cli.worker",
    "tui.cli.generate",
]


def test_importing_a_module_imports_nothing_heavy(tmp_path: Path) -> None:
    """Each in turn, in one process: the first to bring something in is named."""
    code = f"""
import importlib, json, sys
found = {{}}
for name in {MODULES!r}:
    importlib.import_module(name)
    new = {{module.partition(".")[0] for module in sys.modules}} & set({sorted(HEAVY)!r}) - set(sum(found.values(), []))
    if new:
        found[name] = sorted(new)
sys.stderr.write("\\n" + json.dumps([found, []]))
"""
    assert imported_by(code, cwd=tmp_path) == ({}, set())


def test_the_app_starts_without_numpy_and_plots(tmp_path: Path) -> None:
    """Plots are for whoever opens one; until then the app does without their libraries."""
    code = """
import json, sys, tui.app.app
sys.stderr.write("\\n" + json.dumps([0, sorted({name.partition(".")[0] for name in sys.modules})]))
"""
    assert not imported_by(code, cwd=tmp_path)[1] & {"numpy", "textual_plot", "krippendorff", "sklearn", "scipy"}


LATER = (
    "generation.recipes.recipe", "review.release.ship", "review.report", "review.gate.decision", "review.agreement",
    "review.lint", "review.formats.registry", "tui.screens.browse", "tui.screens.agreement", "tui.screens.datasets",
    "tui.widgets.plots",
)  # fmt: skip
"""What a validator's first example doesn't need, and would wait half a second for."""


def test_the_app_starts_without_what_opens_later(tmp_path: Path) -> None:
    code = f"""
import json, sys, tui.app.app
sys.stderr.write("\\n" + json.dumps([[name for name in {LATER!r} if name in sys.modules], []]))
"""
    assert imported_by(code, cwd=tmp_path)[0] == []


def test_the_packages_import_downwards_only() -> None:
    pytest.importorskip("importlinter", reason="import-linter is not installed")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "broken" in done.stdout
    assert " 0 broken" in done.stdout


def test_every_package_is_named_in_the_contract() -> None:
    """Each of the house's packages has its place in the layers, so that none escapes them."""
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
    assert sorted(contracts["root_packages"]) == packages
    assert contracts["contracts"][0]["layers"] == ["tui", "generation", "review", "db"]
