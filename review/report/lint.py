"""What lint finds in the texts of a dataset, in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from review.report.blocks import Block, Bullets, Item, Paragraph
from review.report.model import LintLine

if TYPE_CHECKING:
    from review.lint import Finding

SEVERITY_MARKS = {"error": "✗", "warning": "!", "note": "·"}
MOST_EXCERPTS, EXCERPT = 3, 160


def lint_lines(findings: Iterable[Finding]) -> tuple[LintLine, ...]:
    """Returns findings as a report holds them: each with the beginnings of a few examples, and what repairs it."""
    from review.lint import in_brief, remedy

    return tuple(
        LintLine(
            finding.code,
            finding.severity,
            finding.count,
            finding.message,
            remedy(finding),
            tuple(filter(None, (excerpt(in_brief(one, EXCERPT)) for one in finding.examples[:MOST_EXCERPTS]))),
        )
        for finding in findings
    )


def excerpt(text: str) -> str:
    """Returns the beginning of a text, on one line."""
    line = " ".join(text[: 2 * EXCERPT].split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"


def lint_blocks(found: Sequence[LintLine]) -> list[Block]:
    """Returns the defects that lint found, the worst first, with what to do about each."""
    items = (
        Item(
            f"{line.severity}, {line.count:,}. {line.message} → {line.remedy}",
            f"{SEVERITY_MARKS[line.severity]} {line.code}",
            line.excerpts,
        )
        for line in found
    )
    return [Bullets(tuple(items)) if found else Paragraph("✓ nothing found")]
