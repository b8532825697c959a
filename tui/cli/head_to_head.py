"""`evalwright head-to-head`."""

from __future__ import annotations

from pathlib import Path

import click

from db.store.workspace import open_workspace
from tui.cli.console import print_json, print_table, say


@click.command("head-to-head")
@click.argument("first")
@click.argument("second")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def head_to_head_command(workspace: Path, first: str, second: str, *, as_json: bool) -> int:
    """Show which of two datasets annotators find the better test, from the pairs that they judged in the app.

    The share is the first one's: ties count half, and the interval is made by resampling pairs.
    """
    from review.comparisons.head_to_head import head_to_head
    from review.datasets.find_and_close import find

    connection = open_workspace(workspace, create=False)
    found = head_to_head(connection, find(connection, first), find(connection, second))
    if as_json:
        print_json(found)
        return 0
    share = found.share
    interval = "undefined" if share.lower is None or share.upper is None else f"{share.lower:.2f} to {share.upper:.2f}"
    print_table(
        ["", "better", "share"],
        [
            [found.first, f"{found.first_better:,}", "-" if share.value is None else f"{share.value:.2f} ({interval})"],
            [found.second, f"{found.second_better:,}", "-" if share.value is None else f"{1 - share.value:.2f}"],
            ["equal", f"{found.ties:,}", ""],
        ],
    )
    say(f"{found.pairs:,} pairs, judged by {found.annotators:,}; the left one was chosen in {found.left_better:,}")
    if share.undefined is not None:
        say(f"{found.first}: {share.undefined}")
    return 0
