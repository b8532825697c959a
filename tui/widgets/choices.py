"""The answer choices, each with its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from textual.content import Content

from db.records import Choice
from tui.presentation.text import shortened, visible
from tui.widgets.marks import option
from tui.widgets.words import Words

GAP = "   "
MOST_LINES = 4
"""How many lines a choice may take here; a longer one stands in full under the text."""


class Choices(Words):
    """Shows the choices: side by side where they fit on a line, else one under another.

    A choice that is too long is cut here; `cut` tells, and its whole text belongs under the example then.
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._choices: Sequence[Choice] = ()
        self._keys: Mapping[str, str] = {}
        self._chosen: str | None = None
        self._room = 0

    def show(self, choices: Sequence[Choice], keys: Mapping[str, str], chosen: str | None, *, room: int) -> None:
        """Shows choices.

        Args:
            choices: In their order.
            keys: The answer of each key.
            chosen: The answer that is chosen, or None.
            room: How many lines there are for all of them together.
        """
        self._choices, self._keys, self._chosen, self._room = choices, keys, chosen, room
        self.say(self._lines(max(20, self.size.width)))

    def on_resize(self) -> None:
        """Lays the choices out anew for the width there is."""
        if self._choices:
            self.say(self._lines(max(20, self.size.width)))

    def cut(self, choices: Sequence[Choice], *, room: int) -> bool:
        """Whether any of these choices can't be shown in full."""
        each = self._lines_each(len(choices), room)
        return any(cell_len(_text(choice)) + 6 > each * max(20, self.size.width) for choice in choices)

    def _lines_each(self, count: int, room: int) -> int:
        return max(1, min(MOST_LINES, room // max(1, count)))

    def _lines(self, width: int) -> Content:
        key_of = {answer: key for key, answer in self._keys.items()}
        entries = [(key_of.get(choice.answer, " "), _text(choice), choice.answer) for choice in self._choices]
        across = sum(cell_len(text) + 6 + len(GAP) for _, text, _ in entries)
        if across <= width and len(entries) <= 6:
            return Content(GAP).join([option(key, text, answer == self._chosen) for key, text, answer in entries])
        if len(entries) > self._room:
            return self._flowing(entries, width)
        most = self._lines_each(len(entries), self._room) * (width - 2) - 6
        return Content("\n").join(
            [option(key, shortened(text, most), answer == self._chosen) for key, text, answer in entries]
        )

    def _flowing(self, entries: Sequence[tuple[str, str, str]], width: int) -> Content:
        """More choices than lines: each cut so that they fit side by side."""
        columns = -(-len(entries) // max(1, self._room))
        cell = max(4, width // columns)
        rows = []
        for start in range(0, len(entries), columns):
            row = [
                option(key, shortened(text, cell - 7), answer == self._chosen).extend_right(
                    max(0, cell - cell_len(shortened(text, cell - 7)) - 5)
                )
                for key, text, answer in entries[start : start + columns]
            ]
            rows.append(Content("").join(row))
        return Content("\n").join(rows)


def full_texts(choices: Sequence[Choice], keys: Mapping[str, str]) -> str:
    """Returns the choices in full, each under its key, to be read under the example."""
    key_of = {answer: key for key, answer in keys.items()}
    return "\n\n".join(f"{key_of.get(choice.answer, '-')}   {choice.text.strip()}" for choice in choices)


def _text(choice: Choice) -> str:
    return visible(" ".join(choice.text.split()), one_line=True)
