"""What a screen says in a window in which it would be cut off."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from tui.presentation.sizes import LEAST_HEIGHT, LEAST_WIDTH


def is_too_small(size: Size) -> bool:
    """Whether something would be cut off."""
    return size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT


class TooSmall(Static):
    """Asks for a larger window. It shows on screens of the class `-too-small` only, which hide the rest."""

    def __init__(self) -> None:
        super().__init__(Content(f"Make the window larger\n(at least {LEAST_WIDTH} x {LEAST_HEIGHT})"))
