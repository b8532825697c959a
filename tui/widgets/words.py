"""A text that changes often: the screen is laid out anew only when its size changes."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Words(Static):
    """Shows a content; most changes of it cost no layout, which is what a validator would wait for."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._said = Content("")

    def say(self, content: Content) -> None:
        """Shows a content, if it isn't shown already."""
        if content.is_same(self._said):
            return
        layout = not self.content_size.width or self._needs(content) != self._needs(self._said)
        self._said = content
        self.update(content, layout=layout)

    def _needs(self, content: Content) -> tuple[int, int]:
        """The size that a content asks for, as far as this text's own size follows it."""
        styles = self.styles
        width = content.cell_length if styles.width is None or styles.width.is_auto else 0
        grows = styles.height is None or styles.height.is_auto
        return width, content.get_height({}, self.content_size.width) if grows else 0
