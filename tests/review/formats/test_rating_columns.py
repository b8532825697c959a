"""A plain ratings file read as columns says what it says line by line; what isn't plain is read line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.errors import InputError
from review.formats import rating_columns, ratings
from review.formats.rating_columns import RatingColumns
from review.formats.ratings import RatedValue, numbers_of, read_rating_columns, read_ratings


def rows(found: RatingColumns) -> list[RatedValue]:
    names = (found.units, found.annotators, found.values)
    return [
        RatedValue(*(known[place] for known, place in zip(names, column, strict=True)))
        for column in found.numbers.T.tolist()
    ]


def write(folder: Path, text: str, name: str = "ratings.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


PLAIN = {
    "ratings.csv": "annotator,unit,value,when\r\n ann,u1, yes,x\r\n\r\nben ,u1,,x\r\nann, u2,no,x\r\n",
    "quoted.csv": 'unit,annotator,value\n"u,1",ann,"one\ntwo"\n',
    "ratings.jsonl": '{"unit": 1, "annotator": "a", "value": 3}\n\n{"unit": "1", "annotator": " b", "value": ""}\r\n',
}
ODD = {
    "blank.csv": "unit,annotator,value\nu1,ann,yes\n,,\nu1,ben,no\n",
    "float.jsonl": '{"unit": 1, "annotator": "a", "value": 3.0}\n{"unit": 1, "annotator": "b", "value": 3}\n',
    "more.jsonl": '{"unit": 1, "annotator": "a", "value": 3, "when": "x"}\n',
    "inspect.jsonl": '{"id": 1, "epoch": 1, "value": 3}\n',
    "word.jsonl": '{"unit": "value", "annotator": "\\"unit\\"", "value": true}\n',
}


@pytest.mark.parametrize("name", [*PLAIN, *ODD])
def test_as_line_by_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, (PLAIN | ODD)[name], name)
    expected = read_ratings(path)
    asked: list[Path] = []
    line_by_line = ratings._line_by_line

    def noted(path: Path, text: str) -> list[RatedValue]:
        asked.append(path)
        return line_by_line(path, text)

    monkeypatch.setattr(ratings, "_line_by_line", noted)
    found = read_rating_columns(path)
    assert rows(found) == expected
    assert set(found.units) == {one.unit for one in expected}
    assert set(found.values) == {one.value for one in expected}
    assert bool(asked) == (name in ODD)


@pytest.mark.parametrize(
    "text",
    [
        "unit,annotator,value\nu1,ann,yes\nu1,ann,no\n",
        "unit,annotator,value\nu1,ann\n",
        "unit,annotator,value\n,ann,yes\n",
        "unit,annotator\nu1,ann\n",
        "unit,annotator,value\n",
        'unit,annotator,value\n"u1,ann,yes\n',
    ],
)
def test_what_is_wrong_is_told_as_ever(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as expected:
        read_ratings(path)
    with pytest.raises(InputError) as found:
        read_rating_columns(path)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"unit": 1, "annotator": "a", "value": 3}, {"unit": 2, "annotator": "a", "value": 3}\n',
        '{"unit": "}\n{", "annotator": "a", "value": 3}\n{"unit":1,"annotator":2,"value":3},{}\n',
        '{"unit": 1, "annotator": "a", "value": NaN}\n',
        '{"unit": "\\ud800", "annotator": "a", "value": 1}\n',
        "[1, 2, 3]\n",
    ],
)
def test_json_that_only_looks_plain_is_refused(text: str, tmp_path: Path) -> None:
    assert rating_columns.plain_json_lines(text) is None
    with pytest.raises(InputError, match="line 1"):
        read_rating_columns(write(tmp_path, text, "ratings.jsonl"))


cells = st.sampled_from(["a", " a", "b ", "", "1", "1.0", "ü", '"', ",", "\n"])


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6), st.booleans())
@settings(max_examples=200, deadline=None)
def test_both_readers_say_the_same(table: list[tuple[str, str, str]], as_json: bool) -> None:
    names = ("unit", "annotator", "value")
    if as_json:
        text = "\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in table)
        found = rating_columns.plain_json_lines(text)
    else:
        quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
        text = "\n".join([",".join(names), *quoted])
        found = rating_columns.plain_csv(text)
    if found is not None:
        assert rows(found) == ratings._line_by_line(Path("r.jsonl" if as_json else "r.csv"), text)


def test_numbers_name_the_first_text(tmp_path: Path) -> None:
    path = write(tmp_path, "unit,annotator,value\nu1,ann,1\nu1,ben,1.0\nu2,ann,good\nu3,ann,good\n")
    with pytest.raises(InputError, match=r"'good' \(unit u2, annotator ann\) isn't a number"):
        numbers_of(path, read_rating_columns(path))
