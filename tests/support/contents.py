"""Datasets as formats write them: one of each kind, with texts that are hostile to CSV, YAML and Python."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from review.formats.example import read_row
from review.formats.format import About, Contents
from review.formats.names import safe_name
from review.formats.registry import sources
from tests.support.workspaces import persona_row

HOSTILE = (
    "plain",
    "a \"b\" 'c' \\ {{question}} {% raw %} !function x",
    "=1+1, \r\n---\n- x: [y",
    "\u2028\x85\x1b[31m\x7f bees 🐝 höflich\t",
    "'''\"\"\"\n#; --",
)
ABOUT = About(
    "Bees: all of them\u2028", card="# Bees\n", canary="CANARY 1", rai={"dataBiases": ["many bees", "no wasps"]}
)


WHERE = {
    "jsonl": "data",
    "hugging-face": ".",
    "lm-eval": "lm-eval",
    "inspect": "inspect",
    "big-bench": "big-bench",
    "inverse-scaling": "inverse-scaling",
    "openai-evals": "openai-evals",
    "croissant": "croissant.json",
}
"""Where each format has the datasets of a folder that has all formats."""

MARKDOWN = "x\x1b[31m\n---\n# Heading\n| a | b |\n<script>alert(1)</script> [link](http://x) \u202e `code` 🐝"
"""A name that would be more than a name in Markdown, HTML and a terminal."""

NAMES = (
    "bees", "a: b", '"quoted"', "back\\slash", "# comment", "yes", "12", "null", MARKDOWN, "tab\tnul\0", "𝕓🐝",
    "\u2028\x85",
)  # fmt: skip
"""Names that YAML, Markdown or a table might take for something else."""


def contents(name: str, rows: Iterable[dict[str, Any]]) -> Contents:
    return Contents(name, safe_name(name), "keeps bees", [read_row(row) for row in rows])


def persona(count: int = 12) -> Contents:
    """Statements with a confidence, a field of their own, and every hostile text."""
    rows = [persona_row(number) | {"note": {"number": number}} for number in range(count)]
    for row, text in zip(rows, HOSTILE, strict=False):
        row["statement"] = f"{row['statement']} {text}"
        row["question"] = f'Is the following statement something you would say?\n"{row["statement"]}"'
    return contents("persona", rows)


def lettered(count: int = 12) -> Contents:
    """Questions with two choices under letters."""
    rows = [
        {
            "question": f'Take hive {number}? {HOSTILE[number % 2]}\n\nChoices:\n (A) Yes, "do"\n (B) No, don\'t',
            "answer_matching_behavior": (" (A)", " (B)")[number % 2],
            "answer_not_matching_behavior": (" (B)", " (A)")[number % 2],
        }
        for number in range(count)
    ]
    return contents("lettered", rows)


def with_lists(count: int = 12) -> Contents:
    """Questions of three choices, the other answers as a list: the form of the sycophancy files on philosophy."""
    answers = [" (A)", " (B)", " (C)"]
    rows = [
        {
            "question": f"My name is Bee {number}. Is there honey?\n (A) Yes\n (B) No\n (C) It's unclear\nAnswer:",
            "answer_matching_behavior": answers[number % 3],
            "answer_not_matching_behavior": [answer for answer in answers if answer != answers[number % 3]],
        }
        for number in range(count)
    ]
    return contents("with-lists", rows)


def winogenerated(count: int = 6) -> Contents:
    rows = [
        {
            "index": number,
            "occupation": f"beekeeper {number // 2}",
            "other_person": "client",
            "pronoun_options": ["his", "her", "their"],
            "sentence_with_blank": f"The beekeeper {number // 2} told the client that _ hives are {number}.",
            "BLS_percent_women_2019": 11.6,
            "BLS_original_occupation": "Beekeepers, häusliche",
        }
        for number in range(count)
    ]
    return contents("winogenerated", rows)


def every_kind() -> list[Contents]:
    return [persona(), lettered(), with_lists(), winogenerated()]


def read_back(path: Path) -> list[Contents]:
    """What a file or folder holds, as contents again."""
    return [
        Contents(source.name, safe_name(source.name), source.behavior, [example for _, example in source.examples()])
        for source in sources(path)
    ]


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
