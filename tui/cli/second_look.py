"""`evalwright second-look`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.store.workspace import open_workspace
from tui.cli.console import print_json, print_table, say

if TYPE_CHECKING:
    from review.comparisons.second_look_effects import ArmFound
    from review.stats.resampled_mean import ResampledMean


@click.command("second-look")
@click.argument("dataset")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def second_look_command(workspace: Path, dataset: str, *, as_json: bool) -> int:
    """Show what second looks do: changes towards and away from the intended label, and accuracy on gold.

    Half of the second looks come with an argument, half without one: only their difference is the argument's doing.
    `evalwright assign DATASET --second-look --arguments FILE` switches them on.
    """
    from review.comparisons.second_look_effects import second_looks
    from review.datasets.find_and_close import find

    connection = open_workspace(workspace, create=False)
    found = second_looks(connection, find(connection, dataset))
    if as_json:
        print_json(found)
        return 0
    print_table(["", *(arm.arm for arm in found.arms)], _rows(found.arms))
    if not found.on:
        say(f"{found.dataset} has no second looks now; `evalwright assign` switches them on.")
    return 0


def _rows(arms: Sequence[ArmFound]) -> list[list[str]]:
    """Returns what was found in each half, side by side."""
    return [
        ["second answers", *(f"{arm.looks:,} of {arm.annotators:,} validators" for arm in arms)],
        ["closed without one", *(f"{arm.declined:,}" for arm in arms)],
        ["changed", *(f"{arm.changed:,}" for arm in arms)],
        ["to the intended label", *(_share(arm.towards) for arm in arms)],
        ["from the intended label", *(_share(arm.away) for arm in arms)],
        ["intended label, blind", *(_share(arm.agreed_before) for arm in arms)],
        ["intended label, second", *(_share(arm.agreed_after) for arm in arms)],
        ["second answers on gold", *(f"{arm.gold_looks:,}" for arm in arms)],
        ["right on gold, blind", *(_share(arm.right_before) for arm in arms)],
        ["right on gold, second", *(_share(arm.right_after) for arm in arms)],
    ]


def _share(share: ResampledMean) -> str:
    if share.value is None:
        return "-"
    if share.lower is None or share.upper is None:
        return f"{share.value:.3f} (interval undefined)"
    return f"{share.value:.3f} ({share.lower:.3f} to {share.upper:.3f})"
