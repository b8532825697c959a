"""An editor that takes so many characters and says so, rather than losing what is over."""

from __future__ import annotations

from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from tui.widgets.bounded_line import tell_full


class BoundedText(TextArea):
    """An editor of at most `most` characters, or as many as it begins with: what doesn't fit is not taken, and told."""

    def __init__(self, text: str, *, most: int, id: str | None = None) -> None:
        super().__init__(text, soft_wrap=True, show_line_numbers=False, tab_behavior="focus", id=id)
        self._most = max(most, len(text))

    def edit(self, edit: Edit) -> EditResult:
        """Changes the text unless it would be too long."""
        grown = len(edit.text) - len(self.get_text_range(edit.top, edit.bottom))
        if grown > 0 and len(self.text) + grown > self._most:
            tell_full(self, self._most)
            return EditResult(self.cursor_location, "")
        return super().edit(edit)
