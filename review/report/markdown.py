"""A report as Markdown: the same words and tables as the page, without the plots."""

from __future__ import annotations

from review.agreement import notes
from review.decision_words import other_policies, reached
from review.markdown_text import bullets, indented, shown, table
from review.report import tables, words
from review.report.measured import HEADINGS, measured_rows
from review.report.model import Comparison, DatasetReport, Report
from review.verdicts import outcome


def to_markdown(report: Report) -> str:
    """Returns a report as Markdown."""
    title = report.datasets[0].name if len(report.datasets) == 1 else f"{len(report.datasets)} datasets"
    lines = [f"# {shown(title)}", "", f"evalwright report, {shown(report.made_at)}; {shown(report.policy)}", ""]
    for sentence in other_policies(one.decision for one in report.datasets):
        lines += [f"**{shown(sentence)}**", ""]
    if len(report.datasets) > 1:
        lines += table(
            ["dataset", "decision", *tables.VALIDATION],
            ([one.name, words.verdict(one.decision), *tables.validation_row(one)] for one in report.datasets),
        )
    if report.together is not None and len(report.together.members) > 1:
        lines += ["## All datasets together", "", words.portfolio(report.together), ""]
        lines += table(*tables.portfolio_table(report.together))
    for comparison in report.comparisons:
        lines += _comparison(report, comparison)
    for one in report.datasets:
        lines += _dataset(one)
    lines += ["## How to compute it again", "", *bullets(words.provenance(report))]
    lines += ["## The policy", "", *indented(report.policy_text)]
    return "\n".join(lines).rstrip() + "\n"


def _comparison(report: Report, comparison: Comparison) -> list[str]:
    headings, rows = tables.side_by_side(report, comparison)
    return ["## Side by side", "", f"Somebody who {shown(comparison.behavior)}.", "", *table(headings, rows)]


def _dataset(one: DatasetReport) -> list[str]:
    decision = one.decision
    behavior = [f"Tests for somebody who {shown(one.behavior)}.", ""] if one.behavior.strip() else []
    return [
        f"## {shown(one.name)}",
        "",
        *behavior,
        shown(words.heading(one)),
        "",
        f"**{shown(words.verdict(decision))}**",
        "",
        *bullets(words.reasons(one)),
        "### Evidence",
        "",
        *table(
            ["what", "value", "bounds", "threshold", "e-value", "", "n", "note"],
            (
                [
                    piece.name,
                    words.value_of(piece),
                    words.bounds(piece),
                    words.needed(piece),
                    reached(piece, decision),
                    " ".join(outcome(piece)),
                    f"{piece.n:,}",
                    piece.note,
                ]
                for piece in decision.evidence
            ),
        ),
        "### Human validation",
        "",
        *table(
            ["what", "value (95 % interval, one look)"], zip(tables.VALIDATION, tables.validation_row(one), strict=True)
        ),
        words.SEVERAL_N,
        "",
        *_agreement(one),
        *_course(one),
        *_annotators(one),
        *_measured(one),
        *_lint(one),
        *_funnel(one),
        *_comments(one),
    ]


def _agreement(one: DatasetReport) -> list[str]:
    headings, rows = tables.questions_table(one.agreement.questions)
    lines = ["### Agreement between validators", "", *table(headings, rows)]
    lines += bullets(notes.coefficient_notes(one.agreement.questions))
    lines += [notes.counting(always_three=one.agreement.always_three), ""]
    if one.agreement.imported:
        headings, rows = tables.questions_table(one.agreement.imported)
        lines += ["### Imported ratings", "", *table(headings, rows)]
        lines += [*bullets(notes.coefficient_notes(one.agreement.imported)), words.IMPORTED, ""]
    if one.agreement.pairs:
        drawn = (tables.pair_row(pair, one.agreement.classes) for pair in one.agreement.pairs[: tables.MOST_PAIRS])
        lines += ["### Validators two by two", "", *table(tables.PAIR_HEADINGS, drawn)]
    for title, ordinal in tables.ordinal_pair_tables(one.agreement.ordinal_pairs):
        lines += [f"### {shown(title)}", "", *table(tables.ORDINAL_PAIR_HEADINGS, ordinal)]
    if one.agreement.calibration is not None and one.agreement.calibration.count:
        lines += [
            "### Calibration of the discriminator",
            "",
            *table(
                tables.CALIBRATION_HEADINGS,
                tables.calibration_rows(one.agreement.calibration),
            ),
            f"{words.calibration(one.agreement.calibration)}.",
            "",
        ]
    return lines


def _course(one: DatasetReport) -> list[str]:
    headings, rows = tables.course_table(one.agreement.courses)
    return ["### How the bounds narrowed, example by example", "", *table(headings, rows)] if rows else []


def _annotators(one: DatasetReport) -> list[str]:
    found = one.agreement.annotators
    if not found:
        return []
    rows = (tables.annotator_row(annotator) for annotator in found)
    flags = bullets(words.annotator_notes(found))
    return ["### Validators", "", *table(tables.ANNOTATOR_HEADINGS, rows), *flags, words.INFORMEDNESS, ""]


def _measured(one: DatasetReport) -> list[str]:
    rows = measured_rows(one.measurements)
    return ["### Other measurements", "", *table(HEADINGS, rows)] if rows else []


def _lint(one: DatasetReport) -> list[str]:
    found = [f"{line.code} ({line.severity}): {line.message} {line.remedy}" for line in one.lint]
    return ["### Lint", "", *(bullets(found) or ["Nothing found.", ""])]


def _funnel(one: DatasetReport) -> list[str]:
    lines = []
    for job in one.jobs:
        rows = [[words.fate(row), f"{row.count:,}"] for row in job.funnel]
        lines += ["### What became of the candidates", "", shown(words.job(job)), ""]
        lines += table(["what", "candidates"], rows)
    return lines


def _comments(one: DatasetReport) -> list[str]:
    said = [
        f"{said.comment} ({said.annotator}{', flagged' if said.flagged else ''}; on: {said.example})"
        for said in one.comments
    ]
    return ["### What validators wrote", "", *bullets(said)] if said else []
