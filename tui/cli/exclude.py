"""`evalwright exclude`."""

from __future__ import annotations

from pathlib import Path

import click

from db.errors import InputError
from db.store.workspace import open_workspace
from tui.cli.console import tell


@click.command("exclude")
@click.argument("annotator")
@click.option("--reason", metavar="TEXT", help="Why; kept with the exclusion.")
@click.option("--undo", is_flag=True, help="Take the exclusion back.")
@click.pass_obj
def exclude_command(workspace: Path, annotator: str, reason: str | None, *, undo: bool) -> int:
    """Exclude a validator, for a reason: nothing is deleted, and the gate must hold both with and without them.

    Their examples are asked of other validators until they are settled without them as well.
    """
    from review.lead.exclusion import exclude

    if undo and reason is not None:
        raise InputError("--undo takes an exclusion back and needs no --reason; give one of the two.")
    if not undo and reason is None:
        raise InputError("An exclusion needs a reason; say why with --reason, or take one back with --undo.")
    connection = open_workspace(workspace, create=False)
    done = exclude(connection, annotator, reason)
    if undo:
        tell(f"{annotator} is no longer excluded.")
    else:
        tell(
            f"{annotator} is excluded: of {done.answered:,} examples that they answered, {done.waiting:,} wait for "
            "others. The gate must hold with and without their answers."
        )
    return 0
