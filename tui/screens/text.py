"""A window with a text to read: help, guidelines, an error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import EVERYWHERE, TEXT, Action, bindings
from tui.text import visible
from tui.widgets.marks import key_cap

KEY_CELLS = 9


class TextScreen(ModalScreen[None]):
    """Shows a text that may be longer than the screen."""

    CSS_PATH = "text.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(TEXT)
    ACTIONS: ClassVar[tuple[Action, ...]] = TEXT

    def __init__(self, title: str, text: Content) -> None:
        super().__init__()
        self._title = title
        self._text = text

    @classmethod
    def help(cls, actions: Sequence[Action], more: Content | None = None) -> TextScreen:
        """Makes the help of a screen from its actions, what is asked first where something is."""
        lines = [_key_line(action) for action in (*actions, *EVERYWHERE)]
        keys = Content("\n").join([Content.styled("Keys", "bold $primary"), *lines])
        return cls("Help", Content.assemble(more, "\n\n", keys) if more else keys)

    @classmethod
    def error(cls, sentence: str) -> TextScreen:
        """Makes a window for a failure."""
        return cls("That did not work", Content(visible(sentence)))

    def compose(self) -> ComposeResult:
        """Makes the window."""
        with VerticalScroll(id="window") as window:
            window.border_title = Content(self._title)
            window.border_subtitle = Content("Esc closes · ↑ ↓ scroll")
            yield Static(self._text)

    def on_mount(self) -> None:
        """Lets the arrow keys scroll."""
        self.query_one("#window").focus()

    def action_leave(self) -> None:
        """Closes the window."""
        self.dismiss()


def _key_line(action: Action) -> Content:
    key = action.key_word
    return Content.assemble(key_cap(key), " " * max(1, KEY_CELLS - cell_len(key)), action.sentence)
