"""A report as Markdown: the same words and tables as the page, without the plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from review.release.card import plain
from review.report import tables, words
from review.report.model import Comparison, DatasetReport, Report
from review.visible import visible


def to_markdown(report: Report) -> str:
    """Returns a report as Markdown."""
    title = report.datasets[0].name if len(report.datasets) == 1 else f"{len(report.datasets)} datasets"
    lines = [f"# {_text(title)}", "", f"evalwright report, {_text(report.made_at)}; {_text(report.policy)}", ""]
    if len(report.datasets) > 1:
        lines += _table(
            ["dataset", "decision", *tables.VALIDATION],
            ([one.name, words.verdict(one.decision), *tables.validation_row(one)] for one in report.datasets),
        )
    if report.together is not None and len(report.together.members) > 1:
        lines += ["## All datasets together", "", words.portfolio(report.together), ""]
        lines += _table(*tables.portfolio_table(report.together))
    for comparison in report.comparisons:
        lines += _comparison(report, comparison)
    for one in report.datasets:
        lines += _dataset(one)
    lines += ["## How to compute it again", "", *_list(words.provenance(report))]
    lines += ["## The policy", "", *_indented(report.policy_text)]
    return "\n".join(lines).rstrip() + "\n"


def _text(value: object) -> str:
    """Returns a text that Markdown shows as it is: marks for what is invisible or active, nothing of it markup."""
    return plain(visible(str(value)))


def _table(headings: Sequence[object], rows: Iterable[Sequence[object]]) -> list[str]:
    drawn = ["| " + " | ".join(_text(heading) for heading in headings) + " |", "|" + " --- |" * len(headings)]
    drawn += ["| " + " | ".join(_text(cell) for cell in row) + " |" for row in rows]
    return [*drawn, ""]


def _list(sentences: Iterable[str]) -> list[str]:
    found = [f"- {_text(sentence)}" for sentence in sentences]
    return [*found, ""] if found else []


def _indented(code: str) -> list[str]:
    return [f"    {visible(line)}" for line in code.strip().splitlines()]


def _comparison(report: Report, comparison: Comparison) -> list[str]:
    headings, rows = tables.side_by_side(report, comparison)
    return ["## Side by side", "", f"Somebody who {_text(comparison.behavior)}.", "", *_table(headings, rows)]


def _dataset(one: DatasetReport) -> list[str]:
    decision = one.decision
    behavior = [f"Tests for somebody who {_text(one.behavior)}.", ""] if one.behavior.strip() else []
    return [
        f"## {_text(one.name)}",
        "",
        *behavior,
        _text(words.heading(one)),
        "",
        f"**{_text(words.verdict(decision))}**",
        "",
        *_list(words.reasons(one)),
        "### Evidence",
        "",
        *_table(
            ["what", "value", "bounds", "threshold", "", "n", "note"],
            (
                [
                    piece.name,
                    words.value_of(piece),
                    words.bounds(piece),
                    words.needed(piece),
                    " ".join(words.outcome(piece)),
                    f"{piece.n:,}",
                    piece.note,
                ]
                for piece in decision.evidence
            ),
        ),
        "### Human validation",
        "",
        *_table(
            ["what", "value (95 % interval, one look)"], zip(tables.VALIDATION, tables.validation_row(one), strict=True)
        ),
        *_agreement(one),
        *_course(one),
        *_annotators(one),
        *_lint(one),
        *_funnel(one),
        *_comments(one),
    ]


def _agreement(one: DatasetReport) -> list[str]:
    headings, rows = tables.questions_table(one.agreement.questions)
    lines = ["### Agreement between validators", "", *_table(headings, rows), words.FIRST_TWO, ""]
    if one.agreement.imported:
        headings, rows = tables.questions_table(one.agreement.imported)
        lines += ["### Imported ratings", "", *_table(headings, rows), words.IMPORTED, ""]
    if one.agreement.pairs:
        shown = (tables.pair_row(pair, one.agreement.classes) for pair in one.agreement.pairs[: tables.MOST_PAIRS])
        lines += ["### Validators two by two", "", *_table(tables.PAIR_HEADINGS, shown)]
    if one.agreement.calibration is not None and one.agreement.calibration.count:
        lines += [
            "### Calibration of the discriminator",
            "",
            *_table(
                tables.CALIBRATION_HEADINGS,
                tables.calibration_rows(one.agreement.calibration),
            ),
            f"{words.calibration(one.agreement.calibration)}.",
            "",
        ]
    return lines


def _course(one: DatasetReport) -> list[str]:
    headings, rows = tables.course_table(one.agreement.courses)
    return ["### How the bounds narrowed, example by example", "", *_table(headings, rows)] if rows else []


def _annotators(one: DatasetReport) -> list[str]:
    found = one.agreement.annotators
    if not found:
        return []
    rows = (tables.annotator_row(annotator) for annotator in found)
    notes = _list(words.annotator_notes(found))
    return ["### Validators", "", *_table(tables.ANNOTATOR_HEADINGS, rows), *notes, words.INFORMEDNESS, ""]


def _lint(one: DatasetReport) -> list[str]:
    found = [f"{line.code} ({line.severity}): {line.message} {line.remedy}" for line in one.lint]
    return ["### Lint", "", *(_list(found) or ["Nothing found.", ""])]


def _funnel(one: DatasetReport) -> list[str]:
    lines = []
    for job in one.jobs:
        rows = [[words.fate(row), f"{row.count:,}"] for row in job.funnel]
        lines += ["### What became of the candidates", "", _text(words.job(job)), ""]
        lines += _table(["what", "candidates"], rows)
    return lines


def _comments(one: DatasetReport) -> list[str]:
    said = [
        f"{said.comment} ({said.annotator}{', flagged' if said.flagged else ''}; on: {said.example})"
        for said in one.comments
    ]
    return ["### What validators wrote", "", *_list(said)] if said else []
