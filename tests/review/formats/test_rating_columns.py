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
    assert rating_columns.plain_json_lines(text.encode()) is None
    with pytest.raises(InputError, match="line 1"):
        read_rating_columns(write(tmp_path, text, "ratings.jsonl"))


@pytest.mark.parametrize("value", ["01", "1.", "-", '"a\x1fb"', '"a"b"', '"', "", "1, 2", "tru"])
def test_a_later_line_that_is_no_json_is_refused(value: str, tmp_path: Path) -> None:
    good = MENDED["r.jsonl"]
    text = good + good.splitlines()[0].replace("u1", "u9").replace("1}", f"{value}}}") + "\n"
    assert rating_columns.plain_json_lines(text.encode()) is None
    with pytest.raises(InputError, match="line 3"):
        read_rating_columns(write(tmp_path, text, "ratings.jsonl"))


cells = st.sampled_from(["a", " a", "b ", "", "1", "1.0", "ü", '"', ",", "\n", "a longer one", "é", "}", "0", "x" * 70])
numbers = st.sampled_from([0, 1, 7, 10, -1, 1.0, 2.5, True, None, 10**20])


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6), st.booleans())
@settings(max_examples=200, deadline=None)
def test_both_readers_of_csv_say_the_same(table: list[tuple[str, str, str]], quoting: bool) -> None:
    def written(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if quoting else cell

    rows_of_text = [",".join(map(written, row)) for row in [("unit", "annotator", "value"), *table]]
    same_or_refused("\n".join(rows_of_text), "r.csv")


@given(
    st.lists(st.tuples(cells | numbers, cells | numbers, cells | numbers), min_size=1, max_size=6),
    st.permutations(("unit", "annotator", "value")),
    st.sampled_from([(", ", ": "), (",", ":")]),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_both_readers_of_json_say_the_same(
    table: list[tuple[object, ...]], names: list[str], separators: tuple[str, str], ascii_only: bool
) -> None:
    lines = [
        json.dumps(dict(zip(names, row, strict=True)), separators=separators, ensure_ascii=ascii_only) for row in table
    ]
    same_or_refused("\n".join(lines), "r.jsonl")


MENDED = {
    "r.csv": "unit,annotator,value\nu1,a1,1\nu1,a2,2\nu2,a1,1\n",
    "r.jsonl": '{"unit": "u1", "annotator": "a1", "value": 1}\n{"unit": "u1", "annotator": "a2", "value": 12}\n',
}


@given(
    st.sampled_from([*MENDED]),
    st.lists(st.tuples(st.integers(0, 100), st.sampled_from([*'{},:"\\ \t\r\n\x01\x020123aé', ""])), max_size=4),
)
@settings(max_examples=500, deadline=None)
def test_a_file_with_something_wrong_is_never_read_as_another(name: str, changes: list[tuple[int, str]]) -> None:
    text = MENDED[name]
    for place, character in changes:
        text = text[: place % len(text)] + character + text[place % len(text) + 1 :]
    same_or_refused(text, name)


def same_or_refused(text: str, name: str) -> None:
    """What is read as columns is what is read line by line."""
    found = (
        rating_columns.plain_csv(text.encode())
        if name.endswith("csv")
        else rating_columns.plain_json_lines(text.encode())
    )
    if found is not None:
        assert rows(found) == ratings._line_by_line(Path(name), text)


def test_most_files_are_read_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rating_columns, "gathered", lambda parts: pytest.fail("cell by cell"))
    for name, text in MENDED.items():
        same_or_refused(text, name)
        same_or_refused(text.replace("u1", "a longer name of a unit, é").replace(", é", " é"), name)
    found = rating_columns.plain_csv(MENDED["r.csv"].encode())
    assert found is not None
    assert (list(found.units), found.units[-1], found.units[:1]) == (["u1", "u2"], "u2", ["u1"])


def test_numbers_name_the_first_text(tmp_path: Path) -> None:
    path = write(tmp_path, "unit,annotator,value\nu1,ann,1\nu1,ben,1.0\nu2,ann,good\nu3,ann,good\n")
    with pytest.raises(InputError, match=r"'good' \(unit u2, annotator ann\) isn't a number"):
        numbers_of(path, read_rating_columns(path))
