"""Rulings in lines of text: what was ruled, why, by whom and when."""

from __future__ import annotations

from textual.content import Content

from db.rulings import Ruling
from tui.presentation.amounts import moment
from tui.presentation.text import visible

WORDS = {"keep": "kept", "relabel": "relabelled", "edit": "edited", "drop": "dropped"}
FAINT = "$foreground 60%"


def ruling_line(ruling: Ruling) -> Content:
    """Returns a ruling in a line."""
    made = ruling.label.strip() if ruling.label else f"“{ruling.body}”" if ruling.body else ""
    words = WORDS[ruling.verdict] + (f" to {made}" if made else "") + (f": {ruling.reason}" if ruling.reason else "")
    return Content.assemble(
        ("Ruled ", FAINT),
        visible(words, one_line=True),
        (visible(f"  by {ruling.ruled_by}, {moment(ruling.created_at)}", one_line=True), FAINT),
    )
