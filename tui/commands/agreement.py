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
    from review.agreement import Agreement, AnnotatorQuality, PairAgreement, QuestionAgreement
    from review.stats.annotators import CheckedShare
    from review.stats.measure import Measure
    from review.stats.patterns import Level

LEVELS = ("nominal", "ordinal", "interval", "ratio")
MOST_PAIRS = 10
"""The pairs with most in common are printed; --json has all of them."""

COEFFICIENTS = ("percent_agreement", "alpha", "fleiss_kappa", "gwet_ac1", "cohen_kappa")
ORDINAL = ("weighted_kappa_linear", "weighted_kappa_quadratic", "spearman")


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
        print_json(asdict(found))
    else:
        print_questions(found.questions)
        if ratings is None:
            from review.agreement import notes

            say(notes.counting(always_three=found.always_three))
        if found.imported:
            say()
            say("imported ratings, which the gate never sees:")
            print_questions(found.imported)
        _print_pairs(found.pairs)
        for name, ordinal in found.ordinal_pairs.items():
            _print_ordinal_pairs(name, ordinal)
        _print_annotators(found.annotators)
    return 0


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
    from review.steering import find

    connection = open_workspace(workspace, create=False)
    if dataset is None:
        known = rows.all_datasets(connection)
        if len(known) != 1:
            raise InputError(f"Name a dataset; the workspace has {len(known)}, and `evalwright datasets` lists them.")
        dataset = known[0].name
    return agreement(connection, find(connection, dataset), only_questions=only_questions)


def print_questions(questions: Sequence[QuestionAgreement]) -> None:
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
    ordinal = [question for question in questions if question.level == "ordinal"]
    if ordinal:
        say()
        headings = ["question", "linear kappa", "quadratic kappa", "Spearman's rho"]
        print_table(headings, [[one.name, *_numbers([getattr(one, name) for name in ORDINAL])] for one in ordinal])
    from review.agreement import notes

    for question in questions:
        for reason in sorted(set(question.undefined.values())):
            names = [name.replace("_", " ") for name, why in question.undefined.items() if why == reason]
            say(f"{question.name}: {', '.join(names)} {reason}")
        for note in notes.question_notes(question):
            say(note)


def _print_pairs(found: Sequence[PairAgreement]) -> None:
    if not found:
        return
    say()
    table = [
        [
            pair.first,
            pair.second,
            f"{pair.shared:,}",
            f"{pair.agreement:.3f}",
            "undefined" if pair.kappa is None else f"{pair.kappa:.3f}",
        ]
        for pair in found[:MOST_PAIRS]
    ]
    print_table(["validator", "and", "in common", "raw agreement", "Cohen's kappa"], table)
    if len(found) > MOST_PAIRS:
        say(f"and {len(found) - MOST_PAIRS:,} more pairs, with --json")


def _print_ordinal_pairs(name: str, found: Sequence[PairAgreement]) -> None:
    if not found:
        return
    say()
    table = [
        [pair.first, pair.second, f"{pair.shared:,}", *_numbers([getattr(pair, key) for key in ORDINAL])]
        for pair in found[:MOST_PAIRS]
    ]
    print_table([f"{name}: validator", "and", "in common", "linear kappa", "quadratic kappa", "Spearman's rho"], table)
    if len(found) > MOST_PAIRS:
        say(f"and {len(found) - MOST_PAIRS:,} more pairs, with --json")


def _print_annotators(found: Sequence[AnnotatorQuality]) -> None:
    if not found:
        return
    say()
    table = [
        [
            one.annotator,
            f"{one.answered:,}",
            f"{one.skipped:,}",
            _number(one.informedness),
            _number(one.estimated),
            _of(one.gold),
            _of(one.repeats),
            _number(one.seconds, 1),
            str(one.longest_run),
            _number(one.entropy),
        ]
        for one in found
    ]
    headings = [
        "validator",
        "answers",
        "skips",
        "informedness",
        "estimated",
        "gold",
        "repeats",
        "seconds",
        "run",
        "entropy",
    ]
    print_table(headings, table)
    for one in found:
        for flag in one.flags:
            say(f"! {one.annotator}: {flag}")


def _of(share: CheckedShare) -> str:
    return f"{share.right} of {share.answered}" if share.answered else "-"


def _number(measure: Measure, places: int = 2) -> str:
    return "-" if measure.value is None else f"{measure.value:.{places}f}"


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
