"""`evalwright report`."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import click

from db import datasets as rows
from db.errors import EvalwrightError, InputError
from db.store.workspace import open_workspace
from tui.cli.console import print_json, say, tell
from tui.cli.progress import Bar


@click.command("report")
@click.argument("datasets", nargs=-1)
@click.option(
    "--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a self-contained page to this file."
)
@click.option("--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Write Markdown to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--policy", "policy_file", type=click.Path(path_type=Path), help="A policy file; default: see `evalwright policy`."
)
@click.pass_obj
def report_command(
    workspace: Path,
    datasets: tuple[str, ...],
    page: Path | None,
    markdown: Path | None,
    policy_file: Path | None,
    *,
    as_json: bool,
) -> int:
    """Write the report on datasets, all of them if none is named: everything that speaks for and against shipping.

    Validators are called by their pseudonyms. Without --html, --markdown or --json, prints Markdown.
    """
    from review.datasets.find_and_close import find
    from review.gate.policy import policy_of
    from review.report import make_report, to_html, to_markdown

    if sum([page is not None, markdown is not None, as_json]) > 1:
        raise InputError("A report is a page, Markdown or JSON; give one of --html, --markdown and --json.")
    connection = open_workspace(workspace, create=False)
    policy = policy_of(connection, policy_file)
    chosen = [find(connection, name) for name in dict.fromkeys(datasets)] or rows.all_datasets(connection)
    if not chosen:
        raise InputError("The workspace has no datasets yet; `evalwright import` and `evalwright generate` make some.")
    with Bar("report", "datasets") as bar:
        report = make_report(
            connection, chosen, policy, whole=not datasets, progress=lambda done: bar.update(done, len(chosen))
        )
    if as_json:
        print_json(report)
    elif page is not None:
        _write(page, to_html(report))
    elif markdown is not None:
        _write(markdown, to_markdown(report))
    else:
        for line in to_markdown(report).splitlines():
            say(line)
    return 0


def _write(path: Path, text: str) -> None:
    """Writes a file beside its place and renames it, so that there is never half a report."""
    beside = path.parent / f".{path.name[:40]}.{os.getpid()}.part"
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise EvalwrightError(f"The report can't be written to {path} ({error.strerror or error}).") from error
    tell(f"{path}: written")
