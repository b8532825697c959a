"""The window in which a comment, or the answer to a question in words, is written."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from review.annotation.bounds import COMMENT
from tui.app.actions import WORDS
from tui.presentation.text import visible
from tui.screens.base import Window
from tui.widgets.bounded_line import BoundedLine

KEYS = "Enter keeps it · Esc leaves it as it was"


class WordsScreen(Window[str]):
    """Asks for a line of words; gives None where it stays as it was.

    `meanwhile` is told after every key what is written so far, so that a line that is cut off is not lost.
    """

    CSS_PATH = "text.tcss"
    ACTIONS = WORDS

    def __init__(self, title: str, asked: str, words: str, keys: str = KEYS, *, most: int = COMMENT) -> None:
        super().__init__()
        self._most = most
        self._keys = keys
        self._title = title
        self._asked = asked
        self._words = visible(words, one_line=True)
        self.meanwhile: Callable[[str], None] = lambda _: None

    def compose(self) -> ComposeResult:
        """Makes the window."""
        with Vertical(id="window") as window:
            window.border_title = Content(visible(self._title, one_line=True).capitalize())
            window.border_subtitle = Content(self._keys)
            yield Static(Content(visible(self._asked)))
            yield BoundedLine(self._words, most=self._most)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tells what is written so far."""
        event.stop()
        self.query_one("#window").border_subtitle = Content(self._keys)
        if event.value != self._words:
            self.meanwhile(event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keeps the words."""
        event.stop()
        self.action_save()

    def action_save(self) -> None:
        """Keeps the words."""
        self.dismiss(self.query_one(Input).value.strip())
