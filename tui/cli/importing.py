"""`evalwright import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.errors import EvalwrightError, InputError
from db.names import LONGEST, check_name
from db.store.workspace import open_workspace
from review.text.json import fields_of
from tui.cli.agreement import LEVELS
from tui.cli.console import print_json, say, tell
from tui.cli.progress import Bar

if TYPE_CHECKING:
    from db.imported_ratings import Level
    from db.store.connection import Connection
    from review.datasets.importing import Imported
    from review.formats.format import Source

EXCERPT = 60


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dataset", help="The dataset's name; only with one dataset. Default: what the file calls it.")
@click.option("--behavior", default="", help='What completes "a person/AI who ..."; shown to validators.')
@click.option("--ratings-for", metavar="DATASET", help="FILE has ratings of that dataset's examples: attach them.")
@click.option("--question", help="What was asked in --ratings-for FILE; default: the file's name.")
@click.option("--level", type=click.Choice(LEVELS), help="Level of measurement of the ratings; default: nominal.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def import_command(
    workspace: Path,
    files: tuple[Path, ...],
    dataset: str | None,
    behavior: str,
    ratings_for: str | None,
    question: str | None,
    level: Level | None,
    *,
    as_json: bool,
) -> int:
    """Import datasets from files or folders, in any format that ship writes.

    Published JSONL, Hugging Face folders, lm-evaluation-harness tasks, Inspect samples, BIG-bench, Inverse Scaling,
    OpenAI evals and Croissant are told apart by what is in them. A file with a broken line is reported by file and line
    and leaves nothing behind; the other files are imported all the same.

    With --ratings-for, FILE holds ratings from elsewhere (CSV or JSONL: unit, annotator, value; or Inspect's), attached
    by an example's text or id. They are reported as imported ratings and are never evidence for the gate.
    """
    if ratings_for is not None:
        return _attach(workspace, files, ratings_for, question, level or "nominal", as_json=as_json)
    if question is not None or level is not None:
        raise InputError("--question and --level belong to --ratings-for DATASET.")
    from review.formats.registry import sources

    if dataset is not None and len(files) > 1:
        raise InputError("--dataset names one dataset, and there are several files; import them one at a time.")
    if dataset is not None and not _is_name(dataset):
        raise InputError(f"--dataset must be one line of at most {LONGEST} visible characters, not blank.")
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
    done: list[Imported] = []
    for source in found:
        imported = _import(connection, source, dataset, behavior)
        if imported is not None:
            done.append(imported)
            if not as_json:
                say(f"{imported.dataset}: {imported.examples} examples")
    if as_json:
        print_json(done)
    return 2 if failed + len(found) - len(done) else 0


def _attach(
    workspace: Path, files: tuple[Path, ...], name: str, question: str | None, level: Level, *, as_json: bool
) -> int:
    """Attaches ratings, and tells what of them could not be."""
    from review.agreement.imported_ratings import attach_ratings
    from review.datasets.find_and_close import find

    if len(files) > 1:
        raise InputError("--ratings-for takes one file at a time.")
    if question is not None and not _is_name(question):
        raise InputError(f"--question must be one line of at most {LONGEST} visible characters, not blank.")
    connection = open_workspace(workspace, create=False)
    attached = attach_ratings(connection, find(connection, name), files[0], question=question or "", level=level)
    if as_json:
        print_json({"dataset": name, **fields_of(attached)})
        return 0
    known = f"; {attached.known:,} were there already" if attached.known else ""
    say(
        f"{name}, {attached.question}: {attached.added:,} ratings of {attached.examples:,} examples by"
        f" {attached.annotators:,} annotators{known}"
    )
    if strange := attached.strangers:
        tell(f"Units that are no example of {name}: {len(strange):,}, such as {strange[0][:EXCERPT]!r}.")
    if several := attached.ambiguous:
        tell(f"Units that may be several examples: {len(several):,}, such as {several[0][:EXCERPT]!r}; name their ids.")
    return 0


def _import(connection: Connection, source: Source, dataset: str | None, behavior: str) -> Imported | None:
    """Imports a dataset, or says why not and returns None."""
    from review.datasets.importing import import_source
    from review.formats.names import safe_name

    name = dataset or (source.name if _is_name(source.name) else safe_name(source.name))
    try:
        with Bar(f"importing {source.path.name}", "examples") as bar:
            imported = import_source(connection, source, name=name, behavior=behavior, progress=bar.update)
    except EvalwrightError as error:
        tell(f"evalwright: {error}")
        return None
    if imported.copies:
        tell(
            f"{imported.dataset} has the same examples as {', '.join(imported.copies)}: they share one error level, of "
            "which whichever is answered first has nine tenths."
        )
    return imported


def _is_name(text: str) -> bool:
    try:
        check_name("The name", text)
    except InputError:
        return False
    return text == text.strip()
