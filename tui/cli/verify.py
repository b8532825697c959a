"""`evalwright verify`."""

from __future__ import annotations

from pathlib import Path

import click

from review.text.json import fields_of
from tui.cli.console import print_json, say


@click.command("verify")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify_command(folder: Path, *, as_json: bool) -> int:
    """Check a release: every file's hash, and that its numbers follow from the answers it holds.

    Exits with 1 where something is wrong.
    """
    from review.release.verify import verify

    found = verify(folder)
    if as_json:
        print_json({"intact": found.intact, **fields_of(found)})
    elif found.intact:
        say(f"{folder}: intact")
        for dataset in found.datasets:
            say(f"  {dataset.name}: {dataset.examples:,} examples, {dataset.annotations:,} answers")
        again = found.note or f"{found.recomputed:,} numbers computed again, all the same"
        say(f"  {found.files:,} files as they were shipped; {again[0].lower()}{again[1:]}")
        say(f"  {found.content_hash}")
    else:
        say(f"{folder}: not intact")
        for problem in found.problems:
            say(f"  {problem}")
    return 0 if found.intact else 1
