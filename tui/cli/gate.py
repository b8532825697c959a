"""`evalwright gate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from db import datasets as rows
from db.errors import InputError
from db.store.workspace import open_workspace
from tui.cli.console import print_json, tell

if TYPE_CHECKING:
    from db.store.connection import Connection
    from review.gate.decision import Decision
    from review.gate.policy import Policy
    from review.report.blocks import Block


@click.command("gate")
@click.argument("datasets", nargs=-1)
@click.option("--portfolio", "together", is_flag=True, help="Judge all datasets under one false-discovery rate.")
@click.option(
    "--policy", "policy_file", type=click.Path(path_type=Path), help="A policy file; default: see `evalwright policy`."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def gate_command(
    workspace: Path, datasets: tuple[str, ...], policy_file: Path | None, *, together: bool, as_json: bool
) -> int:
    """Decide whether datasets may ship, with the evidence; all of them if none is named.

    The bounds hold at all times at once: ask as often as you like. Each dataset is judged singly, at 5 % error; with
    --portfolio all of them together, so that at most 5 % of those that ship are expected to be bad. Exit code 0 if
    every one may ship, 1 if not.
    """
    from review.datasets.find_and_close import find
    from review.gate.decision import judge
    from review.gate.policy import policy_of
    from tui.cli.console_blocks import print_blocks

    if together and datasets:
        raise InputError("--portfolio judges all datasets together; name datasets, or give --portfolio, not both.")
    connection = open_workspace(workspace, create=False)
    policy = policy_of(connection, policy_file)
    chosen = [find(connection, name) for name in datasets] or rows.all_datasets(connection)
    if not chosen:
        tell("The workspace has no datasets yet; `evalwright import` and `evalwright generate` make some.")
    if together:
        return _judge_together(connection, policy, as_json=as_json)
    decisions = [judge(connection, dataset, policy) for dataset in chosen]
    if as_json:
        print_json(decisions)
    else:
        print_blocks(block for decision in decisions for block in _blocks(decision))
    return 0 if decisions and all(decision.decision == "ship" for decision in decisions) else 1


def _judge_together(connection: Connection, policy: Policy, *, as_json: bool) -> int:
    from review.gate.portfolio import judge_portfolio
    from review.report.portfolio import portfolio_blocks, together
    from tui.cli.console_blocks import print_blocks

    portfolio = judge_portfolio(connection, policy)
    if as_json:
        print_json(portfolio.as_json())
    elif portfolio.members:
        print_blocks(portfolio_blocks(together(portfolio)))
    return 0 if portfolio.members and all(member.verdict == "ship" for member in portfolio.members) else 1


def _blocks(decision: Decision) -> list[Block]:
    from review.report.blocks import Heading
    from review.report.decision import answer_blocks, evidence_table

    return [Heading(decision.name, 2), *answer_blocks(decision), evidence_table(decision)]
