"""`evalwright import`."""

from __future__ import annotations

from pathlib import Path

import click

from db.errors import EvalwrightError, InputError
from db.workspace import open_workspace
from tui.console import say, tell
from tui.progress import Bar
from tui.text import visible

LONGEST_NAME = 100


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dataset", help="The dataset's name; only with one file. Default: the file's name.")
@click.option("--behavior", default="", help='What completes "a person/AI who ..."; shown to validators.')
@click.pass_obj
def import_command(workspace: Path, files: tuple[Path, ...], dataset: str | None, behavior: str) -> int:
    """Import published JSONL files, each as a dataset.

    Persona, multiple choice and Winogenerated files are told apart by their fields. A file with a broken line is
    reported by file and line and leaves nothing behind; the other files are imported all the same.
    """
    from review.formats.jsonl import dataset_name
    from review.importing import import_file

    if dataset is not None and len(files) > 1:
        raise InputError("--dataset names one dataset, and there are several files; import them one at a time.")
    if dataset is not None and not _is_name(dataset):
        raise InputError(f"--dataset must be one line of at most {LONGEST_NAME} visible characters, not blank.")
    connection = open_workspace(workspace)
    failed = 0
    for file in files:
        name = dataset or dataset_name(file)
        try:
            with Bar(f"importing {file.name}", "examples") as bar:
                imported = import_file(connection, file, name=name, behavior=behavior, progress=bar.update)
        except EvalwrightError as error:
            failed += 1
            tell(f"evalwright: {error}")
        else:
            say(f"{imported.dataset}: {imported.examples} examples")
    return 2 if failed else 0


def _is_name(text: str) -> bool:
    return text == text.strip() == visible(text, one_line=True) and 0 < len(text) <= LONGEST_NAME
