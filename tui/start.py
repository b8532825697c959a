"""Opening the app, and only where it can be used."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import click

from db.errors import InputError


def user_name() -> str:
    """Returns the name of whoever runs this, for answers given without `--as`."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "validator"


def validator_name(given: str | None) -> str:
    """Returns the name that answers are stored under: the one given, or the user's.

    Raises:
        InputError: if it is blank.
    """
    name = (given or user_name()).strip()
    if not name:
        raise InputError("The name after --as is empty.")
    return name


def name_given_before() -> str | None:
    """Returns the name of `evalwright --as NAME COMMAND`, where it stands before the command."""
    name: str | None = click.get_current_context().find_root().params.get("annotator")
    return name


def open_app(
    workspace: Path, *, annotator: str | None = None, dataset: str | None = None, adjudicate: bool = False
) -> None:
    """Runs the app until it is left.

    Args:
        workspace: The workspace file; made if there is none.
        annotator: The validator's name; by default the user's.
        dataset: A dataset to review at once, instead of the list.
        adjudicate: Whether to adjudicate that dataset, not review it.

    Raises:
        InputError: if there is no terminal, or no such dataset.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):  # Textual draws on standard error.
        raise InputError("The app needs a terminal; `evalwright --help` lists the commands that work without one.")
    if os.environ.get("TERM", "dumb") == "dumb":
        raise InputError(
            "This terminal can't show the app (TERM is unset or dumb); set TERM, for example to xterm-256color."
        )
    from tui.app import EvalwrightApp

    name = validator_name(annotator)
    review, settle = (None, dataset) if adjudicate else (dataset, None)
    EvalwrightApp(workspace, annotator=name, review=review, adjudicate=settle).run()
