"""The window in which a comment is written."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.actions import COMMENT, Action, bindings
from tui.text import visible


class CommentScreen(ModalScreen[str | None]):
    """Asks for a comment; gives None where it stays as it was."""

    CSS_PATH = "text.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(COMMENT)
    ACTIONS: ClassVar[tuple[Action, ...]] = COMMENT

    def __init__(self, comment: str) -> None:
        super().__init__()
        self._comment = comment

    def compose(self) -> ComposeResult:
        """Makes the window."""
        with Vertical(id="window") as window:
            window.border_title = Content("Comment")
            yield Static(Content("What should the author or a lead know about this example?"))
            yield Input(visible(self._comment, one_line=True), id="comment", select_on_focus=False)
            yield Static(Content("Enter keeps it · Esc leaves it as it was"), classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keeps the comment."""
        event.stop()
        self.action_save()

    def action_save(self) -> None:
        """Keeps the comment."""
        self.dismiss(self.query_one(Input).value.strip())

    def action_leave(self) -> None:
        """Closes without a change."""
        self.dismiss(None)
