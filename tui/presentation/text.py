"""How text is shown on a terminal: `visible` makes what models and files say harmless, `shortened` makes it fit."""

from __future__ import annotations

from rich.cells import cell_len

from db.visible import HOSTILE, visible

__all__ = ["HOSTILE", "clock", "shortened", "visible"]


def clock(seconds: float) -> str:
    """Returns the time that something has taken, to the second: 0:07, 12:30, 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def shortened(text: str, cells: int) -> str:
    """Returns a text cut to a width in cells, with an ellipsis where something is missing."""
    if cell_len(text) <= cells:
        return text
    cells = max(1, cells)
    while text and cell_len(text) >= cells:
        text = text[: -max(1, (cell_len(text) - cells) // 2)]
    return text.rstrip() + "…"
