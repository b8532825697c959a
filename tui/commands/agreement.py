"""`evalwright agreement`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from db import datasets as rows
from db.errors import InputError
from db.workspace import open_workspace
from tui.console import print_json, print_table, say

if TYPE_CHECKING:
    from review.agreement import QuestionAgreement
    from review.stats.patterns import Level

LEVELS = ("nominal", "ordinal", "interval", "ratio")
COEFFICIENTS = ("percent_agreement", "alpha", "fleiss_kappa", "gwet_ac1", "cohen_kappa")


@click.command("agreement")
@click.argument("dataset", required=False)
@click.option("--ratings", type=click.Path(path_type=Path), help="A CSV or JSONL file: unit, annotator, value.")
@click.option("--level", type=click.Choice(LEVELS), help="Level of measurement of --ratings; default: nominal.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def agreement_command(
    workspace: Path, dataset: str | None, ratings: Path | None, level: Level | None, *, as_json: bool
) -> int:
    """Show how far the annotators of a dataset agree, question by question; or those of a ratings file.

    Coefficients use the first two answers of each example: a third is asked on disputes only.
    """
    if ratings is not None and dataset is not None:
        raise InputError("Name a dataset or --ratings FILE, not both.")
    if ratings is None and level is not None:
        raise InputError("--level belongs to --ratings; a dataset's questions have levels of their own.")
    questions = _of_file(ratings, level or "nominal") if ratings is not None else _of_dataset(workspace, dataset)
    if as_json:
        print_json({"questions": [asdict(question) for question in questions]})
    else:
        print_questions(questions)
    return 0


def _of_file(path: Path, level: Level) -> list[QuestionAgreement]:
    from review.agreement import Rating, question_agreement
    from review.formats.ratings import as_numbers, read_ratings

    rated = read_ratings(path)
    values: Sequence[str | float] = [row.value for row in rated] if level == "nominal" else as_numbers(path, rated)
    ratings = [Rating(row.unit, row.annotator, value) for row, value in zip(rated, values, strict=True)]
    return [question_agreement(path.stem, level, ratings, sorted(set(values)))]


def _of_dataset(workspace: Path, dataset: str | None) -> list[QuestionAgreement]:
    from review.agreement import agreement
    from review.steering import find

    connection = open_workspace(workspace, create=False)
    if dataset is None:
        known = rows.all_datasets(connection)
        if len(known) != 1:
            raise InputError(f"Name a dataset; the workspace has {len(known)}, and `evalwright datasets` lists them.")
        dataset = known[0].name
    return agreement(connection, find(connection, dataset))


def print_questions(questions: list[QuestionAgreement]) -> None:
    """Prints coefficients as a table, and beneath it why those that are undefined are."""
    headings = [
        "question",
        "examples",
        "annotators",
        "raw agreement",
        "alpha",
        "95 % interval",
        "Fleiss",
        "AC1",
        "Cohen",
    ]
    print_table(headings, [_row(question) for question in questions])
    for question in questions:
        for reason in sorted(set(question.undefined.values())):
            names = [name.replace("_", " ") for name, why in question.undefined.items() if why == reason]
            say(f"{question.name}: {', '.join(names)} {reason}")


def _row(question: QuestionAgreement) -> list[str]:
    values = [getattr(question, name) for name in COEFFICIENTS]
    return [
        question.name,
        f"{question.n_units:,}",
        str(question.n_annotators),
        *_numbers(values[:2]),
        "undefined" if question.alpha_ci is None else "{:.3f} to {:.3f}".format(*question.alpha_ci),
        *_numbers(values[2:]),
    ]


def _numbers(values: Sequence[float | None]) -> list[str]:
    return ["undefined" if value is None else f"{value:.3f}" for value in values]
