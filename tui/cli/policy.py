"""`evalwright policy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from db.errors import InputError
from db.store.workspace import open_workspace
from review.text.json import fields_of
from tui.cli.console import print_json, print_table, say

if TYPE_CHECKING:
    from review.gate.policy import Policy


@click.command("policy")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--default", "default", is_flag=True, help="Judge by the policy that comes with evalwright again.")
@click.option("--toml", "as_toml", is_flag=True, help="Print the file itself, to be changed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def policy_command(workspace: Path, file: Path | None, *, default: bool, as_toml: bool, as_json: bool) -> int:
    """Show what a dataset must reach to ship; with FILE, judge by that policy from now on.

    Screens, gate, report and ship judge by the workspace's policy; --policy of a command goes before it for once. Each
    decision is stored with the policy that it was made by.
    """
    from review.gate.kept_policy import keep_policy
    from review.gate.policy import load_policy, policy_of

    if file is not None and default:
        raise InputError("Give a policy file, or --default, not both.")
    connection = open_workspace(workspace, create=False)
    if file is not None:
        keep_policy(connection, load_policy(file).text)
    if default:
        keep_policy(connection, None)
    policy = policy_of(connection)
    if as_toml:
        for line in policy.text.splitlines():
            say(line)
    elif as_json:
        print_json(_as_json(policy))
    else:
        _print(policy)
    return 0


def _as_json(policy: Policy) -> dict[str, Any]:
    return {
        "policy": policy.name,
        "name": policy.name,
        "delta": policy.delta,
        "least_examples": policy.least_examples,
        "criteria": [{"name": one.name, **fields_of(one)} for one in policy.criteria],
        "facts": [
            {"name": one.name, "bound": "upper", "threshold": one.most, "most": one.most} for one in policy.facts
        ],
    }


def _print(policy: Policy) -> None:
    say(f"{policy.name}: at least {policy.least_examples:,} examples, each bound wrong with at most {policy.delta:g}")
    asked = {"lower": "at least", "upper": "at most"}
    rows = [[one.name, f"{asked[one.bound]} {one.threshold}"] for one in policy.criteria]
    rows += [[one.name.replace("_", " "), f"at most {one.most}"] for one in policy.facts]
    print_table(["  what", "threshold"], [[f"  {name}", threshold] for name, threshold in rows])
