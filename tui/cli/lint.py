"""`evalwright lint`."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from db import datasets as rows
from db.errors import EvalwrightError, InputError
from db.store.workspace import open_workspace
from tui.cli.console import print_json, say

if TYPE_CHECKING:
    from db.records import Dataset
    from db.store.connection import Connection
    from review.datasets.repair import Mended
    from review.lint import Finding

FILE_ENDINGS = (".jsonl", ".json", ".csv")
"""What ends like this is meant as a file, whether or not it is there."""

SHOWN = 2
"""How many examples of a finding people are shown; `--json` has more."""

EXCERPT = 100

IDS = 12
"""How many removed examples of a kind people are told; `--json` has all."""


@click.command("lint")
@click.argument("names", nargs=-1, metavar="[DATASET | FILE...]")
@click.option("--fix", is_flag=True, help="Remove examples from the named datasets, as far as rules mend them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def lint_command(workspace: Path, names: tuple[str, ...], *, fix: bool, as_json: bool) -> int:
    """Look for known defects in datasets, or in files of any format that import reads; by default in every dataset.

    Exit code 1 if there is an error or a warning; notes are only shown.
    """
    chosen = names or tuple(dataset.name for dataset in rows.all_datasets(open_workspace(workspace, create=False)))
    if fix:
        _refuse_to_fix(names)
    results: list[_Result] = []
    try:
        for name in chosen:
            results += _look(workspace, name, fix=fix)
    except EvalwrightError:
        if fix and results:  # What was changed is told, whatever fails after it.
            _print_all(results, as_json=as_json)
        raise
    _print_all(results, as_json=as_json)
    return 1 if any(finding.severity != "note" for result in results for finding in result.findings) else 0


@dataclass(frozen=True)
class _Result:
    """What was found in a dataset or file, after what was mended, if that was asked for."""

    name: str
    findings: Sequence[Finding]
    mended: Mended | None
    file: Path | None = None

    def as_json(self) -> dict[str, Any]:
        where = {"dataset": self.name} if self.file is None else {"file": self.file}
        found: dict[str, Any] = {**where, "name": self.name, "findings": self.findings}
        if self.mended is None:
            return found
        return {**found, "removed": self.mended.removals, "left": self.mended.left}


def _refuse_to_fix(names: Sequence[str]) -> None:
    if not names:
        raise InputError("`evalwright lint --fix` changes datasets; name those that it may change.")
    for name in names:
        if os.path.isfile(name) or name.endswith(FILE_ENDINGS):
            raise InputError(
                f"{name} is a file, and lint never changes a file; `evalwright import {name}` makes a dataset of it, "
                "which `evalwright lint --fix` can mend."
            )


def _look(workspace: Path, name: str, *, fix: bool) -> list[_Result]:
    """Looks at what a name stands for: a file, else a dataset, else a folder; files and folders may hold several."""
    from review.datasets.find_and_close import find
    from review.lead.rulings import shipped_examples
    from review.lint import LintItem, lint

    if os.path.isfile(name) or name.endswith(FILE_ENDINGS):
        return _look_at_files(name)
    if os.path.isdir(name) and not _is_dataset(workspace, name):
        return _look_at_files(name)
    connection = open_workspace(workspace, create=False)
    dataset = find(connection, name)
    mended = _mend(connection, dataset) if fix else None
    items = [LintItem.of(example.id, example) for example in shipped_examples(connection, dataset)]
    return [_Result(name, lint(items), mended)]


def _look_at_files(name: str) -> list[_Result]:
    from review.formats.registry import sources
    from review.lint import LintItem, lint

    if not os.path.exists(name):
        raise InputError(f"{name} can't be read: there is no such file.")
    found = sources(Path(name))
    return [
        _Result(
            name if len(found) == 1 else f"{name}: {source.name}",
            lint([LintItem.of(number, example) for number, example in source.examples()]),
            None,
            Path(name),
        )
        for source in found
    ]


def _is_dataset(workspace: Path, name: str) -> bool:
    if not workspace.exists():
        return False
    return rows.find_dataset(open_workspace(workspace, create=False), name) is not None


def _mend(connection: Connection, dataset: Dataset) -> Mended:
    from review.datasets.repair import mend
    from review.gate.policy import policy_of

    return mend(connection, dataset, policy_of(connection))


def _print_all(results: Sequence[_Result], *, as_json: bool) -> None:
    if not as_json:
        for result in results:
            _print(result)
    elif len(results) == 1:
        print_json(results[0])
    else:
        print_json(results)


def _print(result: _Result) -> None:
    from review.lint import in_brief, remedy

    if result.mended is not None:
        _print_mended(result.name, result.mended)
    say(f"{result.name}: {'nothing found' if not result.findings else ''}".rstrip())
    for finding in result.findings:
        say(f"  {finding.severity:7}  {finding.code}: {finding.message}")
        for example in finding.examples[:SHOWN]:
            if line := in_brief(example, EXCERPT):
                say(f"           {line}")
        say(f"           {remedy(finding)}")


def _print_mended(name: str, mended: Mended) -> None:
    if not mended.removals:
        say(f"{name}: nothing to remove")
    by_code = defaultdict(list)
    for removal in mended.removals:
        twin = f" (like {removal.twin_id})" if removal.twin_id is not None else ""
        by_code[removal.code].append(f"{removal.example_id}{twin}")
    for code, which in by_code.items():
        more = f" and {len(which) - IDS} more" if len(which) > IDS else ""
        say(f"{name}: {len(which)} removed for {code}: {', '.join(which[:IDS])}{more}")
    for sentence in mended.left:
        say(f"{name}: not mended: {sentence}")
