"""`evalwright rule`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.errors import InputError
from db.store.workspace import open_workspace
from review.annotation.own_name import user_name
from tui.app.start import name_given_before
from tui.cli.console import tell

if TYPE_CHECKING:
    from db.records import Dataset, Example
    from db.rulings import NewRuling

TAKES = {"keep": "", "relabel": "LABEL", "edit": "TEXT", "drop": ""}


@click.command("rule", options_metavar="[OPTIONS]")
@click.argument("example")
@click.argument("verdict", type=click.Choice(list(TAKES)), metavar="keep|relabel|edit|drop")
@click.argument("value", required=False, metavar="[LABEL|TEXT]")
@click.option("--reason", metavar="TEXT", default="", help="Why; needed to drop an example.")
@click.option("--as", "lead", help="Your name; default: your user name.")
@click.pass_obj
def rule_command(workspace: Path, example: str, verdict: str, value: str | None, reason: str, lead: str | None) -> int:
    """Rule on an example.

    EXAMPLE is DATASET:ROW, the row counted from 0, or the example's id as `lint` and the screens show it.

    With keep it stays as it is; with relabel LABEL another answer is the one that matches the behaviour; with edit TEXT
    it gets another wording, which ships once validators have agreed on it; with drop it doesn't ship.

    The answers stay as they are and the gate goes on reading only them. The newest ruling on an example counts; to undo
    one, rule anew.
    """
    from review.lead.rulings import find_example, rule

    if bool(TAKES[verdict]) != (value is not None):
        needs = f"needs {TAKES[verdict]} after it" if TAKES[verdict] else "takes nothing after it but --reason"
        raise InputError(f"{verdict} {needs}; `evalwright rule --help` shows how it is called.")
    connection = open_workspace(workspace, create=False)
    dataset, found = find_example(connection, example)
    ruling = _ruling(dataset, found, verdict, value or "", reason)
    rule(connection, dataset, found.id, ruling, by=lead or name_given_before() or user_name())
    tell(f"{dataset.name}:{found.ordinal}: {verdict}. The answers stay as they are.")
    return 0


def _ruling(dataset: Dataset, example: Example, verdict: str, value: str, reason: str) -> NewRuling:
    from review.lead.rulings import drop, edit, keep, relabel

    if verdict == "relabel":
        return relabel(dataset, example, value, reason)
    if verdict == "edit":
        return edit(dataset, example, value, reason)
    return drop(reason) if verdict == "drop" else keep(reason)
