"""`evalwright lint`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from db import datasets as rows
from db.errors import InputError
from db.workspace import open_workspace
from tui.console import print_json, say

if TYPE_CHECKING:
    from review.lint import Finding, LintItem

SHOWN = 2
"""How many examples of a finding people are shown; `--json` has more."""

EXCERPT = 100


@click.command("lint")
@click.argument("names", nargs=-1, metavar="[DATASET | FILE...]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def lint_command(workspace: Path, names: tuple[str, ...], *, as_json: bool) -> int:
    """Look for known defects in datasets, or in published JSONL files; in every dataset if nothing is named.

    Exit code 1 if there is an error or a warning; notes are only shown.
    """
    from review.lint import lint

    chosen = names or tuple(dataset.name for dataset in rows.all_datasets(open_workspace(workspace, create=False)))
    results = [(name, lint(_items(workspace, name))) for name in chosen]
    if as_json:
        print_json(_as_json(results))
    else:
        for name, findings in results:
            _print(name, findings)
    return 1 if any(finding.severity != "note" for _, findings in results for finding in findings) else 0


def _items(workspace: Path, name: str) -> list[LintItem]:
    """Returns what is to be looked at: a file's rows if there is such a file, else a dataset's examples."""
    from db.examples import iterate_examples
    from review.formats.jsonl import read_file
    from review.lint import LintItem
    from review.steering import find

    if os.path.isfile(name):
        return [LintItem.of(number, example) for number, example in read_file(Path(name))]
    if name.endswith((".jsonl", ".json")):
        raise InputError(f"{name} can't be read: there is no such file.")
    connection = open_workspace(workspace, create=False)
    dataset = find(connection, name)
    return [LintItem.of(example.id, example) for example in iterate_examples(connection, dataset.id)]


def _as_json(results: Sequence[tuple[str, Sequence[Finding]]]) -> Any:
    shown = [(name, [finding.as_json() for finding in findings]) for name, findings in results]
    if len(shown) == 1:
        return {"findings": shown[0][1]}
    return [{"name": name, "findings": findings} for name, findings in shown]


def _print(name: str, findings: Sequence[Finding]) -> None:
    from review.lint import REMEDIES

    say(f"{name}: {'nothing found' if not findings else ''}".rstrip())
    for finding in findings:
        say(f"  {finding.severity:7}  {finding.code}: {finding.message}")
        for example in finding.examples[:SHOWN]:
            if "text" in example:
                say(f"           {_in_brief(example)}")
        say(f"           {REMEDIES[finding.code]}")


def _in_brief(example: dict[str, Any]) -> str:
    """Returns which example, or which kind of examples, and how it begins."""
    which = example.get("id", example.get("cluster"))
    twin = f", like {example['twin']}" if "twin" in example else ""
    text = str(example["text"])
    return f"{which}{twin}: {text if len(text) <= EXCERPT else text[: EXCERPT - 1] + '…'}"
