"""`evalwright backup`."""

from __future__ import annotations

from pathlib import Path

import click

from db.backups import back_up
from tui.console import say


@click.command("backup")
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def backup_command(workspace: Path, *, target: Path) -> int:
    """Copy the workspace to FILE, whole and of one moment, also while people label and jobs run.

    FILE must not exist yet. `evalwright restore FILE` puts it in the workspace's place; it is a workspace itself, and
    `evalwright --workspace FILE` opens it.
    """
    back_up(workspace, target)
    say(f"{target}: {target.stat().st_size:,} bytes")
    return 0
