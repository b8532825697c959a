"""How text from models and files is shown on a terminal: `visible` makes it harmless, `shortened` makes it fit."""

from __future__ import annotations

from rich.cells import cell_len

from db.visible import HOSTILE, visible

__all__ = ["HOSTILE", "shortened", "visible"]


def shortened(text: str, cells: int) -> str:
    """Returns a text cut to a width in cells, with an ellipsis where something is missing."""
    if cell_len(text) <= cells:
        return text
    cells = max(1, cells)
    while text and cell_len(text) >= cells:
        text = text[: -max(1, (cell_len(text) - cells) // 2)]
    return text.rstrip() + "…"
