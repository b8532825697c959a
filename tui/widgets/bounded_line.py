"""A line to write in that takes so many characters and says so, rather than losing what is over."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input


class BoundedLine(Input):
    """An input of at most `most` characters, or as many as it begins with: what doesn't fit is not taken, and told."""

    def __init__(self, value: str = "", *, most: int, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(value, placeholder=placeholder, id=id, max_length=max(most, len(value)), select_on_focus=False)

    def restricted(self) -> None:
        """Says that nothing more is taken."""
        super().restricted()
        tell_full(self, self.max_length or 0)


def tell_full(widget: Widget, most: int) -> None:
    """Says below the window that a widget takes nothing more."""
    widget.screen.query_one("#window").border_subtitle = Content.styled(
        f"! At most {most:,} characters; no more is taken", "$error"
    )
