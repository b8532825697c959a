"""`evalwright datasets`, `close` and `reopen`."""

from __future__ import annotations

from pathlib import Path

import click

from db import datasets as rows
from db.store.workspace import open_workspace
from review.datasets.find_and_close import close_dataset, find, reopen_dataset
from review.datasets.overview import overview
from review.text.json import fields_of
from tui.cli.console import print_json, print_table, tell


@click.command("datasets")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def datasets_command(workspace: Path, *, as_json: bool) -> int:
    """List the datasets of the workspace: size, coverage, state and the gate's last decision."""
    connection = open_workspace(workspace, create=False)
    found = overview(connection)
    if as_json:
        print_json([{"dataset": row.name, **fields_of(row)} for row in found])
    else:
        headings = ["dataset", "examples", "reviewed", "settled", "state", "decision", "to go"]
        print_table(
            headings,
            [
                [
                    row.name,
                    f"{row.examples:,}",
                    f"{row.reviewed:,}",
                    f"{row.settled:,}",
                    row.state,
                    row.decision or "-",
                    f"about {row.to_go:,} answers" if row.to_go else "",
                ]
                for row in found
            ],
        )
    return 0


@click.command("close")
@click.argument("dataset")
@click.pass_obj
def close_command(workspace: Path, dataset: str) -> int:
    """Close a dataset: no job and no selection can change it any more, and it may ship."""
    connection = open_workspace(workspace, create=False)
    close_dataset(connection, find(connection, dataset))
    tell(f"{dataset} is closed.")
    return 0


@click.command("reopen")
@click.argument("dataset")
@click.pass_obj
def reopen_command(workspace: Path, dataset: str) -> int:
    """Open a closed dataset again, to add or remove examples; the gate's evidence then starts again on what is
    unanswered, which costs a part of the error level.
    """
    connection = open_workspace(workspace, create=False)
    reopen_dataset(connection, find(connection, dataset))
    counts = rows.counts(connection, find(connection, dataset).id)
    tell(
        f"{dataset} is open; if examples are added or removed, the evidence starts again on the "
        f"{counts.examples - counts.reviewed} unanswered ones, at a smaller part of the error level."
    )
    return 0
