"""`evalwright review`."""

from __future__ import annotations

from pathlib import Path

import click

from db.store.workspace import is_packet, open_workspace
from review.assignment.allowed import check_allowed
from review.datasets.find_and_close import find, most_to_do
from tui.app.start import name_given_before, open_app, validator_name


@click.command("review")
@click.argument("dataset", required=False)
@click.option("--as", "annotator", help="Your name as a validator; default: your user name.")
@click.pass_obj
def review_command(workspace: Path, dataset: str | None, annotator: str | None) -> int:
    """Label and rate examples: two keys each. Without a dataset, the one with most left to do."""
    given = annotator or name_given_before()
    if is_packet(workspace):
        open_app(workspace, annotator=given)
        return 0
    name = validator_name(given)
    connection = open_workspace(workspace, create=False)
    chosen = find(connection, dataset) if dataset else most_to_do(connection, name)
    check_allowed(connection, chosen, name)
    connection.close()
    open_app(workspace, annotator=name, dataset=chosen.name)
    return 0
