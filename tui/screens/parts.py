"""What screens on a dataset have in common that show one of several parts at a time."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual import getters
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.app.findings import Findings
from tui.screens.base import BaseScreen


class PartsScreen(BaseScreen[None]):
    """Names its parts in a line of tabs and goes from one to the other.

    Attributes:
        PARTS: The names of the parts, in their order.
    """

    PARTS: ClassVar[tuple[str, ...]]

    scroll = getters.query_one("#scroll", VerticalScroll)

    def __init__(self, findings: Findings, dataset: str) -> None:
        super().__init__()
        self._findings = findings
        self._dataset = dataset
        self._place = 0

    @property
    def part(self) -> str:
        """The name of the part that shows."""
        return self.PARTS[self._place]

    @property
    def tabs(self) -> Content:
        """The names of the parts with the digits that lead to them."""
        tabs = []
        for place, name in enumerate(self.PARTS):
            chosen = place == self._place
            style = "bold $primary" if chosen else "$foreground 60%"
            tabs.append(Content.styled(f"{'●' if chosen else place + 1} {name}", style))
        return Content("   ").join(tabs)

    def on_mount(self) -> None:
        """Asks for what there is to show."""
        self.scroll.focus()
        self.action_refresh()

    def on_resize(self) -> None:
        """Lays out what shows for the new width."""
        self.paint()

    @abstractmethod
    def action_refresh(self) -> None:
        """Asks for what there is to show, whether or not that has been done."""

    def action_next_part(self) -> None:
        """Shows the next part."""
        self._show((self._place + 1) % len(self.PARTS))

    def action_previous_part(self) -> None:
        """Shows the part before."""
        self._show((self._place - 1) % len(self.PARTS))

    def action_part(self, name: str) -> None:
        """Shows a part."""
        self._show(self.PARTS.index(name))

    def paint(self) -> None:
        """Shows the tabs, and what there is to show of the part that was chosen."""
        if self.is_mounted:
            self.query_one("#parts", Static).update(self.tabs)
            self.paint_part()

    @abstractmethod
    def paint_part(self) -> None:
        """Shows what there is to show of the part that was chosen."""

    def turned(self) -> None:
        """Shows the part that was chosen in place of another."""
        self.paint()

    def _show(self, place: int) -> None:
        self._place = place
        self.scroll.scroll_home(animate=False)
        self.turned()
