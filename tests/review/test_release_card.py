"""The card: a body in which nothing of a model is markup."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from db.connection import Connection
from db.examples import iterate_examples
from db.records import Dataset
from review.gate import Decision, judge
from review.policy import load_policy
from review.release.card import card, plain
from tests.support.workspaces import make_dataset

POLICY = load_policy()
HOSTILE = "x\x1b[31m\n---\n# Heading\n| a | b |\n<script>alert(1)</script> [link](http://x) \u202e `code` 🐝"


def made(connection: Connection, name: str = "bees", **more: Any) -> tuple[str, Dataset, Decision]:
    dataset = replace(make_dataset(connection, 6), name=name, **more)
    decision = judge(connection, dataset, POLICY)
    return card(dataset, decision, list(iterate_examples(connection, dataset.id))), dataset, decision


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
    text = card(dataset, overridden, [])
    assert "**Shipped by override, outside the guarantee.** The gate said: keep labelling." in text
    assert "Shipped: every criterion" not in text
    assert f"Reason given: {plain(HOSTILE)}" in text


def test_nothing_in_the_body_is_markup(connection: Connection) -> None:
    text, _, _ = made(connection, HOSTILE, behavior=HOSTILE, origin=HOSTILE)
    lines = text.split("\n")
    assert [line for line in lines if line.startswith("#")] == [
        f"# {plain(HOSTILE)}",
        "## Decision",
        "## Human validation",
    ]
    assert "<script>" not in text
    assert "](http" not in text.replace("\\]", "")
    assert "`code`" not in text
    assert sum(line.startswith("| ") for line in lines) == 2 + 10


def test_a_plain_text_is_one_line_without_markup() -> None:
    assert plain("a\n b\t\x1b c") == "a b c"
    assert plain("*x* _y_ <b>|`#") == "\\*x\\* \\_y\\_ \\<b\\>\\|\\`\\#"
