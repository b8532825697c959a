"""The text of an example: scrolled line by line or page by page, long ones laid out in parts."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message

from tui.presentation.text import visible
from tui.widgets.words import Words

PART_CHARACTERS = 5000
"""The most characters laid out at a time: 100,000 take 130 ms."""

OVERLAP_LINES = 1
"""How many lines of the last page the next one still shows."""


class ExampleBody(VerticalScroll, can_focus=False):
    """Shows a text; never reads it as markup, never sends its control characters to the terminal."""

    class Turned(Message):
        """Whether there is more to read has changed."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.more = False
        self._parts: tuple[str, ...] = ("",)
        self._part = 0

    def compose(self) -> ComposeResult:
        """Makes the text."""
        yield Words(id="text")

    def show(self, text: str) -> None:
        """Shows a text from its beginning."""
        self._parts = parts(visible(text))
        self._turn_to(0)

    def read(self, pages: int) -> None:
        """Goes on by a page (back, where `pages` is -1), and at the end of a part to the part beyond it."""
        y, part = self.scroll_offset.y, self._part + pages
        if y > 0 if pages < 0 else y < self.max_scroll_y:
            self._scroll(y + pages * self._page)
        elif 0 <= part < len(self._parts):
            self._turn_to(part)
            if pages < 0:
                self.call_after_refresh(lambda: self._scroll(self.max_scroll_y))

    def line(self, lines: int) -> None:
        """Scrolls by lines; negative ones go up."""
        self._scroll(self.scroll_offset.y + lines)

    @property
    def _page(self) -> int:
        return max(1, self.size.height - OVERLAP_LINES)

    def _scroll(self, y: int) -> None:
        self.scroll_to(y=y, animate=False)

    def _turn_to(self, part: int) -> None:
        self._part = part
        self.query_one("#text", Words).say(Content(self._parts[part]))
        self.scroll_to(y=0, animate=False)
        self.tell_more()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Keeps the hint at the lower edge true."""
        super().watch_scroll_y(old_value, new_value)
        self.tell_more()

    def on_resize(self) -> None:
        """Keeps the hint at the lower edge true."""
        self.call_after_refresh(self.tell_more)

    def tell_more(self) -> None:
        """Says at the lower edge whether there is more, and how it is reached."""
        self.call_after_refresh(self._tell_more)

    def _tell_more(self) -> None:
        more = self.scroll_offset.y < self.max_scroll_y or self._part + 1 < len(self._parts)
        if more != self.more:
            self.more = more
            self.post_message(self.Turned())
        words = [f"part {self._part + 1} of {len(self._parts)}"] if len(self._parts) > 1 else []
        words += ["Space: read on ↓"] if more else ["end"] if words or self.max_scroll_y else []
        subtitle = " · ".join(words)
        if self.border_subtitle != subtitle:
            self.border_subtitle = subtitle


def parts(text: str, most: int = PART_CHARACTERS) -> tuple[str, ...]:
    """Cuts a text into parts of at most `most` characters, at a line's or a word's end where there is one near."""
    found = []
    while len(text) > most:
        cut = _cut(text, most)
        found.append(text[:cut])
        text = text[cut:]
    return (*found, text)


def _cut(text: str, most: int) -> int:
    for mark in ("\n", " "):
        place = text.rfind(mark, most // 2, most)
        if place >= 0:
            return place + 1
    return most
