"""A list of any length with one line highlighted, that draws only the lines in sight."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual


class LineList(ScrollView, can_focus=True):
    """Lines under headings; a subclass says how many there are and what each shows."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--heading", "list--highlight"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("home", "edge(0)", show=False),
        Binding("end", "edge(1)", show=False),
    ]

    highlighted = reactive(0)

    @dataclass
    class Highlighted(Message):
        """Another line is highlighted."""

    @dataclass
    class Chosen(Message):
        """A line was clicked while it was highlighted."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many lines there are."""

    @abstractmethod
    def heading(self, width: int) -> Content:
        """Returns the headings over the columns."""

    @abstractmethod
    def line(self, index: int, width: int, *, chosen: bool) -> Content:
        """Returns a line."""

    def lay_out(self) -> None:
        """Draws anew, for a new width or another number of lines."""
        self.virtual_size = Size(self.size.width, self.count + 1)
        self.refresh()

    def on_resize(self) -> None:
        """Lays lines out for the new size."""
        self.lay_out()

    def action_move(self, steps: int) -> None:
        """Moves the highlight."""
        if self.count:
            self.highlighted = max(0, min(self.count - 1, self.highlighted + steps))

    def action_page(self, pages: int) -> None:
        """Moves the highlight by what is seen at a time."""
        self.action_move(pages * max(1, self.size.height - 2))

    def action_edge(self, end: int) -> None:
        """Moves the highlight to the first or the last."""
        self.action_move(self.count * (1 if end else -1))

    def on_click(self, event: events.Click) -> None:
        """Highlights what is clicked; a second click chooses it."""
        index = event.y + self.scroll_offset.y - 1
        if event.y > 0 and 0 <= index < self.count:
            if index == self.highlighted and event.chain > 1:
                self.post_message(self.Chosen())
            self.highlighted = index

    def watch_highlighted(self, _old: int, new: int) -> None:
        """Keeps the highlight in sight and tells who listens."""
        # The heading stays on the first row, over what scrolls beneath it.
        top = self.scroll_offset.y + 1
        line = new + 1
        if line < top or line >= self.scroll_offset.y + self.size.height:
            self.scroll_to_region(Region(0, max(0, line - 1), 1, 2), animate=False, force=True)
        self.refresh()
        self.post_message(self.Highlighted())

    def render_line(self, y: int) -> Strip:
        """Draws one row of the screen."""
        width = self.size.width
        if y == 0:
            return self._strip(Content.assemble("  ", self.heading(width - 2)), "list--heading")
        index = self.scroll_offset.y + y - 1
        if index >= self.count:
            return Strip.blank(width, self.rich_style)
        chosen = index == self.highlighted
        line = Content.assemble(("▌ ", "$primary") if chosen else "  ", self.line(index, width - 2, chosen=chosen))
        return self._strip(line, "list--highlight" if chosen else None)

    def _strip(self, content: Content, component: str | None) -> Strip:
        style = self.get_visual_style(component) if component else self.visual_style
        strips = Visual.to_strips(self, content, self.size.width, 1, style, pad=True, apply_selection=False)
        return strips[0] if strips else Strip.blank(self.size.width)


def cell(content: Content, cells: int, *, right: bool = False) -> Content:
    """Returns a content in exactly so many cells, cut or padded."""
    content = content.truncate(cells, ellipsis=True)
    room = max(0, cells - content.cell_length)
    return content.pad_left(room) if right else content.pad_right(room)
