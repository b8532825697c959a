"""The verdicts of the gate, and what each piece of its evidence amounts to, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from review.gate.evidence import Evidence

VERDICT_WORDS: dict[str, str] = {
    "ship": "may ship",
    "keep_labelling": "keep labelling",
    "mend": "mend",
    "reject": "reject",
}

DECISION_MARKS = {"ship": "✓", "keep_labelling": "…", "mend": "!", "reject": "✗"}


def outcome(piece: Evidence) -> tuple[str, str]:
    """Returns a sign and a word for what a piece of evidence amounts to."""
    if piece.passes is None:
        return "?", "can't tell"
    if piece.passes:
        return "✓", "passes"
    if piece.failed:
        return "✗", "failed"
    if piece.guarantee == "none" and piece.statistic != "count":
        return "!", "to mend"
    return "…", "not yet"
