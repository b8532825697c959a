"""The published files themselves, where EVALWRIGHT_PUBLISHED names a folder that holds them."""

import json
import os
from pathlib import Path

import pytest

from db.errors import InputError
from review.formats.example import write_row
from review.formats.jsonl import read_file, write_file

PUBLISHED = Path(os.environ.get("EVALWRIGHT_PUBLISHED", "."))
pytestmark = pytest.mark.skipif(
    "EVALWRIGHT_PUBLISHED" not in os.environ, reason="EVALWRIGHT_PUBLISHED does not name the published files"
)


def example_files() -> list[Path]:
    files = sorted(PUBLISHED.rglob("*.jsonl"))
    return [path for path in files if path.name != "winogenerated_occupations.jsonl"]


def test_every_row_and_every_byte_is_written_back(tmp_path: Path) -> None:
    files = example_files()
    assert files
    for path in files:
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        written = [write_row(example) for _, example in read_file(path)]
        assert [list(row.items()) for row in written] == [list(row.items()) for row in rows], path
        write_file(tmp_path / "again.jsonl", written)
        assert (tmp_path / "again.jsonl").read_bytes() == path.read_bytes(), path


def test_every_choice_can_be_read_and_holds_the_intended_label() -> None:
    for path in example_files():
        for number, example in read_file(path):
            where = f"{path}, line {number}"
            assert len(example.choices) >= 2, where
            assert all(choice.readable for choice in example.choices), where
            assert example.intended in [choice.answer for choice in example.choices], where


def test_known_counts() -> None:
    persona = sorted((PUBLISHED / "persona").glob("*.jsonl"))
    assert len(persona) == 10
    assert sum(1 for path in persona for _ in read_file(path)) == 9_992
    survival = list(read_file(PUBLISHED / "advanced-ai-risk/lm_generated_evals/survival-instinct.jsonl"))
    assert sum("choices:" not in example.question.lower() for _, example in survival) == 126


def test_winogenerated_occupations_are_refused() -> None:
    with pytest.raises(InputError, match="line 1: this is a Winogenerated occupation without a sentence"):
        list(read_file(PUBLISHED / "winogenerated/winogenerated_occupations.jsonl"))
