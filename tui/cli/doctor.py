"""`evalwright doctor`."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from db.errors import EvalwrightError
from db.store import schema
from db.store.sqlite import journal_mode, sqlite3
from db.store.workspace import open_workspace
from tui.cli.console import print_json, print_table

PACKAGES = (
    "evalwright",
    "textual",
    "sqlite-utils",
    "pysqlite3",
    "anthropic",
    "krippendorff",
    "scikit-learn",
    "xllamacpp",
    "gguf",
)
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL")


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def doctor_command(workspace: Path, *, as_json: bool) -> int:
    """Show versions, SQLite, terminal, model, network and keys (set or not, never their values)."""
    from generation.engines.environment import environment_problem, network_settings

    facts = {
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        **{name: _version(name) for name in PACKAGES},
        "sqlite": _sqlite(),
        "workspace": _workspace(workspace),
        "terminal": _terminal(),
        "embedded model": _model(),
        "network": environment_problem() or "nothing is wrong with the variables for proxies and certificates",
        **network_settings(),
        **{name: "set" if os.environ.get(name) else "not set" for name in KEYS},
    }
    if as_json:
        print_json(facts)
    else:
        print_table(["what", "found"], [[name, value] for name, value in facts.items()])
    return 0


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _sqlite() -> str:
    if journal_mode() == "wal":
        return f"{sqlite3.sqlite_version}, write-ahead log"
    return (
        f"{sqlite3.sqlite_version}, rollback journal: this SQLite can lose rows with a write-ahead log, and pysqlite3, "
        "which brings a newer one, isn't installed here; slower when several people label at once"
    )


def _workspace(path: Path) -> str:
    if not path.exists():
        return f"{path}: none yet"
    try:
        connection = open_workspace(path)
    except EvalwrightError as error:
        return str(error)
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    connection.close()
    return f"{path}: version {schema.CURRENT}, journal {mode}, {path.stat().st_size / 1e6:,.1f} MB"


def _terminal() -> str:
    if not sys.stdout.isatty():
        return "none: output goes to a file or a pipe"
    size = os.get_terminal_size()
    colour = "no colour (NO_COLOR)" if os.environ.get("NO_COLOR") else os.environ.get("COLORTERM", "colour")
    return f"{os.environ.get('TERM', 'unknown')}, {size.columns} x {size.lines}, {colour}"


def _model() -> str:
    from generation.engines.model_store import cached_model, models_folder

    found = cached_model()
    return str(found) if found else f"not fetched yet; `evalwright demo` fetches it into {models_folder()}"
