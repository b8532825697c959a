"""The window in which a better wording of an example is suggested; the example itself stays as it is."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea

from review.annotation.bounds import EDIT as LONGEST
from tui.app.actions import EDIT
from tui.presentation.text import visible
from tui.screens.base import Window
from tui.widgets.bounded_text import BoundedText

KEYS = "Ctrl+S keeps it · Esc leaves it as it was"


class Wording(BoundedText):
    """The text; what is pasted is made harmless too."""

    async def _on_paste(self, event: events.Paste) -> None:
        await super()._on_paste(events.Paste(visible(event.text)))
        event.stop()
        event.prevent_default()


class EditScreen(Window[str]):
    """Asks for another wording; gives it, or nothing where it says the same as the example, or None to leave it.

    What a terminal would act on shows as marks, and is suggested as these. `meanwhile` is told after every change what
    is written so far, so that a wording that is cut off is not lost.
    """

    CSS_PATH = "text.tcss"
    ACTIONS = EDIT

    def __init__(self, text: str, suggested: str | None) -> None:
        super().__init__()
        self._original = visible(text)
        self._begun = self._original if suggested is None else visible(suggested)
        self.meanwhile: Callable[[str], None] = lambda _: None

    def compose(self) -> ComposeResult:
        """Makes the window."""
        with Vertical(id="window", classes="-tall") as window:
            window.border_title = Content("Suggest an edit")
            window.border_subtitle = Content(KEYS)
            yield Static(Content("How should it read? The author sees this beside the example, which stays as it is."))
            yield Wording(self._begun, most=LONGEST)

    def on_mount(self) -> None:
        """Lets the validator write."""
        self.query_one(Wording).focus()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Tells what is written so far."""
        event.stop()
        self.query_one("#window").border_subtitle = Content(KEYS)
        if event.text_area.text != self._begun:
            self.meanwhile(self._suggestion)

    @property
    def _suggestion(self) -> str:
        text = self.query_one(Wording).text
        return "" if text.strip() == self._original.strip() else text

    def action_save(self) -> None:
        """Keeps the suggestion."""
        self.dismiss(self._suggestion)
