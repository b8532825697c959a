"""`evalwright ship`."""

from __future__ import annotations

from pathlib import Path

import click

from db.workspace import open_workspace
from tui.console import say, tell


@click.command("ship")
@click.argument("dataset")
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path), help="A folder that doesn't exist yet.")
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="A policy file; default: built in.")
@click.option("--override", metavar="REASON", help="Ship although the gate refuses; the reason is printed in the card.")
@click.pass_obj
def ship_command(workspace: Path, dataset: str, folder: Path, policy_file: Path | None, override: str | None) -> int:
    """Write a release of a dataset: data, card, decision, hashes.

    Refused with exit code 1 where the gate does not let the dataset pass.
    """
    from review.policy import load_policy
    from review.release import RefusedError, ship
    from review.steering import find

    policy = load_policy(policy_file)
    connection = open_workspace(workspace, create=False)
    try:
        release = ship(connection, find(connection, dataset), policy, folder, override=override)
    except RefusedError as refused:
        tell(f"evalwright: {refused}")
        return 1
    say(f"{release.folder}: {release.examples} examples, {release.content_hash}")
    return 0
