"""The list of datasets: draws only the lines that are seen, whatever its length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

from review.agreement import QuestionAgreement
from review.gate import VERDICT_WORDS, Decision
from review.overview import DatasetOverview
from tui.text import visible
from tui.widgets.bars import share_bar

LEAST_NAME = 14
ROOMY = 96
"""From this width on there is room for alpha, for longer bars and for whole words."""


@dataclass(frozen=True)
class Line:
    """A dataset as the list shows it."""

    overview: DatasetOverview
    decision: Decision | None
    agreements: tuple[QuestionAgreement, ...]


class DatasetList(ScrollView, can_focus=True):
    """Datasets under headings, one of them highlighted."""

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
        """Another dataset is highlighted."""

        name: str

    @dataclass
    class Chosen(Message):
        """A dataset was clicked while it was highlighted."""

        name: str

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()

    @property
    def current(self) -> DatasetOverview | None:
        """The highlighted dataset."""
        return self._lines[self.highlighted].overview if self._lines else None

    def show(
        self,
        datasets: Sequence[DatasetOverview],
        decisions: Mapping[str, Decision],
        agreements: Mapping[str, tuple[QuestionAgreement, ...]],
    ) -> None:
        """Shows datasets; the highlight stays on its dataset."""
        lines = [Line(one, decisions.get(one.name), agreements.get(one.name, ())) for one in datasets]
        if lines == self._lines:
            return
        name = self.current.name if self.current else None
        self._lines = lines
        self.virtual_size = Size(self.size.width, len(lines) + 1)
        place = next((index for index, line in enumerate(lines) if line.overview.name == name), None)
        self.highlighted = min(self.highlighted, max(0, len(lines) - 1)) if place is None else place
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Lays lines out for the new width."""
        self.virtual_size = Size(event.size.width, len(self._lines) + 1)

    def action_move(self, steps: int) -> None:
        """Moves the highlight."""
        if self._lines:
            self.highlighted = max(0, min(len(self._lines) - 1, self.highlighted + steps))

    def action_page(self, pages: int) -> None:
        """Moves the highlight by what is seen at a time."""
        self.action_move(pages * max(1, self.size.height - 2))

    def action_edge(self, end: int) -> None:
        """Moves the highlight to the first or the last."""
        self.action_move(len(self._lines) * (1 if end else -1))

    def on_click(self, event: events.Click) -> None:
        """Highlights what is clicked; a second click chooses it."""
        index = event.y + self.scroll_offset.y - 1
        if event.y > 0 and 0 <= index < len(self._lines):
            if index == self.highlighted and event.chain > 1:
                self.post_message(self.Chosen(self._lines[index].overview.name))
            self.highlighted = index

    def watch_highlighted(self, old: int, new: int) -> None:
        """Keeps the highlight in sight and tells who listens."""
        # The heading stays on the first row, over what scrolls beneath it.
        top = self.scroll_offset.y + 1
        line = new + 1
        if line < top or line >= self.scroll_offset.y + self.size.height:
            self.scroll_to_region(Region(0, max(0, line - 1), 1, 2), animate=False, force=True)
        self.refresh()
        if self.current is not None:
            self.post_message(self.Highlighted(self.current.name))

    def render_line(self, y: int) -> Strip:
        """Draws one row of the screen."""
        width = self.size.width
        if y == 0:
            return self._strip(heading(width), "list--heading")
        index = self.scroll_offset.y + y - 1
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        chosen = index == self.highlighted
        return self._strip(row(self._lines[index], width, chosen=chosen), "list--highlight" if chosen else None)

    def _strip(self, content: Content, component: str | None) -> Strip:
        style = self.get_visual_style(component) if component else self.visual_style
        strips = Visual.to_strips(self, content, self.size.width, 1, style, pad=True, apply_selection=False)
        return strips[0] if strips else Strip.blank(self.size.width)


def heading(width: int) -> Content:
    """Returns the headings over the columns."""
    words = ("dataset", "examples", "reviewed", "agreement", "gate")
    widths = _widths(width)
    cells = [_cell(Content(word), cells, right=word == "examples") for word, cells in zip(words, widths, strict=True)]
    return Content.assemble("  ", Content("  ").join(cells))


def row(line: Line, width: int, *, chosen: bool) -> Content:
    """Returns a dataset's row."""
    roomy = width >= ROOMY
    name, examples, reviewed, agreement, gate = _widths(width)
    one = line.overview
    share = one.reviewed / one.examples if one.examples else 0.0
    percent = "<1 %" if 0 < share < 0.01 else f"{int(100 * share)} %"
    cells = [
        _cell(Content.styled(visible(one.name, one_line=True), "bold" if chosen else ""), name),
        _cell(Content(f"{one.examples:,}"), examples, right=True),
        _cell(Content.assemble(share_bar(share, reviewed - 6), f"{percent:>6}"), reviewed),
        _cell(Content(agreement_words(line.agreements, roomy=roomy)), agreement),
        _cell(gate_words(line, roomy=roomy), gate),
    ]
    return Content.assemble(("▌ ", "$primary") if chosen else "  ", Content("  ").join(cells))


def agreement_words(agreements: Sequence[QuestionAgreement], *, roomy: bool) -> str:
    """Returns the raw agreement on labels, and alpha where there is room, or what there is instead."""
    label = next((one for one in agreements if one.name == "label"), None)
    if label is None:
        return "-"
    if label.percent_agreement is None:
        return "undefined" if label.n_units else "-"
    alpha = "undefined" if label.alpha is None else f"{label.alpha:.2f}"
    return f"{100 * label.percent_agreement:.0f} %" + (f", alpha {alpha}" if roomy else "")


def gate_words(line: Line, *, roomy: bool) -> Content:
    """Returns the gate's answer; an answer on an open dataset holds so far."""
    decision = line.decision.decision if line.decision else line.overview.decision
    provisional = line.decision.provisional if line.decision else line.overview.provisional
    if line.overview.state == "shipped":
        return Content("shipped")
    if decision is None:
        return Content.styled("-", "$foreground 60%")
    words = VERDICT_WORDS.get(decision, decision)
    if not provisional:
        return Content(words)
    return Content.assemble(words, (" so far" if roomy else "", "$foreground 60%"))


def _widths(width: int) -> tuple[int, int, int, int, int]:
    """Returns the columns' widths; the name takes what the others leave."""
    fixed = (8, 20, 22, 21) if width >= ROOMY else (8, 11, 9, 16)
    return (max(LEAST_NAME, width - sum(fixed) - 2 * len(fixed) - 3), *fixed)


def _cell(content: Content, cells: int, *, right: bool = False) -> Content:
    content = content.truncate(cells, ellipsis=True)
    room = max(0, cells - content.cell_length)
    return content.pad_left(room) if right else content.pad_right(room)
