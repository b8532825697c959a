"""`evalwright export`."""

from __future__ import annotations

from pathlib import Path

import click

from db import datasets as rows
from db.store.workspace import open_workspace
from review.annotation.own_name import user_name
from tui.app.start import name_given_before
from tui.cli.console import print_json, say, tell
from tui.cli.looking import note_looking


@click.command("export")
@click.argument("target", metavar="FILE.db|FOLDER", type=click.Path(path_type=Path))
@click.option("--with-names", is_flag=True, help="Keep annotators' names; default: pseudonyms, as in releases.")
@click.option("--as", "annotator", help="Who sees it; default: your user name.")
@click.option("--yes", is_flag=True, help="Don't ask before noting it under a name other than yours.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def export_command(
    workspace: Path, target: Path, *, with_names: bool, annotator: str | None, yes: bool, as_json: bool
) -> int:
    """Write the workspace as plain tables: a SQLite file, or a folder with JSONL and CSV.

    A name that ends in .db, .sqlite or .sqlite3 makes a SQLite file with views, which opens in Datasette. It holds
    everybody's answers: you will not be asked about any of its datasets any more.
    """
    from review.release.atomic_folder import refuse_existing
    from review.release.export import export

    connection = open_workspace(workspace, create=False)
    refuse_existing(target, "an export")
    viewer = annotator or name_given_before() or user_name()
    datasets = rows.all_datasets(connection)
    note_looking(connection, datasets, viewer, yes=yes)
    if datasets:
        tell(f"It is noted that {viewer} has seen the answers: nothing more of these datasets is asked of {viewer}.")
    written = export(connection, target, names=with_names)
    if as_json:
        print_json({"file": target, "rows": written})
        return 0
    counts = ", ".join(f"{name} {count:,}" for name, count in written.items() if count)
    say(f"{target}: {counts or 'no rows'}")
    return 0
