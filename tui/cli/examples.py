"""`evalwright examples`: look through a dataset, or at the whole life of one example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from db.errors import InputError
from db.records import Annotation, Dataset
from db.search import index_some
from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.annotation.own_name import user_name
from review.datasets.find_and_close import find
from review.lead.browse import (
    QUERY_HELP,
    Life,
    Seen,
    find_some,
    open_life,
    own_words,
    parse_query,
    read_rows,
    shared_first_line,
)
from review.text.json import fields_of
from tui.app.start import name_given_before
from tui.cli.console import print_json, print_table, tell
from tui.cli.looking import note_looking

PAGE = 500
TEXT_CELLS = 60

SAID = ("annotator", "label", "relevance", "ambiguous", "flagged")
STORED = (
    "annotator", "occasion", "revision", "skipped", "label", "relevance", "ambiguous", "answers", "flagged", "comment",
    "skip_reason", "suggested_edit", "seconds", "created_at",
)  # fmt: skip
"""What of an answer is printed: in a list, and of one example."""


@click.command(
    "examples",
    epilog="A QUERY's parts are separated by spaces, and all must hold: "
    + "; ".join(f"{part} ({meaning})" for part, meaning in QUERY_HELP)
    + ".",
)
@click.argument("dataset")
@click.argument("query", nargs=-1)
@click.option("--id", "example_id", type=int, help="Show everything that is known of this example.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Show at most so many.")
@click.option(
    "--answers", is_flag=True, help="Show the answers of others too; you will not be asked about this dataset any more."
)
@click.option("--as", "annotator", help="Who looks; default: your user name.")
@click.option("--yes", is_flag=True, help="With --answers: don't ask before noting it under a name other than yours.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def examples_command(
    workspace: Path,
    *,
    dataset: str,
    query: tuple[str, ...],
    example_id: int | None,
    limit: int,
    answers: bool,
    annotator: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Look through the examples of a dataset.

    What an example is meant to be and what others said of it is hidden. With --id you see it where you have answered;
    your answer can't be changed any more after that.
    """
    connection = open_workspace(workspace, create=False)
    found = find(connection, dataset)
    viewer = annotator or name_given_before() or user_name()
    if answers:
        note_looking(connection, [found], viewer, yes=yes)
    if example_id is not None:
        if query:
            raise InputError("Give a query or --id, not both.")
        print_json(_life_as_json(open_life(connection, found, example_id, viewer)))
        return 0
    rows = _found(connection, found, " ".join(query), viewer, limit)
    if as_json:
        print_json([_as_json(seen) for seen in rows])
    else:
        lead = shared_first_line([seen.row.text for seen in rows])
        print_table(["id", "row", "state", "meant", "answers", "text"], [_cells(seen, lead) for seen in rows])
        if len(rows) == limit:
            tell(f"These are the first {limit}; --limit shows more.")
    return 0


def _found(connection: Connection, dataset: Dataset, query: str, viewer: str, limit: int) -> list[Seen]:
    wanted = parse_query(query)
    if wanted.match:
        while not index_some(connection).complete:
            pass
    ids: list[int] = []
    after: int | None = 0
    while after is not None and len(ids) < limit:
        some = find_some(connection, dataset, wanted, viewer, after=after)
        ids.extend(some.ids)
        after = some.after
    return list(_in_pages(connection, dataset, ids[:limit], viewer))


def _in_pages(connection: Connection, dataset: Dataset, ids: list[int], viewer: str) -> Iterator[Seen]:
    for start in range(0, len(ids), PAGE):
        yield from read_rows(connection, dataset, ids[start : start + PAGE], viewer)


def _as_json(seen: Seen) -> dict[str, object]:
    row = {**fields_of(seen.row), "answers": [_some_of(answer, SAID) for answer in seen.row.answers]}
    return {"example": seen.row.id, "row": seen.row.ordinal, **row, "hidden": seen.hidden}


def _life_as_json(life: Life) -> dict[str, object]:
    example = {"example": life.example.id, "row": life.example.ordinal, **fields_of(life.example)}
    return {**fields_of(life), "example": example, "answers": [_some_of(answer, STORED) for answer in life.answers]}


def _some_of(answer: Annotation, names: Sequence[str]) -> dict[str, object]:
    return {name: getattr(answer, name) for name in names}


def _cells(seen: Seen, lead: str) -> list[str]:
    row, text = seen.row, own_words(seen.row.text, lead)
    said = ["skip" if answer.label is None else answer.label.strip() for answer in row.answers]
    return [
        str(row.id),
        str(row.ordinal),
        row.state,
        "hidden" if seen.hidden else (row.intended or "-").strip(),
        " ".join(said) or ("hidden" if seen.hidden else "-"),
        text if len(text) <= TEXT_CELLS else text[: TEXT_CELLS - 1] + "…",
    ]
