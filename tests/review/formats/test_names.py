from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.formats.names import LONGEST, safe_name, safe_names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("survival-instinct", "survival-instinct"),
        ("v1.2", "v1.2"),
        ("my data (1)", "my-data--1"),
        ("..hidden", "hidden"),
        ("-rf", "rf"),
        ("../x", "x"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c:d", "a-b-c-d"),
        ("", "dataset"),
        ("....", "dataset"),
        ("CON", "dataset-CON"),
        ("nul.tar", "dataset-nul.tar"),
        ("COM¹", "dataset-COM¹"),
        ("console", "console"),
        ("\x1b[31mred", "31mred"),
        ("a\u202eb", "a-b"),
        ("ho\u0308flich", "höflich"),
        ("x" * 300, "x" * 60),
        ("=SUM(A1)", "SUM-A1"),
        ("trailing. ", "trailing"),
    ],
)
def test_safe_names(text: str, name: str) -> None:
    assert safe_name(text) == name


@given(st.text())
def test_any_text_makes_one_plain_part_of_a_path(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name) <= LONGEST
    assert len(f"{name}.partial.jsonl".encode()) < 255
    assert all(character.isalnum() or character in "-_." for character in name)
    assert name[0] not in ".-"
    assert name[-1] not in ".-"
    assert safe_name(name) == name


def test_no_two_are_alike() -> None:
    assert safe_names(["a/b", "a b", "A-B", "c"]) == ["a-b", "a-b-2", "A-B-3", "c"]
    assert safe_names(["x" * 300, "x" * 299]) == ["x" * 60, f"{'x' * 58}-2"]
    assert safe_names(["a", "a-2", "a"]) == ["a", "a-2", "a-3"]
