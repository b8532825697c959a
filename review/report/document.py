"""A whole report, in blocks."""

from __future__ import annotations

from review.gate.words import in_brief, other_policies, verdict
from review.report.blocks import Block, Cell, Heading, Paragraph, Preformatted, bullets, paragraphs, table
from review.report.dataset import VALIDATION, dataset_section, validation_row
from review.report.model import Comparison, DatasetReport, Report
from review.report.portfolio import portfolio_blocks
from review.report.words import coefficient
from review.stats.bootstrap import DIFFERING, LEAST, MANY


def title_of(report: Report) -> str:
    """Returns what a report is called."""
    return report.datasets[0].name if len(report.datasets) == 1 else f"{len(report.datasets)} datasets"


def report_blocks(report: Report) -> list[Block]:
    """Returns a report, its datasets in sections."""
    together = report.together
    several = len(report.datasets) > 1
    return [
        Heading(title_of(report), 1),
        Paragraph(f"evalwright report, {report.made_at}; {report.policy}", "soft"),
        *paragraphs(other_policies(one.decision for one in report.datasets), "strong"),
        *([_overview(report)] if several else []),
        *([Heading("All datasets together"), *portfolio_blocks(together)] if together and several else []),
        *(block for comparison in report.comparisons for block in _side_by_side(report, comparison)),
        *(dataset_section(one, _section(place)) for place, one in enumerate(report.datasets)),
        Heading("How to compute it again"),
        *bullets(_provenance(report)),
        Heading("The policy"),
        Preformatted(report.policy_text.strip()),
    ]


def _section(place: int) -> str:
    return f"dataset-{place}"


def _overview(report: Report) -> Block:
    rows = (
        [
            Cell(one.name, section=_section(place)),
            Cell(in_brief(one.decision), tone=one.decision.decision),
            *map(Cell, validation_row(one)),
        ]
        for place, one in enumerate(report.datasets)
    )
    return table(["dataset", "decision", *VALIDATION], rows)


def _side_by_side(report: Report, comparison: Comparison) -> list[Block]:
    """Returns the datasets of one behaviour, a column each."""
    by_name = {one.name: one for one in report.datasets}
    sides = [by_name[name] for name in comparison.datasets]
    columns = [validation_row(one) for one in sides]
    rows = [
        ["written by", *map(_written_by, sides)],
        ["examples", *(f"{one.examples:,}" for one in sides)],
        *([name, *(column[place] for column in columns)] for place, name in enumerate(VALIDATION)),
        ["alpha of the labels", *(coefficient(one.agreement.questions[0], "alpha") for one in sides)],
        ["decision", *(verdict(one.decision) for one in sides)],
    ]
    behavior = Paragraph(f"Somebody who {comparison.behavior}.")
    return [Heading("Side by side"), behavior, table(["", *comparison.datasets], rows)]


def _written_by(one: DatasetReport) -> str:
    return "a model" if one.written_by_model else f"imported: {one.origin}"


def _provenance(report: Report) -> list[str]:
    """Returns what the numbers can be computed again from."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    seeds = "; ".join(f"{one.name} {one.seed}" for one in report.datasets)
    return [
        f"Versions: {versions}.",
        f"Intervals of coefficients and of the mean: 95 %, by examples: percentile bootstrap, {report.replicates:,} "
        f"replicates, seed {report.seed}; studentised below {MANY} examples, or where fewer than {DIFFERING} hold a "
        f"difference; none of a coefficient below {LEAST}. Shares, raw agreement among them: Wilson. They are for one "
        "look; the gate's bounds are not these.",
        f"Seeds of the review order: {seeds}.",
        f"Policy: {report.policy}.",
    ]
