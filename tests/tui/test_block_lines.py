"""Blocks on screens: within their width, each column apart from the next, what can't be shown left out in order."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from review.gate.decision import Decision
from review.gate.evidence import Evidence
from review.report.blocks import Bar, Block, Bullets, Cell, Column, Heading, Item, Paragraph, table
from review.report.decision import evidence_table
from tui.widgets.block_lines import block_lines, table_lines

WIDE = (
    "name",
    Column("raw agreement", "agree", right=True),
    Column(bars=True),
    Column("first to go", spare=2),
    Column("next to go", spare=1),
)


def drawn(width: int, *, name: str = "Ada", note: str = "", chosen: int | None = None) -> list[str]:
    bar = Bar(0.2, 0.8, 0.5, 0.7)
    rows: list[list[str | Cell]] = [[Cell(name, note=note), "0.5", Cell(bar=bar), "first", "next"]]
    return table_lines(table(WIDE, rows), width, chosen).plain.split("\n")


@pytest.mark.parametrize("width", [76, 120])
@pytest.mark.parametrize("name", ["near_duplicate_share", "shares_of_duplicates2", "label agreement of all that ships"])
def test_name_and_value_are_apart(name: str, width: int) -> None:
    piece = Evidence(name, "", "share", "", 1200, None, None, None, 0.05, True, False, None, "none")
    shown = table_lines(
        evidence_table(Decision("bees", "ship", False, (piece,), (), "default", 1, None, None)), width
    ).plain
    assert re.search(rf"{name.replace('_', ' ')}(  +|\s*\n\s+)undefined", shown)
    assert max(len(part) for part in shown.splitlines()) <= width


def test_where_there_is_less_room_headings_are_short_and_columns_go_in_their_order() -> None:
    seen = [drawn(width)[0].split("  ") for width in (80, 50, 40, 24)]
    kept = [[heading.strip() for heading in headings if heading.strip()] for headings in seen]
    assert kept == [
        ["name", "raw agreement", "first to go", "next to go"],
        ["name", "agree", "first to go", "next to go"],
        ["name", "agree", "next to go"],
        ["name", "agree"],
    ]
    for width in (80, 50, 40, 24):
        assert max(map(cell_len, drawn(width))) <= width


def test_a_bar_takes_the_room_that_is_left() -> None:
    assert [sum(character in "━●┃·" for character in drawn(width)[1]) for width in (54, 70, 200)] == [8, 24, 48]


def test_a_note_stands_beneath_its_row() -> None:
    _, row, *notes = drawn(40, note="why it is so " * 6)
    assert row.startswith("Ada ")
    assert len(notes) > 1
    assert all(line.startswith("    why it") or line.startswith("    ") for line in notes)
    assert max(map(cell_len, notes)) <= 40


def test_hostile_and_wide_names_keep_the_columns() -> None:
    for name in ("\x1b[31m\u202e[/b]", "蜂" * 30, "a" * 30, ""):
        lines = drawn(80, name=name)
        assert "\x1b" not in "".join(lines)
        assert lines[-1].split()[-2:] == ["first", "next"]
        assert max(map(cell_len, lines)) <= 80


def test_the_chosen_row_is_marked_without_colour() -> None:
    assert [line[:5] for line in drawn(80, chosen=0)] == ["  nam", "▌ Ada"]


def test_what_is_empty_throughout_takes_no_column() -> None:
    lines = table_lines(table(["a", Column(), "b"], [["1", "", "2"]]), 80).plain.split("\n")
    assert lines == ["a  b", "1  2"]


def test_paragraphs_and_lists_are_wrapped_and_tables_stand_apart() -> None:
    blocks: list[Block] = [
        Heading("Evidence"),
        Paragraph("must be read " * 5, "strong"),
        Bullets((Item("said " * 20, "! Ada", ("quoted\x1b " * 20,)),)),
        table(["a"], [["b"]]),
    ]
    lines = block_lines(blocks, 40).plain.split("\n")
    assert lines[0] == "Evidence"
    assert lines[1].startswith("! must be read")
    assert any(line.startswith("! Ada: said") for line in lines)
    assert any(line.startswith("    quoted␛") and line.endswith("…") for line in lines)
    assert lines[-3:] == ["", "a", "b"]
    assert max(map(cell_len, lines)) <= 40
