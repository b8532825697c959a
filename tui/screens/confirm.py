"""A question before something that can't be taken back."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.app.actions import CONFIRM
from tui.screens.base import Window


class ConfirmScreen(Window[bool]):
    """Asks whether to go on; gives whether the answer was yes."""

    CSS_PATH = "text.tcss"
    ACTIONS = CONFIRM

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """Makes the window."""
        with Vertical(id="window") as window:
            window.border_title = Content(self._title)
            window.border_subtitle = Content("y yes · Esc no")
            yield Static(Content(self._text))

    def action_agree(self) -> None:
        """Goes on."""
        self.dismiss(True)
