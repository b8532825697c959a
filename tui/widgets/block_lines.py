"""Blocks in lines of text on a screen: tables fit its width, bars take what is left, notes stand beneath."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from review.report.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Figures,
    Heading,
    Item,
    Paragraph,
    Preformatted,
    Section,
    Table,
)
from tui.presentation.text import visible
from tui.widgets.bars import interval_bar

SOFT = "$foreground 60%"
STRONG = "bold $primary"
TONES = {"": "", "soft": SOFT, "strong": "bold $warning"}
"""The styles of paragraphs; a verdict's is `STRONG`."""

WIDEST = 24
"""The widest cell of a table: longer ones are cut, and a longer name has a line of its own."""

TITLE = 3
"""Headings of lower levels name things, and have the colour of names."""

LEAST_BAR, MOST_BAR = 8, 48
GAP = "  "
INDENT = "    "


def block_lines(blocks: Iterable[Block], width: int) -> Content:
    """Returns blocks in lines of at most `width` cells; tables and headings with a blank line before them."""
    lines: list[Content] = []
    before: Block | None = None
    for block in blocks:
        if before is not None and not (isinstance(before, Heading) or _close(before, block)):
            lines.append(Content(""))
        lines += _lines(block, width)
        before = block
    return Content("\n").join(lines)


def _close(before: Block, block: Block) -> bool:
    """Whether two blocks stand without a blank line between them: what a paragraph says is of what follows it."""
    return isinstance(before, Paragraph) or (isinstance(before, Bullets) and isinstance(block, Paragraph))


def _lines(block: Block, width: int) -> list[Content]:
    match block:
        case Heading():
            lines = [Content.styled(_shown(block.text), STRONG if block.level > TITLE else "bold")]
        case Paragraph():
            mark = "! " if block.tone == "strong" else ""
            style = TONES.get(block.tone, STRONG)
            lines = [Content.styled(line, style) for line in _wrapped(mark + _shown(block.text), width, "")]
        case Bullets():
            lines = [line for item in block.items for line in _item(item, width)]
        case Table():
            lines = table_lines(block, width).split("\n")
        case Preformatted():
            lines = [Content(visible(line)) for line in block.text.splitlines()]
        case Figures():
            lines = [block_lines(block.instead, width)]
        case Section():
            lines = [block_lines(block.blocks, width)]
    return lines


def _item(item: Item, width: int) -> Iterator[Content]:
    about = f"{_shown(item.about)}: " if item.about else ""
    first, *rest = _wrapped(about + _shown(item.text), width, "" if about else GAP, INDENT if about else GAP)
    yield Content.assemble((first[: len(about)], "bold"), first[len(about) :])
    yield from map(Content, rest)
    for quote in item.quotes[:1]:
        yield Content.styled(INDENT + _cut(_shown(quote), width - len(INDENT)), SOFT)


def table_lines(table: Table, width: int, chosen: int | None = None) -> Content:
    """Returns a table in lines of at most `width` cells, if its names and numbers leave room; notes beneath the rows.

    Where there is too little room, headings are short, then the columns that can be spared are left out, then names
    are cut.

    Args:
        table: The table.
        width: Cells.
        chosen: The row that is marked, or None where none can be.
    """
    layout = _Layout(table, width if chosen is None else width - len(GAP))
    lines = []
    if any(layout.headings):
        lines.append(Content.styled("" if chosen is None else GAP, SOFT) + layout.heading_line())
    for place, row in enumerate(table.rows):
        drawn = layout.row(row, "" if chosen is None or place != chosen else STRONG)
        if chosen is not None:
            mark = ("▌ ", STRONG) if place == chosen else (GAP, "")
            drawn = [Content.assemble(mark, line) for line in drawn]
        lines += drawn
    return Content("\n").join(lines)


class _Layout:
    """Which columns of a table show, and how wide each is."""

    def __init__(self, table: Table, width: int) -> None:
        self._table, self._width = table, width
        shown = [place for place in range(len(table.columns)) if self._says_something(place)]
        self._fit(shown, short=False)
        if self._least > width:
            self._fit(shown, short=True)
        for spare in sorted({table.columns[place].spare for place in shown} - {0}, reverse=True):
            if self._least > width:
                shown = [place for place in shown if table.columns[place].spare != spare]
                self._fit(shown, short=True)
        if self._least > width:
            self._widths[0] = max(LEAST_BAR, self._widths[0] - (self._least - width))
        bars = [at for at, column in enumerate(self._columns) if column.bars]
        for at in bars:
            self._widths[at] = max(LEAST_BAR, min(MOST_BAR, LEAST_BAR + (width - self._least) // len(bars)))

    def _says_something(self, place: int) -> bool:
        return bool(self._table.columns[place].heading) or any(
            row[place].words or row[place].bar for row in self._table.rows
        )

    def _fit(self, places: Sequence[int], *, short: bool) -> None:
        self._places = places
        self._columns = [self._table.columns[place] for place in places]
        self.headings = [_shown((short and column.short) or column.heading) for column in self._columns]
        self._widths = [
            max([cell_len(heading), *(min(WIDEST, self._length(row[place])) for row in self._table.rows)])
            for heading, place in zip(self.headings, places, strict=True)
        ]

    @staticmethod
    def _length(cell: Cell) -> int:
        return LEAST_BAR if cell.bar is not None else cell_len(_shown(cell.words))

    @property
    def _least(self) -> int:
        return sum(self._widths) + len(GAP) * (len(self._widths) - 1)

    def heading_line(self) -> Content:
        cells = [
            self._padded(Content.styled(heading, SOFT), at, column)
            for at, (heading, column) in enumerate(zip(self.headings, self._columns, strict=True))
        ]
        return Content(GAP).join(cells).rstrip()

    def row(self, row: Sequence[Cell], style: str) -> list[Content]:
        """Returns a row in its lines: a name that is too long before the others, notes after them."""
        cells = [row[place] for place in self._places]
        long = cell_len(_shown(cells[0].words)) > self._widths[0] >= WIDEST
        drawn = [
            self._padded(self._cell(cell, at, style), at, column)
            for at, (cell, column) in enumerate(zip(cells, self._columns, strict=True))
        ]
        lines = []
        if long:
            lines.append(self._name(cells[0], _shown(cells[0].text), style))
            drawn[0] = Content(" " * self._widths[0])
        lines.append(Content(GAP).join(drawn).rstrip())
        said = "; ".join(_shown(cell.note) for cell in row if cell.note)
        return lines + [Content.styled(line, SOFT) for line in _wrapped(said, self._width, INDENT)]

    def _cell(self, cell: Cell, at: int, style: str) -> Content:
        width, column = self._widths[at], self._columns[at]
        if cell.bar is not None:
            bar = cell.bar
            return interval_bar(bar.lower, bar.upper, bar.value, bar.threshold, ends=bar.scale, width=width)
        if cell.mark:
            return self._name(cell, _cut(_shown(cell.text), width - len(cell.mark) - 1), style)
        tone = STRONG if cell.tone else (SOFT if column.soft else "")
        return Content.styled(_cut(_shown(cell.text), width), style or tone)

    @staticmethod
    def _name(cell: Cell, text: str, style: str) -> Content:
        return Content.assemble((f"{cell.mark} " if cell.mark else "", STRONG), (text, style))

    def _padded(self, drawn: Content, at: int, column: Column) -> Content:
        room = Content(" " * (self._widths[at] - drawn.cell_length))
        return room + drawn if column.right else drawn + room


def _wrapped(text: str, width: int, indent: str, further: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, max(WIDEST, width), initial_indent=indent, subsequent_indent=indent if further is None else further
    )


def _cut(text: str, widest: int) -> str:
    return text if cell_len(text) <= widest else set_cell_size(text, widest - 1).rstrip() + "…"


def _shown(text: str) -> str:
    return visible(text, one_line=True)
