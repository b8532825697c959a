"""`evalwright import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.errors import EvalwrightError, InputError
from db.workspace import open_workspace
from tui.console import say, tell
from tui.progress import Bar
from tui.text import visible

if TYPE_CHECKING:
    from db.connection import Connection
    from review.formats.format import Source

LONGEST_NAME = 100


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dataset", help="The dataset's name; only with one dataset. Default: what the file calls it.")
@click.option("--behavior", default="", help='What completes "a person/AI who ..."; shown to validators.')
@click.pass_obj
def import_command(workspace: Path, files: tuple[Path, ...], dataset: str | None, behavior: str) -> int:
    """Import datasets from files or folders, in any format that ship writes.

    Published JSONL, Hugging Face folders, lm-evaluation-harness tasks, Inspect samples, BIG-bench, Inverse Scaling,
    OpenAI evals and Croissant are told apart by what is in them. A file with a broken line is reported by file and line
    and leaves nothing behind; the other files are imported all the same.
    """
    from review.formats.registry import sources

    if dataset is not None and len(files) > 1:
        raise InputError("--dataset names one dataset, and there are several files; import them one at a time.")
    if dataset is not None and not _is_name(dataset):
        raise InputError(f"--dataset must be one line of at most {LONGEST_NAME} visible characters, not blank.")
    found: list[Source] = []
    failed = 0
    for file in files:
        try:
            found += sources(file)
        except EvalwrightError as error:
            failed += 1
            tell(f"evalwright: {error}")
    if dataset is not None and len(found) > 1:
        raise InputError(f"--dataset names one dataset, and {files[0]} holds {len(found)}; leave it out.")
    connection = open_workspace(workspace)
    failed += sum(not _import(connection, source, dataset, behavior) for source in found)
    return 2 if failed else 0


def _import(connection: Connection, source: Source, dataset: str | None, behavior: str) -> bool:
    """Imports a dataset and says so, or why not; returns whether it is there."""
    from review.formats.names import safe_name
    from review.importing import import_source

    name = dataset or (source.name if _is_name(source.name) else safe_name(source.name))
    try:
        with Bar(f"importing {source.path.name}", "examples") as bar:
            imported = import_source(connection, source, name=name, behavior=behavior, progress=bar.update)
    except EvalwrightError as error:
        tell(f"evalwright: {error}")
        return False
    say(f"{imported.dataset}: {imported.examples} examples")
    return True


def _is_name(text: str) -> bool:
    return text == text.strip() == visible(text, one_line=True) and 0 < len(text) <= LONGEST_NAME
