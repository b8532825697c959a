"""`evalwright export`."""

from __future__ import annotations

from pathlib import Path

import click

from db.workspace import open_workspace
from tui.console import say


@click.command("export")
@click.argument("target", metavar="FILE.db|FOLDER", type=click.Path(path_type=Path))
@click.option("--with-names", is_flag=True, help="Keep annotators' names; default: pseudonyms, as in releases.")
@click.pass_obj
def export_command(workspace: Path, target: Path, *, with_names: bool) -> int:
    """Write the workspace as plain tables: a SQLite file, or a folder with JSONL and CSV.

    A name that ends in .db, .sqlite or .sqlite3 makes a SQLite file with views, which opens in Datasette.
    """
    from review.release.export import export

    connection = open_workspace(workspace, create=False)
    written = export(connection, target, names=with_names)
    rows = ", ".join(f"{name} {count:,}" for name, count in written.items() if count)
    say(f"{target}: {rows or 'no rows'}")
    return 0
