"""`evalwright ship`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.errors import InputError
from db.store.workspace import open_workspace
from tui.cli.console import print_json, say, tell

if TYPE_CHECKING:
    from review.release import Preview, Release


@click.command("ship")
@click.argument("dataset", required=False)
@click.option("--all", "together", is_flag=True, help="Ship all datasets that may ship together, as one release.")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="A folder that doesn't exist yet.")
@click.option("--format", "formats", multiple=True, metavar="NAME", help="Only this format, beside the published one.")
@click.option("--licence", "--license", default="", help="The licence: an identifier as the Hugging Face hub knows it.")
@click.option(
    "--policy", "policy_file", type=click.Path(path_type=Path), help="A policy file; default: see `evalwright policy`."
)
@click.option("--override", metavar="REASON", help="Ship although the gate refuses; the reason is printed in the card.")
@click.option("--preview", "only_preview", is_flag=True, help="Print the card and the files; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def ship_command(
    workspace: Path,
    dataset: str | None,
    folder: Path | None,
    formats: tuple[str, ...],
    licence: str,
    policy_file: Path | None,
    override: str | None,
    *,
    together: bool,
    only_preview: bool,
    as_json: bool,
) -> int:
    """Write a release of a dataset: data in every format, card, answers, report, hashes.

    Refused with exit code 1 where the gate does not let the dataset pass; --all ships those that may, and exits with 1
    if there are others.
    """
    from review.datasets.find_and_close import find
    from review.formats.registry import format_named
    from review.gate.policy import policy_of
    from review.release import Options, RefusedError, preview, ship

    _check_call(dataset, folder, override, together=together, only_preview=only_preview)
    options = Options([format_named(name) for name in formats] or None, licence.strip())
    connection = open_workspace(workspace, create=False)
    policy = policy_of(connection, policy_file)
    if dataset is not None and only_preview:
        return _show_preview(preview(connection, find(connection, dataset), policy, options=options), as_json=as_json)
    assert folder is not None
    if dataset is None:
        from review.release import ship_portfolio

        shipped = ship_portfolio(connection, policy, folder, options=options)
        _print(shipped, as_json=as_json)
        return 1 if shipped.not_shipped else 0
    try:
        release = ship(connection, find(connection, dataset), policy, folder, override=override, options=options)
    except RefusedError as refused:
        tell(f"evalwright: {refused}")
        return 1
    _print(release, as_json=as_json)
    return 0


def _check_call(
    dataset: str | None, folder: Path | None, override: str | None, *, together: bool, only_preview: bool
) -> None:
    if together == (dataset is not None):
        raise InputError("Name a dataset to ship, or give --all; not both, and not neither.")
    if together and override is not None:
        raise InputError("--override is for one dataset; `evalwright ship DATASET --override REASON` ships it singly.")
    if together and only_preview:
        raise InputError("--preview is for one dataset; `evalwright gate --portfolio` says what --all would ship.")
    if folder is None and not only_preview:
        raise InputError("Say where with --to FOLDER, a folder that doesn't exist yet; --preview writes nothing.")


def _print(release: Release, *, as_json: bool) -> None:
    for sentence in (*release.left_out, *release.not_shipped):
        tell(sentence)
    if as_json:
        print_json(release)
    elif release.content_hash:
        names = ", ".join(decision.name for decision in release.decisions)
        say(f"{release.folder}: {names}; {release.examples:,} examples, {release.content_hash}")
    else:
        tell("Nothing may ship; nothing was written.")


def _show_preview(found: Preview, *, as_json: bool) -> int:
    if as_json:
        print_json(found)
    else:
        for line in found.card.splitlines():
            say(line)
        say()
        for name, size in found.files.items():
            say(f"{size:>12,}  {name}")
        for sentence in (*found.left_out, *([found.refused] if found.refused else [])):
            tell(sentence)
    return 0 if found.refused is None else 1
