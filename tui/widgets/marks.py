"""How a key and what it stands for are drawn: a key cap, a mark for chosen, the words."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui.presentation.text import visible

CHOSEN, OPEN = "●", "○"


def key_cap(key: str) -> Content:
    """Returns a key as a cap."""
    return Content.styled(f" {key} ", "$primary bold on $panel")


def failure_line(sentence: str) -> Content:
    """Returns a sentence that says what could not be done."""
    return Content.styled(f"! {visible(sentence)}", "$error")


def option(key: str, text: str, chosen: bool) -> Content:
    """Returns something that a key chooses; what is chosen has another mark and heavier words."""
    mark = (CHOSEN, "$primary bold") if chosen else (OPEN, "$foreground 40%")
    return Content.assemble(mark, " ", key_cap(key), " ", (text, "bold $primary" if chosen else "$foreground"))


def side_by_side(options: Sequence[Content], width: int, gap: int) -> Content:
    """Returns options beside each other, on as many lines as they need; none is broken."""
    lines: list[list[Content]] = [[]]
    taken = 0
    for one in options:
        if lines[-1] and taken + gap + one.cell_length > width:
            lines.append([])
            taken = 0
        taken += one.cell_length + (gap if lines[-1] else 0)
        lines[-1].append(one)
    return Content("\n").join([Content(" " * gap).join(line) for line in lines])
