"""`evalwright adjudicate`."""

from __future__ import annotations

from pathlib import Path

import click

from db.store.workspace import open_workspace
from tui.app.start import name_given_before, open_app


@click.command("adjudicate")
@click.argument("dataset", required=False)
@click.option("--as", "lead", help="Your name; default: your user name.")
@click.pass_obj
def adjudicate_command(workspace: Path, dataset: str | None, lead: str | None) -> int:
    """Settle what validators could not: disputes first, then what contradicts the intended labels.

    Without a dataset, the one with most to settle. You will not be asked about examples that you see there.
    """
    from review.datasets.find_and_close import find
    from review.lead.adjudication import most_to_settle

    connection = open_workspace(workspace, create=False)
    chosen = find(connection, dataset) if dataset else most_to_settle(connection)
    connection.close()
    open_app(workspace, annotator=lead or name_given_before(), dataset=chosen.name, adjudicate=True)
    return 0
