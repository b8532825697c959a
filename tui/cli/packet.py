"""`evalwright packet`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from db.errors import EvalwrightError, InputError
from db.packets import PacketRow, all_packets
from db.store.workspace import open_workspace
from review.datasets.find_and_close import find
from review.packets import DAYS, EXAMPLES, end_packet, make_packet, merge_packet
from review.text.json import fields_of
from tui.cli.console import print_json, print_table, say, tell

if TYPE_CHECKING:
    from db.records import BlindAnswer
    from review.packets import Merged


@click.group("packet", no_args_is_help=False)
def packet_command() -> None:
    """Give a validator examples in a file, to label offline, and merge what comes back."""


@packet_command.command("make", short_help="Write a validator's next examples to a file.")
@click.argument("dataset")
@click.option("--for", "annotator", required=True, metavar="NAME", help="Who labels them.")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), help="The file; it must not exist.")
@click.option("--count", default=EXAMPLES, show_default=True, help="The most examples.")
@click.option("--days", default=DAYS, show_default=True, help="For how long they are reserved.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def make_command(
    workspace: Path, dataset: str, annotator: str, target: Path, count: int, days: int, *, as_json: bool
) -> int:
    """Write a validator's next examples to a file: guidelines, questions, and nothing else.

    They open it with `evalwright --workspace FILE review`. Their places are kept for them until it expires.
    """
    connection = open_workspace(workspace, create=False)
    packet = make_packet(connection, find(connection, dataset), annotator, target, count=count, days=days)
    if as_json:
        print_json(_as_json(packet))
    else:
        say(f"{target}: {packet.examples} examples of {packet.dataset} for {packet.annotator}, until {_date(packet)}")
    return 0


@packet_command.command("merge", short_help="Merge packets that came back.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def merge_command(workspace: Path, files: tuple[Path, ...], *, as_json: bool) -> int:
    """Merge packets that came back; as often as you like, each answer is stored once.

    Where copies of a packet say different things of an example none counts, and what each says is told. A file that
    can't be merged is refused as a whole; the others are merged all the same.
    """
    connection = open_workspace(workspace, create=False)
    merged: list[Merged] = []
    for file in files:
        try:
            merged.append(merge_packet(connection, file))
        except EvalwrightError as error:
            tell(f"evalwright: {error}")
        else:
            if not as_json:
                _tell_merged(merged[-1])
    if as_json:
        print_json([_merged_as_json(each) for each in merged])
    return 0 if len(merged) == len(files) else 2


@packet_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_command(workspace: Path, *, as_json: bool) -> int:
    """List the packets that were given out."""
    packets = all_packets(open_workspace(workspace, create=False))
    if as_json:
        print_json([_as_json(packet) for packet in packets])
    else:
        rows = [
            [
                str(each.id),
                each.dataset,
                each.annotator,
                f"{each.answered} of {each.examples}",
                str(each.differing),
                _state(each),
            ]
            for each in packets
        ]
        print_table(["packet", "dataset", "for", "answered", "differ", "state"], rows)
    return 0


@packet_command.command("end", short_help="Give back what a packet has not answered.")
@click.argument("packet", type=int)
@click.pass_obj
def end_command(workspace: Path, packet: int) -> int:
    """Give back what a packet has not answered, so that others are asked; PACKET is its number in the list."""
    connection = open_workspace(workspace, create=False)
    found = next((each for each in all_packets(connection) if each.id == packet), None)
    if found is None:
        raise InputError(f"There is no packet {packet}; `evalwright packet list` shows them.")
    tell(f"{end_packet(connection, found)} examples of packet {packet} may be asked of others again.")
    return 0


def _tell_merged(merged: Merged) -> None:
    from review.packets import WHY

    extra = f", {merged.extra} of them extra" if merged.extra else ""
    same = f", {merged.same} the same as another copy's" if merged.same else ""
    say(
        f"{merged.file}: {merged.new} new answers{extra}{same}, {merged.known} known; "
        f"{merged.annotator} has answered {merged.answered} of {merged.examples}"
    )
    for conflict in merged.conflicts:
        copies = ": " + "; ".join(map(_words, conflict.says)) if conflict.says else ""
        say(f"  {conflict.dataset}:{conflict.row}: {WHY[conflict.why]}{copies}")


def _words(said: BlindAnswer) -> str:
    """Returns what a copy says of an example, as far as it could count."""
    if said.label is None:
        return "skipped"
    own = "".join(f", {name} {value}" for name, value in said.answers.items())
    return f"{said.label.strip()}, relevance {said.relevance}{', ambiguous' if said.ambiguous else ''}{own}"


def _merged_as_json(merged: Merged) -> dict[str, Any]:
    conflicts = [{**fields_of(each), "says": list(map(_answer_as_json, each.says))} for each in merged.conflicts]
    return {**fields_of(merged), "conflicts": conflicts}


def _answer_as_json(answer: BlindAnswer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in ("label", "relevance", "ambiguous", "answers")}


def _as_json(packet: PacketRow) -> dict[str, Any]:
    return {
        "packet": packet.id,
        "dataset": packet.dataset,
        "annotator": packet.annotator,
        "for": packet.annotator,
        "examples": packet.examples,
        "answered": packet.answered,
        "differing": packet.differing,
        "made_at": packet.made_at,
        "expires_at": _expiry(packet).isoformat(timespec="seconds"),
        "state": _state(packet).split()[0].rstrip(":"),
    }


def _state(packet: PacketRow) -> str:
    """Returns `unfinished`, `done`, `ended`, `expired` or `out until` a day."""
    if packet.unfinished:
        return "unfinished: merge it again"
    if packet.answered >= packet.examples:
        return "done"
    if packet.ended_at is not None:
        return "ended"
    return "expired" if _expiry(packet) < datetime.now(UTC) else f"out until {_date(packet)}"


def _expiry(packet: PacketRow) -> datetime:
    return datetime.fromtimestamp(packet.expires_at, UTC)


def _date(packet: PacketRow) -> str:
    return _expiry(packet).date().isoformat()
