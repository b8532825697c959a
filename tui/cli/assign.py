"""`evalwright assign`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.errors import InputError
from db.store.workspace import open_workspace
from tui.cli.console import print_json, print_table
from tui.cli.progress import Bar

if TYPE_CHECKING:
    from review.assignment.settings import Assignment

RATE = click.FloatRange(0, 0.5)
OVERLAP = {
    "third-on-disputes": "two annotators, a third only where they disagree",
    "always-three": "always three annotators",
}


@click.command("assign")
@click.argument("dataset")
@click.option("--third-on-disputes/--always-three", "third", default=None, help="Who is asked of an example.")
@click.option("--limit", type=click.IntRange(min=0), help="The most examples for one validator; 0 for no limit.")
@click.option("--allow", multiple=True, metavar="NAME", help="Who may label it; give it once for each. Replaces all.")
@click.option("--allow-all", is_flag=True, help="Everybody may label it.")
@click.option("--gold", type=click.Path(path_type=Path), help="A JSONL file of examples whose answer is known.")
@click.option("--gold-rate", type=RATE, help="Share of gold examples among those served; 0.05 where gold is given.")
@click.option("--repeat-rate", type=RATE, help="Share of silent repeats among those served, such as 0.02.")
@click.option(
    "--second-look/--no-second-look", default=None, help="Whether validators may answer again, after an argument."
)
@click.option("--arguments", type=click.Path(path_type=Path), help="A JSONL file of arguments for second looks.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def assign_command(
    workspace: Path,
    dataset: str,
    third: bool | None,
    limit: int | None,
    allow: tuple[str, ...],
    gold: Path | None,
    gold_rate: float | None,
    repeat_rate: float | None,
    arguments: Path | None,
    *,
    second_look: bool | None,
    allow_all: bool,
    as_json: bool,
) -> int:
    """Say who is asked what of a dataset: overlap, limits, allow-list, gold, silent repeats, second looks.

    Without options, show how it is. Changes hold at once, also while people label.
    """
    from review.assignment.settings import Changes, assign
    from review.datasets.find_and_close import find

    if allow and allow_all:
        raise InputError("--allow names who may label, and --allow-all lets everybody; give one of them.")
    connection = open_workspace(workspace, create=False)
    changes = Changes(
        always_three=None if third is None else not third,
        limit=limit,
        allow=() if allow_all else allow or None,
        gold=gold,
        gold_rate=gold_rate,
        repeat_rate=repeat_rate,
        second_look=second_look,
        arguments=arguments,
    )
    with Bar("bringing the examples up to date", "examples") as bar:
        assignment = assign(connection, find(connection, dataset), changes, progress=bar.update)
    if as_json:
        print_json(assignment)
    else:
        _print(assignment)
    return 0


def _print(assignment: Assignment) -> None:
    limit = "none" if assignment.limit is None else f"{assignment.limit:,} examples for one validator"
    rows = [
        ["overlap", OVERLAP[assignment.overlap]],
        ["limit", limit],
        ["who", ", ".join(assignment.allowed) or "everybody"],
        ["gold", f"{assignment.gold:,} examples, {assignment.gold_rate:.0%} of what is served"],
        ["repeats", f"{assignment.repeat_rate:.0%} of what is served"],
        ["second look", f"{'on' if assignment.second_look else 'off'}, {assignment.argued:,} examples with arguments"],
    ]
    print_table([assignment.dataset, ""], rows)
