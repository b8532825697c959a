"""What the gate says of a dataset, in blocks: the answer, what stands behind it, and the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review.gate.verdicts import DECISION_MARKS, outcome
from review.gate.words import looks, reached, remarks, to_go_by_name, verdict, warnings
from review.report.blocks import Bar, Block, Cell, Column, Paragraph, Table, bullets, paragraphs, table

if TYPE_CHECKING:
    from review.gate.decision import Decision
    from review.gate.evidence import Evidence

EVIDENCE = (
    Column("evidence"),
    Column("value", right=True),
    Column("threshold", right=True, soft=True),
    Column(bars=True),
    Column("bounds", spare=2),
    Column(),
    Column("examples", "n", right=True, soft=True),
    Column("e-value", right=True, soft=True, spare=1),
)
KEY = (
    "● estimate, ━ where the true value lies, ┃ what it must reach, ◉ both. The bounds hold however often one looks; "
    "facts have none."
)


def answer_blocks(decision: Decision, *, ruled: str = "") -> list[Block]:
    """Returns the gate's answer with what stands behind it: what would change it, and what the figures rest on.

    Args:
        decision: What the gate says.
        ruled: What a lead has ruled, as a sentence, or nothing.
    """
    override = f"Shipped by override, outside the guarantee: {decision.override}" if decision.override else ""
    said = [override, *decision.repairs, decision.forecast or "", ruled]
    return [
        *paragraphs(warnings(decision), "strong"),
        Paragraph(f"{DECISION_MARKS.get(decision.decision, '·')} {verdict(decision)}", decision.decision),
        *bullets(filter(None, said)),
        *paragraphs(remarks(decision), "soft"),
    ]


def evidence_table(decision: Decision) -> Table:
    """Returns a row for each piece of evidence; how many answers it needs and its note, if any, are the row's note."""
    to_go = to_go_by_name(decision)
    return table(EVIDENCE, (_row(piece, decision, to_go.get(piece.name, "")) for piece in decision.evidence))


def key_to_evidence(decision: Decision) -> Paragraph:
    """Returns how the evidence is read, and how often the gate has been asked."""
    return Paragraph(f"{KEY} {looks(decision)}", "soft")


def value_of(piece: Evidence) -> str:
    """Returns an estimate."""
    return "undefined" if piece.value is None else f"{piece.value:,.3f}".removesuffix(".000")


def bounds(piece: Evidence) -> str:
    """Returns the bounds that hold at all times at once, or nothing."""
    return "" if piece.lower is None or piece.upper is None else f"{piece.lower:.3f} to {piece.upper:.3f}"


def _row(piece: Evidence, decision: Decision, to_go: str) -> list[Cell]:
    mark, word = outcome(piece)
    return [
        Cell(piece.name.replace("_", " "), mark, "; ".join(filter(None, [to_go, piece.note]))),
        Cell(value_of(piece)),
        Cell(f"{'≥' if piece.bound == 'lower' else '≤'} {piece.threshold:,g}"),
        Cell(bar=_bar(piece)),
        Cell(bounds(piece)),
        Cell(word),
        Cell(f"{piece.n:,}"),
        Cell(reached(piece, decision)),
    ]


def _bar(piece: Evidence) -> Bar | None:
    if piece.lower is None or piece.upper is None:
        return None
    return Bar(piece.lower, piece.upper, piece.value, piece.threshold)
