"""`evalwright diversity`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from db import datasets as rows
from db.store.workspace import open_workspace
from tui.cli.console import print_json, print_table, say

if TYPE_CHECKING:
    from review.comparisons.diversity import Diversity


@click.command("diversity")
@click.argument("dataset", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def diversity_command(workspace: Path, dataset: str | None, *, as_json: bool) -> int:
    """Show how far the topics of datasets vary, as annotators rate it in the app.

    With a dataset, that one and those of another origin for its behaviour; without one, all. It measures the spread
    of topics; statements that say the same twice are found by `evalwright lint`.
    """
    from review.comparisons.diversity import diversity
    from review.datasets.find_and_close import find

    connection = open_workspace(workspace, create=False)
    if dataset is None:
        found = [diversity(connection, each)[0] for each in rows.all_datasets(connection)]
    else:
        found = diversity(connection, find(connection, dataset))
    if as_json:
        print_json(found)
        return 0
    print_table(
        ["dataset", "written by", "handfuls", "ratings", "annotators", "diversity", "95 % interval", "alpha"],
        [_row(one) for one in found],
    )
    for one in found:
        if one.mean.undefined is not None:
            say(f"{one.dataset}: {one.mean.undefined}")
    return 0


def _row(one: Diversity) -> list[str]:
    mean = one.mean
    return [
        one.dataset,
        one.written_by,
        f"{one.handfuls:,}",
        f"{one.ratings:,}",
        f"{one.annotators:,}",
        "-" if mean.value is None else f"{mean.value:.2f}",
        "undefined" if mean.lower is None or mean.upper is None else f"{mean.lower:.2f} to {mean.upper:.2f}",
        "undefined" if one.alpha is None else f"{one.alpha:.2f}",
    ]
