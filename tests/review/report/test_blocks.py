"""Blocks: the same words on the page, in Markdown and in a terminal, whatever the texts are."""

from __future__ import annotations

import html
import re

import pytest

from review.report.blocks import (
    Bar,
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Figures,
    Heading,
    Histogram,
    Item,
    Paragraph,
    Preformatted,
    Section,
    bullets,
    lowered,
    paragraphs,
    table,
)
from review.report.markdown import markdown
from review.report.page import page
from tui.cli.console_blocks import print_blocks

HOSTILE = '<script>alert("x")</script>\x1b[31m\u202e|`*_[x](http://evil.example)'
SHOWN = '<script>alert("x")</script>␛[31m‹U+202E›|`*_[x](http://evil.example)'


def every_kind(text: str) -> list[Block]:
    cell = Cell(f"cell {text}", "✓", f"note {text}", Bar(0.1, 0.9, 0.5, 0.7), section="part", tone="ship")
    return [
        Heading(f"heading {text}", 2),
        Paragraph(f"plain {text}"),
        Paragraph(f"strong {text}", "strong"),
        Bullets((Item(f"item {text}", f"about {text}", (f"quote {text}",)),)),
        table([Column(f"column {text}"), Column(bars=True)], [[cell, Cell(bar=Bar(0, 1))]]),
        Figures((Figure(f"figure {text}", Histogram(text, ((text, 0.5),))),), (Paragraph(f"instead {text}"),)),
        Preformatted(f"code {text}"),
        Section("part", (Paragraph(f"inside {text}"),)),
    ]


SAID = ("heading", "plain", "strong", "item", "about", "quote", "column", "cell", "note", "code", "inside")


def test_a_page_says_all_of_it_and_nothing_in_it_is_markup() -> None:
    drawn = page(f"title {HOSTILE}", every_kind(HOSTILE))
    assert "<script" not in drawn
    assert "\x1b" not in drawn
    assert "\u202e" not in drawn
    for word in ("title", *SAID, "figure"):
        assert f"{word} {SHOWN}" in html.unescape(drawn), word
    assert "instead" not in drawn
    assert drawn.count("<svg") == 3
    assert '<a href="#part">' in drawn
    assert '<section class="dataset" id="part">' in drawn


def test_markdown_says_all_of_it_and_nothing_in_it_is_markup() -> None:
    drawn = markdown(every_kind(HOSTILE))
    assert "\x1b" not in drawn
    assert "\\<script" in drawn
    assert not re.search(r"(?<!\\)<script", drawn.replace("    code " + SHOWN, ""))
    for word in (*SAID, "instead"):
        assert f"{word} {SHOWN}" in drawn.replace("\\", ""), word


def test_a_terminal_says_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_blocks(every_kind(HOSTILE))
    drawn = capsys.readouterr().out
    assert "\x1b" not in drawn
    for word in (*SAID, "instead"):
        assert f"{word} {SHOWN}" in drawn, word


def test_a_table_in_words_has_no_bars_and_its_notes_last() -> None:
    bar = Cell(bar=Bar(0, 1))
    found = table(["name", Column(bars=True)], [[Cell("a", "✓", "why"), bar], ["b", bar]])
    assert found.in_words() == (["name", "note"], [["✓ a", "why"], ["b", ""]])
    plain = table(["name", Column(bars=True)], [["a", bar]])
    assert plain.in_words() == (["name"], [["a"]])


def test_a_bar_has_room_around_what_it_shows() -> None:
    assert Bar(0.2, 0.4, threshold=0.6).scale == pytest.approx((0.14, 0.66))
    assert Bar(0.5, 0.5).scale == pytest.approx((0.35, 0.65))
    assert Bar(0.2, 0.4, ends=(0, 1)).scale == (0, 1)
    assert Bar(0.2, 0.4, threshold=0.6).words == "from 0.200 to 0.400, threshold 0.6"


def test_what_is_empty_is_no_block() -> None:
    assert bullets([]) == []
    assert paragraphs(["", "said", ""]) == [Paragraph("said")]
    assert [*lowered([Heading("a", 2), Paragraph("b")], 1)] == [Heading("a", 3), Paragraph("b")]
