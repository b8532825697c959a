"""`evalwright agreement`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from db import datasets as rows
from db.errors import InputError
from db.store.workspace import open_workspace
from tui.cli.console import print_json

if TYPE_CHECKING:
    from review.agreement import Agreement
    from review.report.blocks import Block
    from review.stats.patterns import Level

LEVELS = ("nominal", "ordinal", "interval", "ratio")


@click.command("agreement")
@click.argument("dataset", required=False)
@click.option("--ratings", type=click.Path(path_type=Path), help="A CSV or JSONL file: unit, annotator, value.")
@click.option("--level", type=click.Choice(LEVELS), help="Level of measurement of --ratings; default: nominal.")
@click.option("--questions", "only_questions", is_flag=True, help="Only the coefficients: quicker on a large dataset.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def agreement_command(
    workspace: Path,
    dataset: str | None,
    ratings: Path | None,
    level: Level | None,
    *,
    only_questions: bool,
    as_json: bool,
) -> int:
    """Show how far the annotators of a dataset agree, question by question; or those of a ratings file.

    Coefficients use the first two answers of each example, since a third is asked on disputes only; all three where
    everybody is to answer.
    """
    if ratings is not None and dataset is not None:
        raise InputError("Name a dataset or --ratings FILE, not both.")
    if ratings is None and level is not None:
        raise InputError("--level belongs to --ratings; a dataset's questions have levels of their own.")
    if ratings is not None:
        found = _of_file(ratings, level or "nominal", only_questions=only_questions)
    else:
        found = _of_dataset(workspace, dataset, only_questions=only_questions)
    if as_json:
        print_json(found)
    else:
        from tui.cli.console_blocks import print_blocks

        print_blocks(_blocks(found, of_dataset=ratings is None))
    return 0


def _blocks(found: Agreement, *, of_dataset: bool) -> list[Block]:
    from review.agreement import notes
    from review.report.agreement import annotators_blocks, pairs_blocks, questions_blocks
    from review.report.blocks import Heading, Paragraph

    counting = Paragraph(notes.counting(always_three=found.always_three))
    imported = [Heading("Imported ratings, which the gate never sees"), *questions_blocks(found.imported)]
    return [
        *questions_blocks(found.questions),
        *([counting] if of_dataset else []),
        *(imported if found.imported else []),
        *pairs_blocks(found),
        *([Heading("Validators"), *annotators_blocks(found.annotators)] if found.annotators else []),
    ]


def _of_file(path: Path, level: Level, *, only_questions: bool) -> Agreement:
    from review.agreement import Agreement, coded_agreement, coded_pairs
    from review.formats.ratings import numbers_of, read_rating_columns
    from review.stats.coded import Coded, with_values

    rated = read_rating_columns(path)
    values: Sequence[str | float] = rated.values if level == "nominal" else numbers_of(path, rated)
    units, annotators, places = rated.numbers
    given = with_values(Coded(units, annotators, places, (), len(rated.units), len(rated.annotators)), values)
    question = coded_agreement(path.stem, level, given, given.names)
    if only_questions:
        return Agreement((question,), tuple(map(str, given.names)))
    found = coded_pairs(given, rated.annotators, given.names, ordinal=level == "ordinal")
    ordinal = {path.stem: found} if level == "ordinal" else {}
    return Agreement((question,), tuple(map(str, given.names)), found, ordinal_pairs=ordinal)


def _of_dataset(workspace: Path, dataset: str | None, *, only_questions: bool) -> Agreement:
    from review.agreement import agreement
    from review.datasets.find_and_close import find

    connection = open_workspace(workspace, create=False)
    if dataset is None:
        known = rows.all_datasets(connection)
        if len(known) != 1:
            raise InputError(f"Name a dataset; the workspace has {len(known)}, and `evalwright datasets` lists them.")
        dataset = known[0].name
    return agreement(connection, find(connection, dataset), only_questions=only_questions)
