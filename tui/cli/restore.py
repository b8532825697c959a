"""`evalwright restore`."""

from __future__ import annotations

from pathlib import Path

import click

from db.store.backups import restore
from tui.cli.console import print_json, say


@click.command("restore")
@click.argument("backup", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def restore_command(workspace: Path, *, backup: Path, as_json: bool) -> int:
    """Put a copy of the backup FILE in the workspace's place; what was there is kept beside it.

    Nobody may have the workspace open: end the app, the worker and every command that uses it first. FILE stays as it
    is.
    """
    kept = restore(workspace, backup)
    if as_json:
        print_json({"workspace": workspace, "restored_from": backup, "kept": kept})
        return 0
    say(f"{workspace}: restored from {backup}")
    if kept is not None:
        say(f"{kept}: what was there before")
    return 0
