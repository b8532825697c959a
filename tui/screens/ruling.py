"""The window in which a ruling is made: what it makes of the example, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from db.errors import InputError
from db.records import Choice
from db.rulings import NewRuling
from review.annotation.bounds import EDIT, REASON
from tui.app.actions import RULING
from tui.presentation.text import visible
from tui.screens.base import Window
from tui.widgets.bounded_line import BoundedLine
from tui.widgets.bounded_text import BoundedText

Make = Callable[[str, str], NewRuling]
"""Makes a ruling of a value and a reason, or raises an InputError that says why not."""


class RulingScreen(Window[NewRuling]):
    """Asks for what a ruling needs; gives None where it is not made. What can't be ruled is said, and nothing lost."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["text.tcss", "ruling.tcss"]
    ACTIONS = RULING

    def __init__(
        self,
        title: str,
        sentence: str,
        make: Make,
        *,
        choices: Sequence[Choice] = (),
        text: str | None = None,
        suggestions: Sequence[str] = (),
    ) -> None:
        """Prepares the window.

        Args:
            title: What is ruled.
            sentence: What that means.
            make: Makes the ruling.
            choices: The answers to choose one of, where there are any.
            text: The text to edit, where there is one.
            suggestions: Wordings that validators suggest in its place.
        """
        super().__init__()
        self._title = title
        self._sentence = sentence
        self._make = make
        self._choices = choices
        self._text = text
        self._suggestions = list(suggestions)
        self._taken = 0

    def compose(self) -> ComposeResult:
        """Makes the window."""
        with Vertical(id="window") as window:
            window.border_title = Content(self._title)
            window.border_subtitle = Content(self._keys())
            yield Static(Content(self._sentence))
            if self._choices:
                yield OptionList(*(Option(_words(choice)) for choice in self._choices), id="choices")
            if self._text is not None:
                yield BoundedText(visible(self._text), most=EDIT, id="text")
            yield BoundedLine(placeholder="Reason", most=REASON, id="reason")
            yield Static(id="said")

    def on_mount(self) -> None:
        """Begins with what has to be chosen or written."""
        self.query_one("#choices, #text, #reason").focus()
        self.say(Content(""))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Goes on to the reason."""
        event.stop()
        self.query_one("#reason").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Rules."""
        event.stop()
        self.action_save()

    def action_save(self) -> None:
        """Rules, or says why that can't be."""
        try:
            ruling = self._make(self._value(), self.query_one("#reason", Input).value)
        except InputError as error:
            self.show_failure(str(error))
            return
        self.dismiss(ruling)

    def action_suggestion(self) -> None:
        """Puts the next suggested wording into the text."""
        if self._suggestions:
            suggestion = self._suggestions[self._taken % len(self._suggestions)]
            self._taken += 1
            self.query_one("#text", TextArea).text = visible(suggestion)

    def _value(self) -> str:
        if self._choices:
            return self._choices[self.query_one("#choices", OptionList).highlighted or 0].answer
        if self._text is None:
            return ""
        text = self.query_one("#text", TextArea).text
        return self._text if text == visible(self._text) else text

    def _keys(self) -> str:
        if self._choices:
            return "Enter goes on, then rules · Esc leaves it"
        if self._text is None:
            return "Enter rules · Esc leaves it"
        suggestion = ["Ctrl+T takes a suggestion"] if self._suggestions else []
        return " · ".join(["Ctrl+S rules", *suggestion, "Esc leaves it"])


def _words(choice: Choice) -> Content:
    answer, text = visible(choice.answer.strip(), one_line=True), visible(choice.text, one_line=True)
    return Content(answer if answer == text else f"{answer}  {text}")
