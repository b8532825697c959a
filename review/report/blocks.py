"""A document as blocks: each thing is said once, and drawn as a page, as Markdown, in a terminal and on screen.

Texts in blocks are plain and may be hostile: whoever draws them escapes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from review.agreement import Course
from review.stats.calibration import Calibration

MARGIN = 0.15
"""How much room a bar leaves beyond what it shows, as a share of that."""


@dataclass(frozen=True)
class Bar:
    """An interval on a scale, with its estimate and what one of its ends must reach.

    Attributes:
        lower: Lower end; `upper`, `value` and `threshold` are on the same scale.
        ends: The ends of the scale; None for a scale with a little room around what is shown.
    """

    lower: float
    upper: float
    value: float | None = None
    threshold: float | None = None
    ends: tuple[float, float] | None = None

    @property
    def scale(self) -> tuple[float, float]:
        """The ends of the scale."""
        if self.ends is not None:
            return self.ends
        shown = [self.lower, self.upper, *([] if self.threshold is None else [self.threshold])]
        room = MARGIN * (max(shown) - min(shown)) or MARGIN
        return min(shown) - room, max(shown) + room

    @property
    def words(self) -> str:
        """What it shows, in words."""
        asked = "" if self.threshold is None else f", threshold {self.threshold:g}"
        return f"from {self.lower:.3f} to {self.upper:.3f}{asked}"


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        mark: A sign before the text.
        note: What else there is to say of it, beneath it or in a column of its own.
        section: The name of a section of the same document that it leads to.
        tone: What it amounts to: a verdict, or nothing.
    """

    text: str = ""
    mark: str = ""
    note: str = ""
    bar: Bar | None = None
    section: str = ""
    tone: str = ""

    @property
    def words(self) -> str:
        """Mark and text."""
        return f"{self.mark} {self.text}" if self.mark else self.text


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        short: Its heading where there is little room.
        right: Whether its cells end at the same place, as numbers do.
        soft: Whether it stands back behind the others.
        spare: From 1, how soon it is left out where there is too little room: the highest first. 0 for never.
        bars: Whether it holds bars; where none can be drawn it is left out.
    """

    heading: str = ""
    short: str = ""
    right: bool = False
    soft: bool = False
    spare: int = 0
    bars: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading; 1 is the document's."""

    text: str
    level: int = 3


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of text.

    Attributes:
        tone: `soft` for what stands back, `strong` for what must be read, or a verdict.
    """

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Item:
    """An item of a list: what it is about, what is said of it, and texts that are quoted."""

    text: str
    about: str = ""
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bullets:
    """A list of items."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Table:
    """A table, the first cell of each row its name."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def in_words(self) -> tuple[list[str], list[list[str]]]:
        """Returns headings and rows of words: without bars, notes in a last column."""
        shown = [place for place, column in enumerate(self.columns) if not column.bars]
        headings = [self.columns[place].heading for place in shown]
        rows = [[row[place].words for place in shown] for row in self.rows]
        notes = ["; ".join(cell.note for cell in row if cell.note) for row in self.rows]
        if any(notes):
            headings.append("note")
            rows = [[*row, note] for row, note in zip(rows, notes, strict=True)]
        return headings, rows


@dataclass(frozen=True)
class Histogram:
    """The share of each class, in order."""

    name: str
    shares: tuple[tuple[str, float], ...]


Plotted = Histogram | Calibration | Course


@dataclass(frozen=True)
class Figure:
    """A plot."""

    title: str
    of: Plotted


@dataclass(frozen=True)
class Figures:
    """Plots side by side, and what says the same where none can be drawn."""

    figures: tuple[Figure, ...]
    instead: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Preformatted:
    """Text whose lines stay as they are."""

    text: str


@dataclass(frozen=True)
class Section:
    """Blocks that belong together, under a name that links lead to."""

    name: str
    blocks: tuple[Block, ...]


Block = Heading | Paragraph | Bullets | Table | Figures | Preformatted | Section


def bullets(sentences: Iterable[str]) -> list[Block]:
    """Returns sentences as a list; nothing for none."""
    items = tuple(Item(sentence) for sentence in sentences)
    return [Bullets(items)] if items else []


def paragraphs(sentences: Iterable[str], tone: str = "") -> list[Block]:
    """Returns sentences that aren't empty, a paragraph each."""
    return [Paragraph(sentence, tone) for sentence in sentences if sentence]


def table(headings: Sequence[str | Column], rows: Iterable[Sequence[str | Cell]]) -> Table:
    """Returns a table; a heading or a cell that is only a text may be given as one."""
    return Table(
        tuple(Column(heading) if isinstance(heading, str) else heading for heading in headings),
        tuple(tuple(Cell(cell) if isinstance(cell, str) else cell for cell in row) for row in rows),
    )


def lowered(blocks: Iterable[Block], by: int) -> Iterator[Block]:
    """Yields blocks with their headings so many levels further down."""
    for block in blocks:
        yield Heading(block.text, block.level + by) if isinstance(block, Heading) else block
