"""Opening the app, and only where it can be used."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import click

from db.errors import InputError
from db.names import composed
from db.packet_file import read_packet
from db.store.workspace import is_packet
from review.annotation.own_name import user_name


def validator_name(given: str | None) -> str:
    """Returns the name that answers are stored under: the one given, or the user's.

    Raises:
        InputError: if it is blank.
    """
    name = composed(given or user_name())
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
        InputError: if there is no terminal, no such dataset, or the file is a packet for somebody else.
        KeyboardInterrupt: if it was interrupted from outside (in it, Ctrl-C is a key).
    """
    _need_terminal()
    # Almost all that is made until the first screen shows stays: looking through it for garbage would delay that screen
    # by a tenth. The app looks again once it has started.
    gc.disable()
    from tui.app.app import EvalwrightApp

    packet = is_packet(workspace)
    if packet:
        annotator, dataset = _packets_own(workspace, annotator)
    name = validator_name(annotator)
    review, settle = (None, dataset) if adjudicate else (dataset, None)
    app = EvalwrightApp(workspace, annotator=name, review=review, adjudicate=settle, packet=packet)
    app.run()
    if app.interrupted:
        raise KeyboardInterrupt


def _need_terminal() -> None:
    """Refuses where nothing could be seen, unless a program such as `textual serve` shows the app in its own way."""
    if "TEXTUAL_DRIVER" in os.environ:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):  # Textual draws on standard error.
        raise InputError("The app needs a terminal; `evalwright --help` lists the commands that work without one.")
    if os.environ.get("TERM", "dumb") == "dumb":
        raise InputError(
            "This terminal can't show the app (TERM is unset or dumb); set TERM, for example to xterm-256color."
        )


def _packets_own(workspace: Path, annotator: str | None) -> tuple[str, str]:
    """Returns who a packet is for, and the name of its dataset."""
    packet = read_packet(workspace)
    facts = packet.facts
    if annotator is not None and composed(annotator) != composed(facts.annotator):
        raise InputError(
            f"The packet {workspace} is for {facts.annotator}; leave out --as, or ask for one of your own."
        )
    return facts.annotator, packet.dataset.name
