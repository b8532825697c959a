"""Blocks as Markdown, in which no text is markup; plots are told by what stands instead of them."""

from __future__ import annotations

from collections.abc import Iterable

from review.report.blocks import Block, Bullets, Figures, Heading, Item, Paragraph, Preformatted, Section, Table
from review.report.document import report_blocks
from review.report.model import Report
from review.text.markdown import bullets, indented, shown, table


def to_markdown(report: Report) -> str:
    """Returns a report as Markdown."""
    return markdown(report_blocks(report))


def markdown(blocks: Iterable[Block]) -> str:
    """Returns blocks as Markdown."""
    return "\n".join(line for block in blocks for line in _lines(block)).rstrip() + "\n"


def _lines(block: Block) -> list[str]:
    """Returns the lines of a block, and a blank one."""
    match block:
        case Heading():
            lines = [f"{'#' * block.level} {shown(block.text)}", ""]
        case Paragraph():
            words = shown(block.text)
            lines = [words if block.tone in {"", "soft"} else f"**{words}**", ""]
        case Bullets():
            lines = bullets(map(_item, block.items))
        case Table():
            lines = table(*block.in_words())
        case Figures():
            lines = [line for part in block.instead for line in _lines(part)]
        case Preformatted():
            lines = [*indented(block.text), ""]
        case Section():
            lines = [line for part in block.blocks for line in _lines(part)]
    return lines


def _item(item: Item) -> str:
    said = f"{item.about}: {item.text}" if item.about else item.text
    return f"{said} On: {'; '.join(item.quotes)}" if item.quotes else said
