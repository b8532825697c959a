"""Blocks as one self-contained HTML page: nothing is fetched, and every text is escaped, by type.

A text becomes part of the page only through an element of htpy, which escapes whatever isn't markup already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources

import htpy as h
from markupsafe import Markup

from db.visible import visible
from review.agreement import Course
from review.report import svg
from review.report.blocks import (
    Block,
    Bullets,
    Cell,
    Figure,
    Figures,
    Heading,
    Histogram,
    Item,
    Paragraph,
    Plotted,
    Preformatted,
    Section,
    Table,
)
from review.report.document import report_blocks, title_of
from review.report.model import Report
from review.stats.calibration import Calibration

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The page's own promise that it fetches nothing and runs nothing."""

HEADINGS = {1: h.h1, 2: h.h2, 3: h.h3, 4: h.h4}


def to_html(report: Report) -> str:
    """Returns a report as a page."""
    return page(f"{title_of(report)} – evalwright report", report_blocks(report))


def page(title: str, blocks: Iterable[Block]) -> str:
    """Returns blocks as a page of that title."""
    style = resources.files("review.report").joinpath("style.css").read_text(encoding="utf-8")
    head = h.head[
        h.meta(charset="utf-8"),
        h.meta({"http-equiv": "Content-Security-Policy"}, content=POLICY),
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.link(rel="icon", href="data:,"),
        h.title[visible(title)],
        h.style[Markup(style)],
    ]
    return f"{h.html(lang='en')[head, h.body[map(_block, blocks)]]}\n"


def _block(block: Block) -> h.Node:
    drawn: h.Node
    match block:
        case Heading():
            drawn = HEADINGS[block.level][visible(block.text)]
        case Paragraph():
            drawn = h.p(class_=block.tone or None)[visible(block.text)]
        case Bullets():
            drawn = h.ul[map(_item, block.items)]
        case Table():
            drawn = _table(block)
        case Figures():
            drawn = h.div(".plots")[map(_figure, block.figures)] if block.figures else map(_block, block.instead)
        case Preformatted():
            drawn = h.pre[visible(block.text)]
        case Section():
            drawn = h.section(".dataset", id=block.name)[map(_block, block.blocks)]
    return drawn


def _item(item: Item) -> h.Element:
    about = (h.strong[visible(f"{item.about}:")], " ") if item.about else None
    return h.li[about, h.span(".said")[visible(item.text)], [h.blockquote[visible(quote)] for quote in item.quotes]]


def _table(table: Table) -> h.Element:
    """Returns a table; on a phone, where a row is a block, each cell says what it is."""
    headings = [visible(column.heading) for column in table.columns]
    head = h.thead[h.tr[(h.th[heading] for heading in headings)]]
    rows = (
        h.tr[
            h.th(".name", scope="row")[_cell(row[0])],
            (h.td(data_label=heading)[_cell(cell)] for heading, cell in zip(headings[1:], row[1:], strict=True)),
        ]
        for row in table.rows
    )
    return h.div(".wide")[h.table[head, h.tbody[rows]]]


def _cell(cell: Cell) -> Iterator[h.Node]:
    words = visible(cell.words)
    if cell.section:
        yield h.a(href=f"#{cell.section}")[words]
    elif cell.tone:
        yield h.span(class_=cell.tone)[words]
    else:
        yield words
    if cell.bar is not None:
        yield svg.interval_bar(cell.bar)
    if cell.note:
        yield h.span(".soft")[visible(cell.note)]


def _figure(figure: Figure) -> h.Element:
    return h.figure[h.h4[visible(figure.title)], _plot(figure.of)]


def _plot(of: Plotted) -> h.Node:
    match of:
        case Histogram():
            return svg.histogram(of)
        case Calibration():
            return svg.calibration_plot(of)
        case Course():
            return svg.course_plot(of)
