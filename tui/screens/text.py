"""A window with a text to read: help, guidelines, an error."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.app.actions import EVERYWHERE, TEXT, Action
from tui.presentation.text import visible
from tui.screens.base import Window
from tui.widgets.marks import key_cap


class TextScreen(Window[None]):
    """Shows a text that may be longer than the screen."""

    CSS_PATH = "text.tcss"
    ACTIONS = TEXT

    def __init__(self, title: str, text: Content, keys: Sequence[Action] = ()) -> None:
        """Prepares the window.

        Args:
            title: What it is about.
            text: What there is to read.
            keys: The actions that are listed below it.
        """
        super().__init__()
        self._title = title
        self._text = text
        self._keys = keys

    @classmethod
    def help(cls, actions: Sequence[Action], more: Content | None = None) -> TextScreen:
        """Makes the help of a screen from its actions, what is asked first where something is."""
        title = Content.styled("Keys", "bold $primary")
        return cls("Help", Content.assemble(more, "\n\n", title) if more else title, (*actions, *EVERYWHERE))

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
            for action in self._keys:
                with Horizontal(classes="line"):
                    yield Static(key_cap(action.key_word), classes="key")
                    yield Static(Content(action.sentence), classes="sentence")

    def on_mount(self) -> None:
        """Lets the arrow keys scroll."""
        self.query_one("#window").focus()
