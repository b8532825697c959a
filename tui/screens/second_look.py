"""The second look: an example that was just answered, with what is argued about it, or only once more."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import ClassVar, Protocol

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from db.records import BlindExample
from review.annotation.second_look import SecondLook
from tui.app.actions import SECOND_LOOK
from tui.draft import choice_keys
from tui.presentation.text import visible
from tui.screens.base import Window, background
from tui.widgets.choices import Choices, full_texts
from tui.widgets.marks import failure_line
from tui.widgets.words import Words

MOST_LINES = 4
"""The most lines that the choices take."""

GRACE_SECONDS = 0.5
"""For so long keys answer nothing: they were typed before the window could be seen, for the next example."""

RECONSIDER = "Look at it once more, as if you had not answered yet."
ASK = "Your answer is stored. Which one do you give now?"


class AnswersAgain(Protocol):
    """Where a second answer goes, or that there is none."""

    async def answer_again(self, look: SecondLook, label: str, seconds: float) -> None:
        """Stores it."""

    async def decline(self, look: SecondLook) -> None:
        """Stores that there is none."""


class SecondLookScreen(Window[None]):
    """Takes a second answer and closes once it is stored; Escape closes without one, which is stored as well."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["text.tcss", "second_look.tcss"]
    ACTIONS = SECOND_LOOK

    def __init__(self, look: SecondLook, desk: AnswersAgain) -> None:
        super().__init__()
        self._look = look
        self._desk = desk
        self._keys = choice_keys(look.example.choices)
        self._since = time.monotonic()
        self._storing = False

    def compose(self) -> ComposeResult:
        """Makes the window."""
        with Vertical(id="window") as window:
            window.border_title = Content("Second look")
            window.border_subtitle = Content("Enter keeps your answer · Esc closes · ↑ ↓ scroll")
            with VerticalScroll(id="again"):
                yield Static(Content(visible(self._look.example.body)), id="example")
                yield Static(self._argued(), id="argued")
            yield Static(Content.styled(ASK, "bold"), id="ask")
            yield Choices(id="choices")
            yield Words(id="notice")

    def on_mount(self) -> None:
        """Lets the arrow keys scroll, and shows the choices."""
        self.query_one("#again").focus()
        self.call_after_refresh(self._offer)

    def on_key(self, event: events.Key) -> None:
        """Answers with a choice's key."""
        if event.key.lower() in self._keys:
            event.stop()
            self._answer(self._keys[event.key.lower()])

    def action_keep(self) -> None:
        """Stays with the answer."""
        assert self._look.blind.label is not None
        self._answer(self._look.blind.label)

    def action_leave(self) -> None:
        """Closes without a second answer."""
        self._end(lambda _: self._desk.decline(self._look))

    def _answer(self, label: str) -> None:
        self._end(lambda seconds: self._desk.answer_again(self._look, label, seconds))

    def _end(self, store: Callable[[float], Awaitable[None]]) -> None:
        seconds = time.monotonic() - self._since
        if not self._storing and seconds >= GRACE_SECONDS:
            self._storing = True
            self._store(store(seconds))

    @background("second look", newest=False)
    async def _store(self, stored: Awaitable[None]) -> None:
        await self.lasting(stored)
        self.dismiss()

    def show_failure(self, sentence: str) -> None:
        """Says that it was not stored; it can be tried again."""
        self._storing = False
        self.query_one("#notice", Words).say(failure_line(sentence).stylize("bold"))

    def _offer(self) -> None:
        example, choices = self._look.example, self.query_one("#choices", Choices)
        choices.show(example.choices, self._keys, self._look.blind.label, room=MOST_LINES)
        if choices.cut(example.choices, room=MOST_LINES):
            whole = f"{example.body}\n\n{full_texts(example.choices, self._keys)}"
            self.query_one("#example", Static).update(Content(visible(whole)))

    def _argued(self) -> Content:
        """Returns both sides of the argument, or the words that ask to reconsider."""
        argument = self._look.argument
        if argument is None:
            return Content(RECONSIDER)
        answer = visible(_text_of(self._look.example, argument.label), one_line=True)
        parts = [
            Content.assemble((f"{side} {answer}\n", "bold $primary"), visible(text.strip()))
            for side, text in (("For", argument.in_favour), ("Against", argument.against))
        ]
        return Content("\n\n").join([Content.styled("What a model argues", "$foreground 60%"), *parts])


def _text_of(example: BlindExample, label: str) -> str:
    return next((" ".join(one.text.split()) for one in example.choices if one.answer == label), label.strip())
