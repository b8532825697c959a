"""What lint found, in lines of text: a sign and a word for each severity, one example, and what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual.content import Content

from review.lint import Finding, in_brief, remedy
from tui.text import visible

CODE = 27
INDENT = "    "
SIGNS = {"error": "✗", "warning": "!", "note": "·"}


def finding_lines(findings: Sequence[Finding], width: int) -> Content:
    """Returns the findings in lines of at most `width` cells, the worst first."""
    if not findings:
        return Content("✓ nothing found")
    return Content("\n").join([_finding(finding, width) for finding in findings])


def _finding(finding: Finding, width: int) -> Content:
    head = Content.assemble(
        (f"{SIGNS[finding.severity]} ", "bold $primary"),
        (f"{finding.code:<{CODE}}", "bold"),
        f"{finding.count:>7,}  ",
        (finding.severity, "$foreground 60%"),
    )
    example = next((line for one in finding.examples if (line := in_brief(one, width))), "")
    lines = [head, *_wrapped(finding.message, width)]
    if example:
        lines.append(Content.styled(f"{INDENT}{_cut(example, width - len(INDENT))}", "$foreground 60%"))
    return Content("\n").join([*lines, *_wrapped(f"→ {remedy(finding)}", width)])


def _wrapped(sentence: str, width: int) -> list[Content]:
    shown = visible(sentence, one_line=True)
    return [Content(line) for line in textwrap.wrap(shown, width, initial_indent=INDENT, subsequent_indent=INDENT)]


def _cut(text: str, width: int) -> str:
    shown = visible(text, one_line=True)
    return shown if len(shown) <= width else f"{shown[: width - 1]}…"
