from __future__ import annotations

from pathlib import Path

import pytest

from db.errors import InputError
from review.formats.ratings import RatedValue, as_numbers, read_ratings


def write(folder: Path, text: str | bytes, name: str = "ratings.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_may_stand_in_any_order_beside_others(tmp_path: Path) -> None:
    path = write(tmp_path, "when,value,annotator,unit\nmonday,yes,ann,u1\n")
    assert read_ratings(path) == [RatedValue("u1", "ann", "yes")]


def test_an_empty_value_is_missing_and_no_category(tmp_path: Path) -> None:
    path = write(tmp_path, "unit,annotator,value\nu1,ann,yes\nu1,ben,\nu2,ben, \n")
    assert read_ratings(path) == [RatedValue("u1", "ann", "yes")]


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_taken(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbfunit,annotator,value\r\nu1,ann,yes\r\n\r\nu1,ben,no\r\n")
    assert [row.value for row in read_ratings(path)] == ["yes", "no"]


def test_quoted_cells_may_hold_commas_and_line_breaks(tmp_path: Path) -> None:
    path = write(tmp_path, 'unit,annotator,value\n"u,1",ann,"one\ntwo"\n')
    assert read_ratings(path) == [RatedValue("u,1", "ann", "one\ntwo")]


def test_jsonl_takes_numbers_texts_and_null(tmp_path: Path) -> None:
    lines = '{"unit": 1, "annotator": "a", "value": 3}\n{"unit": 1, "annotator": "b", "value": null}\n'
    assert read_ratings(write(tmp_path, lines, "ratings.jsonl")) == [RatedValue("1", "a", "3")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("u1,ann,yes\nu2,ann,no\n", "line 1: the header needs"),
        ("unit,annotator\nu1,ann\n", "value is missing"),
        ("", "the header needs"),
        ("unit,annotator,value\n", "no ratings below its header"),
        (
            "unit,annotator,value\nu1,ann,yes\nu2,ann,no\nu1,ann,no\n",
            "line 4: annotator ann rates unit u1 again, after line 2",
        ),
        ("unit,value,annotator,value\nu1,yes,ann,no\n", "line 1: the header has the column value twice"),
        ("unit,annotator,value\nu1,ann\n", "line 2: 2 cells where the header has 3"),
        ("unit,annotator,value\n,ann,yes\n", "line 2: the unit is empty"),
        ("unit,annotator,value\nu1,,yes\n", "line 2: the annotator is empty"),
        ('unit,annotator,value\n"u1,ann,yes\n', "isn't CSV"),
        (b"unit,annotator,value\nu\xff1,ann,yes\n", "isn't UTF-8 text (byte 22)"),
    ],
)
def test_what_is_wrong_is_told_by_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(InputError, match=r"ratings\.csv") as error:
        read_ratings(write(tmp_path, text))
    assert told in str(error.value)


@pytest.mark.parametrize(
    "line",
    [
        "[1, 2]",
        "{",
        '{"unit": 1}',
        '{"unit": [1], "annotator": "a", "value": 1}',
        '{"unit": 2, "annotator": "a", "value": NaN}',
    ],
)
def test_a_broken_line_of_json_is_told_by_number(tmp_path: Path, line: str) -> None:
    good = '{"unit": 1, "annotator": "a", "value": 3}\n'
    with pytest.raises(InputError, match="line 2"):
        read_ratings(write(tmp_path, good + line + "\n", "ratings.jsonl"))


def test_in_json_one_is_one_and_a_line_separator_ends_no_line(tmp_path: Path) -> None:
    lines = '{"unit": "a\u2028b", "annotator": "a", "value": 1}\r\n{"unit": 2, "annotator": "a", "value": 1.0}\r\n'
    found = read_ratings(write(tmp_path, "\ufeff" + lines, "ratings.jsonl"))
    assert [(row.unit, row.value) for row in found] == [("a\u2028b", "1"), ("2", "1")]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        read_ratings(tmp_path / "absent.csv")


def test_numbers_are_read_and_texts_refused() -> None:
    path = Path("ratings.csv")
    assert as_numbers(path, [RatedValue("u", "a", "2"), RatedValue("u", "b", "2.5")]) == [2.0, 2.5]
    for value in ("good", "nan", "inf"):
        with pytest.raises(InputError, match="only --level nominal takes texts"):
            as_numbers(path, [RatedValue("u", "a", value)])
