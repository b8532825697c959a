"""Evidence and agreement in lines of text: a sign and a word for each outcome, never colour alone."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from db.decisions import StoredRelease
from review.decision_words import reached, remarks, to_go_by_name, warnings
from review.policy import parse_policy
from review.verdicts import VERDICT_WORDS, outcome
from tui.text import visible
from tui.widgets.bars import interval_bar

if TYPE_CHECKING:
    from review.agreement import QuestionAgreement
    from review.evidence import Evidence
    from review.gate import Decision

NAME = 22
GAP = 2
"""The least between a name and what follows: a value may fill its own column."""

INDENT = "  "
LEAST_BAR, MOST_BAR = 8, 40
REST = 65
"""The cells of a line without its bar."""

ROOMY, E_VALUE = 110, 24
"""From this width on there is room for e-values, which take so much."""

MARGIN = 0.15
"""How much room a bar leaves beyond what it shows, as a share of that."""

DEFAULT_POLICY = "default"
"""The name of the policy that goes without saying."""

DECISION_MARKS = {"ship": "✓", "keep_labelling": "…", "mend": "!", "reject": "✗"}


def decision_lines(decision: Decision, width: int) -> Content:
    """Returns the gate's answer with what would change it, in lines of at most `width` cells."""
    words = VERDICT_WORDS.get(decision.decision, decision.decision)
    so_far = " so far, while the dataset is open" if decision.provisional else ""
    by = "" if decision.policy == DEFAULT_POLICY else f" by the policy {visible(decision.policy, one_line=True)}"
    head = Content.assemble((f"{DECISION_MARKS.get(decision.decision, '·')} {words}", "bold $primary"), by, so_far)
    first = [Content.styled(f"! {line}", "bold $warning") for line in _wrapped(warnings(decision), width - 2, "")]
    said = [*decision.repairs, *([decision.forecast] if decision.forecast else [])]
    lines = [Content(line) for line in _wrapped(said, width, INDENT)]
    soft = [Content.styled(line, "$foreground 60%") for line in _wrapped(remarks(decision), width, INDENT)]
    return Content("\n").join([*first, head, *lines, *soft])


def _wrapped(sentences: Sequence[str], width: int, indent: str) -> list[str]:
    return [
        line
        for sentence in sentences
        for line in textwrap.wrap(
            visible(sentence, one_line=True), width, initial_indent=indent, subsequent_indent=indent
        )
    ]


def shipped_line(release: StoredRelease) -> Content:
    """Returns where a dataset was shipped to, when and by which policy."""
    policy = visible(parse_policy("the policy of a release", release.policy).name, one_line=True)
    overridden = "" if release.override_reason is None else ", although the gate refused"
    words = f"shipped {release.created_at[:10]} to {visible(release.folder, one_line=True)}"
    return Content.assemble((f"✓ {words}", "bold $primary"), f" by the policy {policy}{overridden}")


def evidence_lines(decision: Decision, width: int) -> Content:
    """Returns a line for each piece of evidence, and below it how many answers it needs and its note, if any."""
    roomy = width >= ROOMY
    bar = max(LEAST_BAR, min(MOST_BAR, width - REST - (E_VALUE if roomy else 0)))
    to_go = to_go_by_name(decision)
    return Content("\n").join(
        [
            _evidence_line(piece, bar, to_go.get(piece.name, ""), reached(piece, decision) if roomy else "")
            for piece in decision.evidence
        ]
    )


def agreement_lines(questions: Sequence[QuestionAgreement]) -> Content:
    """Returns a line for each question: raw agreement, and alpha or why it is undefined."""
    lines = []
    for one in questions:
        raw = "undefined" if one.percent_agreement is None else f"{100 * one.percent_agreement:.0f} % agree"
        why = "" if one.percent_agreement is not None else one.undefined.get("percent_agreement", "")
        lines.append(
            Content.assemble(
                _name(one.name),
                f"{raw:<13}",
                (f"n {one.n_units:<8,}", "$foreground 60%"),
                _alpha(one),
                (f"  {visible(why, one_line=True)}" if why else "", "$foreground 60%"),
            )
        )
    return Content("\n").join(lines)


def _evidence_line(piece: Evidence, bar: int, to_go: str, reached: str) -> Content:
    sign, word = outcome(piece)
    value = "undefined" if piece.value is None else _number(piece.value)
    asked = f"{'≥' if piece.bound == 'lower' else '≤'} {_number(piece.threshold)}"
    line = Content.assemble(
        (f"{sign} ", "bold $primary"), _own_line(piece.name), f"{value:>9}  ", (f"{asked:>7}  ", "$foreground 60%")
    )
    line = Content.assemble(line, _bar(piece, bar), f"  {word}", (f"  n {piece.n:,}", "$foreground 60%"))
    if reached:
        line = Content.assemble(line, (f"  e-value {reached}", "$foreground 60%"))
    if below := "; ".join(filter(None, [to_go, piece.note])):
        line = Content.assemble(line, (f"\n    {visible(below, one_line=True)}", "$foreground 60%"))
    return line


def _own_line(words: str) -> str:
    """Returns a name for the column of names; one that is too long for it has a line of its own."""
    shown = _name(words)
    return shown if cell_len(shown) <= NAME else f"{shown}\n{' ' * (NAME + 2)}"


def _bar(piece: Evidence, width: int) -> Content:
    if piece.lower is None or piece.upper is None:
        return Content(" " * width)
    least, most = min(piece.lower, piece.threshold), max(piece.upper, piece.threshold)
    room = MARGIN * (most - least) or MARGIN
    ends = (least - room, most + room)
    return interval_bar(piece.lower, piece.upper, piece.value, piece.threshold, ends=ends, width=width)


def _alpha(one: QuestionAgreement) -> Content:
    if one.alpha is None:
        return Content(f"alpha {visible(one.undefined.get('alpha', 'undefined'), one_line=True)}")
    interval = f" ({one.alpha_ci[0]:.2f} to {one.alpha_ci[1]:.2f})" if one.alpha_ci else ""
    return Content(f"alpha {one.alpha:.2f}{interval}")


def _name(words: str) -> str:
    shown = visible(words.replace("_", " "), one_line=True)
    return shown + " " * max(GAP, NAME - cell_len(shown))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 1 else f"{value:.3f}".rstrip("0").rstrip(".")
