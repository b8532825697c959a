"""How commands write blocks; apart from `console`, which every command loads."""

from __future__ import annotations

from collections.abc import Iterable

from review.report.blocks import Block, Bullets, Figures, Heading, Paragraph, Preformatted, Section, Table
from tui.cli.console import print_table, say


def print_blocks(blocks: Iterable[Block]) -> None:
    """Writes blocks: tables without their bars, plots as what stands instead of them."""
    for place, block in enumerate(blocks):
        match block:
            case Heading():
                if place:
                    say()
                say(block.text)
            case Paragraph():
                say(block.text)
            case Bullets():
                for item in block.items:
                    say(f"  {item.about}: {item.text}" if item.about else f"  {item.text}")
                    for quote in item.quotes:
                        say(f"    {quote}")
            case Table():
                print_table(*block.in_words())
            case Figures():
                print_blocks(block.instead)
            case Preformatted():
                for line in block.text.splitlines():
                    say(f"    {line}")
            case Section():
                print_blocks(block.blocks)
