"""Files that the fuzzer, or somebody with bad intent, has written: one sentence each, at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from db.errors import InputError
from db.store.connection import Connection
from review.agreement.imported_ratings import attach_ratings
from review.formats.example import write_row
from review.formats.inspect_samples import number_of, row_of_id
from review.formats.ratings import read_ratings
from review.formats.registry import sources
from review.formats.yaml_text import load_yaml
from tests.support.workspaces import make_dataset, persona_row

TOO_LONG = "9" * 5000
"""More digits than Python reads as a number, by default."""

BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 9)}]\n" for n in range(30))
"""Thirty lines that stand for 9 to the 30th values."""


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        [list(source.examples()) for source in sources(path)]
    assert path.name in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["!!int ''", "!!float ''", "!!bool x", "!!timestamp x", "2026-13-40", f"!!int {TOO_LONG}", "? [a]\n: b", "!x [a]",
     "[" * 2000, BOMB, "a: &a [*a]", "a: &a {x: 1}\nb: {<<: *a}"],
)  # fmt: skip
def test_yaml_that_cant_be_read_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"isn't plain YAML|nested too deeply"):
        load_yaml(text)


@pytest.mark.parametrize("pattern", ['""', '"a\\0b"', '"data/**x"', "[[a]]", "5", "null", '"' + "x" * 5000 + '"'])
def test_data_files_of_a_card_that_cant_be_any(tmp_path: Path, pattern: str) -> None:
    configs = f"configs:\n- config_name: x\n  data_files: {pattern}\n"
    (tmp_path / "README.md").write_text(f"---\n{configs}---\n")
    with pytest.raises(InputError, match=r"README.md names"):
        sources(tmp_path)


def test_a_name_in_a_card_that_is_no_text_is_not_the_datasets(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(persona_row(1)))
    (tmp_path / "README.md").write_text("---\nconfigs:\n- config_name: [[x]]\n  data_files: a.jsonl\n---\n")
    assert [source.name for source in sources(tmp_path)] == [tmp_path.name]


@pytest.mark.parametrize("file", ['"a\\0b"', "../x", "[x]"])
def test_a_task_whose_file_cant_be_one(tmp_path: Path, file: str) -> None:
    path = tmp_path / "task.yaml"
    path.write_text(f"custom_dataset: !function utils.load\ndataset_kwargs:\n  file: {file}\n")
    assert "names no file beside it" in refusal(path)


def test_a_croissant_file_whose_name_cant_be_one(tmp_path: Path) -> None:
    path = tmp_path / "croissant.json"
    entry = {"encodingFormat": "application/jsonlines", "contentUrl": "a\0b"}
    path.write_text(json.dumps({"@context": {}, "distribution": [entry]}))
    assert "can't be the name of a file" in refusal(path)


@pytest.mark.parametrize(
    ("classes", "index", "what"),
    [
        ("{[]: 1}", "0", "a list of texts"),
        ("(" * 500, "0", "a list of texts"),
        ("[' Yes', ' No']", TOO_LONG, "a number from 0"),
        ("[' Yes', ' No']", "2", "one of the 2 answers"),
        ("[' Yes', '\\\\ud800']".replace("\\\\", "\\"), "0", "half a surrogate pair"),
    ],
)
def test_inverse_scaling_that_isnt(tmp_path: Path, classes: str, index: str, what: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f'prompt,classes,answer_index\nTea?,"{classes}",{index}\n')
    assert what in refusal(path)
    assert "line 2" in refusal(path)


def test_what_python_strips_but_doesnt_read_as_a_space_in_numbers(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("prompt,classes,answer_index\nTea?,\"[' Yes', ' No']\",1\x1d\n")
    ((_, example),) = sources(path)[0].examples()
    assert example.intended == " No"


def test_a_sample_with_more_choices_than_letters_is_anothers_sample(tmp_path: Path) -> None:
    """Its metadata is a published row that no sample is written of."""
    many = [f" {number}" for number in range(30)]
    row: dict[str, Any] = {"question": "Which?", "answer_matching_behavior": many[-1]}
    sample = {"input": "Which?", "choices": ["a", "b"], "target": "A"}
    path = tmp_path / "samples.jsonl"
    path.write_text(json.dumps({**sample, "metadata": row | {"answer_not_matching_behavior": many[:-1]}}))
    ((_, example),) = sources(path)[0].examples()
    assert example.intended == " (A)"
    assert write_row(example)["metadata"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("[" * 5000, "nested too deeply"),
        (f'{{"unit": {TOO_LONG}}}', "isn't JSON"),
        ('{"unit": "\\ud800", "annotator": "a", "value": 1}', "half a surrogate pair"),
        ('{"unit": "a", "annotator": "a", "value": "\\udfff"}', "half a surrogate pair"),
    ],
)
def test_ratings_that_cant_be_kept_are_refused_by_line(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "ratings.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(InputError, match=f"line 2: .*{what}"):
        read_ratings(path)


def test_ids_with_too_many_digits_are_no_examples(connection: Connection, tmp_path: Path) -> None:
    assert (row_of_id("x", f"x-{TOO_LONG}"), number_of(TOO_LONG)) == (None, None)
    assert (row_of_id("x", "x-7"), row_of_id("x", "x-0"), row_of_id("y", "x-7"), number_of("7")) == (7, None, None, 7)
    dataset = make_dataset(connection, 3)
    path = tmp_path / "ratings.csv"
    path.write_text(f"unit,annotator,value\n1,Ada,3\n{TOO_LONG},Ada,3\nbeekeeping-{TOO_LONG},Ada,4\n")
    attached = attach_ratings(connection, dataset, path)
    assert (attached.added, len(attached.strangers)) == (1, 2)
