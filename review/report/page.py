"""A report as one self-contained HTML page: nothing is fetched, and every text from outside is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from importlib import resources

from db.visible import visible
from review.agreement import notes
from review.decision_words import other_policies, reached
from review.report import svg, tables, words
from review.report.measured import HEADINGS, measured_rows
from review.report.model import Comparison, DatasetReport, LintLine, Report, Together
from review.verdicts import outcome

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The page's own promise that it fetches nothing and runs nothing."""

KEY = "● estimate, ━ where the true value lies, ┃ what it must reach. The bounds hold however often one looks."


def to_html(report: Report) -> str:
    """Returns a report as a page."""
    title = report.datasets[0].name if len(report.datasets) == 1 else f"{len(report.datasets)} datasets"
    style = resources.files("review.report").joinpath("style.css").read_text(encoding="utf-8")
    several = len(report.datasets) > 1
    body = [
        f"<header><h1>{text(title)}</h1>",
        f'<p class="soft">evalwright report, {text(report.made_at)}; {text(report.policy)}</p></header>',
        *(f"<p><b>{text(said)}</b></p>" for said in other_policies(one.decision for one in report.datasets)),
        *(_overview(report) if several else []),
        *_together(report.together),
        *(part for comparison in report.comparisons for part in _comparison(report, comparison)),
        *(part for place, one in enumerate(report.datasets) for part in _dataset(one, place)),
        *_foot(report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{text(title)} – evalwright report</title><style>{style}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def text(value: object) -> str:
    """Returns a text as it may stand in a page: marks for what is invisible or active, markup as characters."""
    return html.escape(visible(str(value)))


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table of cells that are HTML already; the first of each row names it."""
    head = "".join(f"<th>{one}</th>" for one in headings)
    body = "".join(f'<tr><th class="name" scope="row">{row[0]}</th>{_cells(headings, row)}</tr>' for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(headings: Sequence[str], row: Sequence[str]) -> str:
    """Returns the cells after the first; on a phone, where a row is a block, each says what it is."""
    pairs = zip(headings[1:], row[1:], strict=True)
    return "".join(f'<td data-label="{heading}">{cell}</td>' for heading, cell in pairs)


def _plain(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return _table([text(one) for one in headings], ([text(cell) for cell in row] for row in rows))


def _list(sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{text(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""


def _overview(report: Report) -> list[str]:
    rows = (
        [
            f'<a href="#dataset-{place}">{text(one.name)}</a>',
            f'<span class="{one.decision.decision}">{text(words.verdict_in_brief(one.decision))}</span>',
            *(text(cell) for cell in tables.validation_row(one)),
        ]
        for place, one in enumerate(report.datasets)
    )
    return [_table(["dataset", "decision", *tables.VALIDATION], rows)]


def _together(together: Together | None) -> list[str]:
    if together is None or len(together.members) < 2:
        return []
    return [
        "<h3>All datasets together</h3>",
        f"<p>{text(words.portfolio(together))}</p>",
        _plain(*tables.portfolio_table(together)),
    ]


def _comparison(report: Report, comparison: Comparison) -> list[str]:
    return [
        "<h3>Side by side</h3>",
        f"<p>Somebody who {text(comparison.behavior)}.</p>",
        _plain(*tables.side_by_side(report, comparison)),
    ]


def _dataset(one: DatasetReport, place: int) -> list[str]:
    behavior = f"<p>Tests for somebody who {text(one.behavior)}.</p>" if one.behavior.strip() else ""
    return [
        f'<section class="dataset" id="dataset-{place}"><h2>{text(one.name)}</h2>',
        behavior,
        f'<p class="soft">{text(words.heading(one))}</p>',
        *_decision(one),
        "<h3>Human validation</h3>",
        _plain(
            ["what", "value (95 % interval, one look)"], zip(tables.VALIDATION, tables.validation_row(one), strict=True)
        ),
        f'<p class="soft">{text(words.SEVERAL_N)}</p>',
        *_agreement(one),
        *_course(one),
        *_annotators(one),
        *_measured(one),
        *_lint(one.lint),
        *_funnel(one),
        *_comments(one),
        "</section>",
    ]


def _decision(one: DatasetReport) -> list[str]:
    decision = one.decision
    rows = (
        [
            text(piece.name) + (f'<span class="soft">{text(piece.note)}</span>' if piece.note else ""),
            text(words.value_of(piece)),
            svg.interval_bar(piece),
            text(words.bounds(piece)),
            text(words.needed(piece)),
            text(reached(piece, decision)),
            text(" ".join(outcome(piece))),
            f"{piece.n:,}",
        ]
        for piece in decision.evidence
    )
    return [
        f'<p class="verdict {decision.decision}">{text(words.verdict(decision))}</p>',
        _list(words.reasons(one)),
        "<h3>Evidence</h3>",
        _table(["what", "value", "", "bounds", "threshold", "e-value", "", "n"], rows),
        f'<p class="soft">{text(KEY)} {text(words.looks(decision))}</p>',
    ]


def _agreement(one: DatasetReport) -> list[str]:
    return [
        "<h3>Agreement between validators</h3>",
        _plain(*tables.questions_table(one.agreement.questions)),
        _list(notes.coefficient_notes(one.agreement.questions)),
        f'<p class="soft">{text(notes.counting(always_three=one.agreement.always_three))}</p>',
        *_imported(one),
        *_pairs(one),
        *_plots(one),
    ]


def _imported(one: DatasetReport) -> list[str]:
    found = one.agreement.imported
    if not found:
        return []
    return [
        "<h3>Imported ratings</h3>",
        _plain(*tables.questions_table(found)),
        _list(notes.coefficient_notes(found)),
        f'<p class="soft">{text(words.IMPORTED)}</p>',
    ]


def _pairs(one: DatasetReport) -> list[str]:
    found = one.agreement.pairs
    if not found:
        return []
    rows = [tables.pair_row(pair, one.agreement.classes) for pair in found[: tables.MOST_PAIRS]]
    more = len(found) - tables.MOST_PAIRS
    return [
        "<h3>Validators two by two</h3>",
        _plain(tables.PAIR_HEADINGS, rows),
        f'<p class="soft">and {more:,} more pairs.</p>' if more > 0 else "",
        *(
            part
            for title, ordinal in tables.ordinal_pair_tables(one.agreement.ordinal_pairs)
            for part in (f"<h4>{text(title)}</h4>", _plain(tables.ORDINAL_PAIR_HEADINGS, ordinal))
        ),
    ]


def _plots(one: DatasetReport) -> list[str]:
    figures = [
        _figure(question.name, svg.histogram(list(question.class_shares.items()), question.name))
        for question in one.agreement.questions
        if question.level == "ordinal" and question.class_shares
    ]
    found = one.agreement.calibration
    if found is not None and found.count:
        title = f"label confidence (across) and label agreement (up): {words.calibration(found)}"
        figures.append(_figure(title, svg.calibration_plot(found)))
    return ["<h3>Answers, and calibration of the discriminator</h3>", _grid(figures)] if figures else []


def _course(one: DatasetReport) -> list[str]:
    figures = [
        _figure(f"{course.name}: {'at least' if course.bound == 'lower' else 'at most'} {course.threshold:g}", drawn)
        for course in one.agreement.courses
        if (drawn := svg.course_plot(course))
    ]
    return ["<h3>How the bounds narrowed, example by example</h3>", _grid(figures)] if figures else []


def _figure(title: str, drawn: str) -> str:
    return f"<figure><h4>{text(title)}</h4>{drawn}</figure>"


def _grid(figures: Sequence[str]) -> str:
    return f'<div class="plots">{"".join(figures)}</div>'


def _annotators(one: DatasetReport) -> list[str]:
    found = one.agreement.annotators
    if not found:
        return []
    rows = [tables.annotator_row(annotator) for annotator in found]
    return [
        "<h3>Validators</h3>",
        _plain(tables.ANNOTATOR_HEADINGS, rows),
        _list(words.annotator_notes(found)),
        f'<p class="soft">{text(words.INFORMEDNESS)}</p>',
    ]


def _measured(one: DatasetReport) -> list[str]:
    rows = measured_rows(one.measurements)
    return ["<h3>Other measurements</h3>", _plain(HEADINGS, rows)] if rows else []


def _lint(found: Sequence[LintLine]) -> list[str]:
    items = "".join(
        f"<li><strong>{text(line.code)}</strong> ({text(line.severity)}): {text(line.message)} {text(line.remedy)}"
        + "".join(f"<blockquote>{text(excerpt)}</blockquote>" for excerpt in line.excerpts)
        + "</li>"
        for line in found
    )
    return ["<h3>Lint</h3>", f"<ul>{items}</ul>" if items else "<p>Nothing found.</p>"]


def _funnel(one: DatasetReport) -> list[str]:
    parts = []
    for job in one.jobs:
        parts += [
            "<h3>What became of the candidates</h3>",
            f'<p class="soft">{text(words.job(job))}</p>',
            _plain(["what", "candidates"], [[words.fate(row), f"{row.count:,}"] for row in job.funnel]),
        ]
    return parts


def _comments(one: DatasetReport) -> list[str]:
    items = "".join(
        f'<li><span class="said">{text(said.comment)}</span> <span class="soft">'
        f"{text(said.annotator)}{', flagged' if said.flagged else ''}</span>"
        f"<blockquote>{text(said.example)}</blockquote></li>"
        for said in one.comments
    )
    return ["<h3>What validators wrote</h3>", f"<ul>{items}</ul>"] if items else []


def _foot(report: Report) -> list[str]:
    return [
        "<footer><h3>How to compute it again</h3>",
        _list(words.provenance(report)),
        f"<h3>The policy</h3><pre>{text(report.policy_text.strip())}</pre></footer>",
    ]
