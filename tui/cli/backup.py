"""`evalwright backup`."""

from __future__ import annotations

from pathlib import Path

import click

from db.store.backups import back_up
from tui.cli.console import print_json, say


@click.command("backup")
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def backup_command(workspace: Path, *, target: Path, as_json: bool) -> int:
    """Copy the workspace to FILE, whole and of one moment, also while people label and jobs run.

    FILE must not exist yet. `evalwright restore FILE` puts it in the workspace's place; it is a workspace itself, and
    `evalwright --workspace FILE` opens it.
    """
    back_up(workspace, target)
    size = target.stat().st_size
    if as_json:
        print_json({"file": target, "bytes": size})
    else:
        say(f"{target}: {size:,} bytes")
    return 0
