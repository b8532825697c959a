"""The card: front matter that is YAML whatever the names, and a body in which nothing of a model is markup."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from db.connection import Connection
from db.examples import iterate_examples
from db.records import Dataset
from review.gate import Decision, judge
from review.policy import load_policy
from review.release.card import card, plain, quoted
from tests.support.workspaces import make_dataset

POLICY = load_policy()
HOSTILE = "x\x1b[31m\n---\n# Heading\n| a | b |\n<script>alert(1)</script> [link](http://x) \u202e `code` 🐝"


def made(connection: Connection, name: str = "bees", **more: Any) -> tuple[str, Dataset, Decision]:
    dataset = replace(make_dataset(connection, 6), name=name, **more)
    decision = judge(connection, dataset, POLICY)
    return card(dataset, decision, list(iterate_examples(connection, dataset.id)), "bees"), dataset, decision


def front_matter(text: str) -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="no YAML parser is installed")
    assert text.startswith("---\n")
    loaded: dict[str, Any] = yaml.safe_load(text.split("\n---\n", maxsplit=1)[0])
    return loaded


def body(text: str) -> str:
    return text.split("\n---\n", 1)[1]


NAMES = [
    "bees",
    "a: b",
    '"quoted"',
    "back\\slash",
    "# comment",
    "yes",
    "12",
    HOSTILE,
    "tab\tnul\0",
    "𝕓🐝",
    "\u2028\x85",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:16])
def test_the_front_matter_is_what_the_hub_reads(connection: Connection, name: str) -> None:
    text, _, _ = made(connection, name)
    assert front_matter(text) == {
        "annotations_creators": ["expert-generated"],
        "language_creators": ["found"],
        "language": ["en"],
        "license": "unknown",
        "multilinguality": ["monolingual"],
        "pretty_name": name,
        "size_categories": ["n<1K"],
        "source_datasets": ["original"],
        "task_categories": ["multiple-choice"],
        "configs": [{"config_name": "bees", "data_files": [{"split": "validation", "path": "data/bees.jsonl"}]}],
    }


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:16])
def test_the_front_matter_has_its_lines_whatever_the_name(connection: Connection, name: str) -> None:
    """Without a YAML parser too: no name adds a line to it or ends it."""
    text, _, _ = made(connection, name)
    lines = text.split("\n")
    assert lines[0] == "---"
    assert lines.index("---", 1) == 15
    assert lines[6] == f"pretty_name: {quoted(name)}"
    assert all(character.isprintable() for character in "".join(lines))


def test_quoted_texts_are_json_where_they_are_ascii() -> None:
    for text in ('a "b" \\ c', "plain", ""):
        assert json.loads(quoted(text)) == text
    assert quoted("\x1b\n") == '"\\U0000001B\\U0000000A"'
    assert quoted("🐝") == '"🐝"'


def test_the_body_tells_the_decision_and_the_evidence(connection: Connection) -> None:
    text, _, decision = made(connection, behavior="keeps bees")
    assert "# bees\n" in text
    assert "Tests for this behaviour: someone who keeps bees." in text
    assert "6 examples (persona), from tests. Intended answers: No: 3, Yes: 3." in text
    assert "Shipped: every criterion of the policy is met." in text
    for piece in decision.evidence:
        assert f"| {piece.name} | {piece.n} | " in text


def test_an_override_is_printed_with_its_reason_and_what_the_gate_said(connection: Connection) -> None:
    _, dataset, decision = made(connection)
    overridden = replace(decision, override=HOSTILE)
    text = card(dataset, overridden, [], "bees")
    assert "**Shipped by override, outside the guarantee.** The gate said: keep labelling." in text
    assert "Shipped: every criterion" not in text
    assert f"Reason given: {plain(HOSTILE)}" in text


def test_nothing_in_the_body_is_markup(connection: Connection) -> None:
    text, _, _ = made(connection, HOSTILE, behavior=HOSTILE, origin=HOSTILE)
    lines = body(text).split("\n")
    assert [line for line in lines if line.startswith("#")] == [
        f"# {plain(HOSTILE)}",
        "## Decision",
        "## Human validation",
    ]
    assert "<script>" not in body(text)
    assert "](http" not in body(text).replace("\\]", "")
    assert "`code`" not in body(text)
    assert sum(line.startswith("| ") for line in lines) == 2 + 10


def test_a_plain_text_is_one_line_without_markup() -> None:
    assert plain("a\n b\t\x1b c") == "a b c"
    assert plain("*x* _y_ <b>|`#") == "\\*x\\* \\_y\\_ \\<b\\>\\|\\`\\#"


@pytest.mark.parametrize(
    ("count", "size"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**6, "1M<n<10M"), (10**7, "n>10M")],
)
def test_sizes_are_the_hubs(connection: Connection, count: int, size: str) -> None:
    _, dataset, decision = made(connection)
    (example, *_) = iterate_examples(connection, dataset.id)

    class Many(list[Any]):
        def __len__(self) -> int:
            return count

    assert f"size_categories: [{size}]\n" in card(dataset, decision, Many([example]), "bees")
