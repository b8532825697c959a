"""`evalwright gate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from db import datasets as rows
from db.errors import InputError
from db.workspace import open_workspace
from review.verdicts import VERDICT_WORDS, outcome
from tui.console import print_json, print_table, say, tell

if TYPE_CHECKING:
    from db.connection import Connection
    from review.evidence import Evidence
    from review.gate import Decision
    from review.policy import Policy
    from review.portfolio import Portfolio


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
    from review.gate import judge
    from review.policy import policy_of
    from review.steering import find

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
        print_json([decision.as_json() for decision in decisions])
    else:
        for decision in decisions:
            _print(decision)
    return 0 if decisions and all(decision.decision == "ship" for decision in decisions) else 1


def _judge_together(connection: Connection, policy: Policy, *, as_json: bool) -> int:
    from review.portfolio import judge_portfolio

    portfolio = judge_portfolio(connection, policy)
    if as_json:
        print_json(portfolio.as_json())
    elif portfolio.members:
        _print_portfolio(portfolio)
    return 0 if portfolio.members and all(member.verdict == "ship" for member in portfolio.members) else 1


def _print_portfolio(portfolio: Portfolio) -> None:
    from review.decision_words import e_value

    notes = {"shipped": "has shipped under the portfolio", "single": "came later: judged singly"}
    rows = [
        [
            member.dataset.name,
            e_value(member.e_value),
            VERDICT_WORDS[member.verdict],
            notes.get(member.standing, f"singly: {VERDICT_WORDS[member.decision.decision]}"),
        ]
        for member in portfolio.members
    ]
    print_table(["dataset", "e-value", "decision", "note"], rows)
    say()
    count = "1 dataset is" if portfolio.datasets == 1 else f"{portfolio.datasets:,} datasets are"
    say(f"{count} judged together; {portfolio.shipped:,} of them shipped before.")
    needed = f"an e-value of {portfolio.needed:,.0f}"
    say(f"Those that may ship now reach {needed}." if portfolio.ships else f"The next one needs {needed}.")
    say(f"Of those that ship under the portfolio, at most {100 * portfolio.rate:g} % are expected to be bad.")


def _print(decision: Decision) -> None:
    from review.decision_words import remarks, to_go_by_name, warnings

    for sentence in warnings(decision):
        say(f"{decision.name}: {sentence}")
    so_far = " (so far: the dataset is still open)" if decision.provisional else ""
    say(f"{decision.name}: {VERDICT_WORDS[decision.decision]}{so_far}")
    headings = ["  evidence", "n", "value", "bounds", "threshold", f"e of {decision.needed:g}", "", "note"]
    to_go = to_go_by_name(decision)
    print_table(headings, [_row(piece, to_go.get(piece.name, "")) for piece in decision.evidence])
    forecast = [decision.forecast] if decision.forecast else []
    for sentence in (*decision.repairs, *forecast, *remarks(decision)):
        say(f"  {sentence}")
    say()


def _row(piece: Evidence, to_go: str) -> list[str]:
    from review.decision_words import e_value

    needed = {"lower": "at least", "upper": "at most", "": "at most"}[piece.bound]
    word = outcome(piece)[1]
    if piece.guarantee == "none" and piece.passes is False and piece.statistic != "count":
        word = "fails"
    return [
        f"  {piece.name}",
        f"{piece.n:,}",
        "undefined" if piece.value is None else f"{piece.value:.3f}".removesuffix(".000"),
        "" if piece.lower is None or piece.upper is None else f"{piece.lower:.3f} to {piece.upper:.3f}",
        f"{needed} {piece.threshold:g}",
        e_value(piece.e_value),
        word,
        "; ".join(filter(None, [to_go, piece.note])),
    ]
