"""Evidence in lines, each of its columns apart from the next."""

from __future__ import annotations

import re

import pytest

from review.evidence import Evidence
from review.gate import Decision
from tui.widgets.evidence_lines import evidence_lines


def line(name: str, width: int) -> str:
    piece = Evidence(name, "", "share", "", 1200, None, None, None, 0.05, True, False, None, "none")
    return evidence_lines(Decision("bees", "ship", False, (piece,), (), "default", 1, None, None), width).plain


@pytest.mark.parametrize("width", [76, 120])
@pytest.mark.parametrize("name", ["near_duplicate_share", "shares_of_duplicates2", "label agreement of all that ships"])
def test_name_and_value_are_apart(name: str, width: int) -> None:
    shown = line(name, width)
    assert re.search(rf"{name.replace('_', ' ')}(  +|\s*\n\s+)undefined", shown)
    assert max(len(part) for part in shown.splitlines()) <= width
