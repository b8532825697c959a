"""Rulings: what may be ruled, what becomes of it, and that answers and the gate's evidence stay as they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from db import rulings as rows
from db.errors import InputError
from db.records import Dataset, Example
from db.store.connection import Connection, write
from review.datasets.find_and_close import find
from review.gate.decision import Decision, judge
from review.gate.policy import load_policy
from review.lead.rulings import (
    drop,
    edit,
    find_example,
    keep,
    outcomes,
    relabel,
    rule,
    shipped_examples,
    standings,
    wording,
)
from review.release import ship
from tests.support.annotators import Annotators, Truth
from tests.support.workspaces import NO, YES, make_dataset

POLICY = load_policy()
EASY = Truth(hard=0.0, slip=0.0, ambiguous=0.0)


def example_at(connection: Connection, row: int) -> Example:
    return find_example(connection, f"beekeeping:{row}")[1]


def asked(connection: Connection) -> Decision:
    return judge(connection, find(connection, "beekeeping"), POLICY)


def pieces(decision: Decision) -> dict[str, Any]:
    return {piece.name: piece for piece in decision.evidence}


def re_review(connection: Connection, dataset: Dataset, example_id: int, labels: Sequence[str]) -> None:
    """Stores answers on the edited text of an example, each by somebody of their own."""
    with write(connection):
        for place, label in enumerate(labels):
            (annotator, session) = connection.execute(
                "SELECT annotator_id, id FROM sessions ORDER BY id LIMIT 1 OFFSET ?", (place,)
            ).fetchone()
            connection.execute(
                "INSERT INTO annotations (dataset_id, example_id, annotator_id, occasion, revision, label, relevance,"
                " seconds, submission, session_id, created_at, ruling_id) VALUES (?, ?, ?, 're-review', (SELECT"
                " coalesce(max(revision), 0) + 1 FROM annotations WHERE example_id = ?2 AND annotator_id = ?3"
                " AND occasion = 're-review'), ?, 4, 1, hex(randomblob(8)), ?, '2026',"
                " (SELECT max(id) FROM rulings WHERE example_id = ?2))",
                (dataset.id, example_id, annotator, label, session),
            )


def test_an_example_is_named_by_row_or_id(connection: Connection) -> None:
    dataset = make_dataset(connection, 3)
    found, example = find_example(connection, "beekeeping:2")
    assert (found.id, example.body) == (dataset.id, "I keep 2 bees")
    assert find_example(connection, str(example.id)) == (found, example)
    for named, words in {
        "beekeeping:3": "has no example at row 3",
        "ants:1": "no dataset named ants",
        "99": "no example with the id 99",
        "9" * 40: "no example with the id",
        "beekeeping": "names no example",
        "beekeeping:²": "names no example",
        "": "names no example",
    }.items():
        with pytest.raises(InputError, match=words):
            find_example(connection, named)


def test_the_newest_ruling_counts_and_the_history_stays(connection: Connection) -> None:
    dataset = make_dataset(connection, 3)
    example = example_at(connection, 1)
    for ruling in (drop("a twin"), relabel(dataset, example, "yes"), keep()):
        rule(connection, dataset, example.id, ruling, by="lea")
    assert [found.verdict for found in rows.rulings_on(connection, example.id)] == ["drop", "relabel", "keep"]
    standing = standings(connection, dataset)[example.id]
    assert (standing.ruling.verdict, standing.ruling.ruled_by, standing.outcome) == ("keep", "lea", None)
    assert outcomes(connection, dataset) == {}


def test_what_may_not_be_ruled(connection: Connection) -> None:
    dataset = make_dataset(connection, 2)
    example = example_at(connection, 0)
    with pytest.raises(InputError, match="needs a reason"):
        drop("  ")
    with pytest.raises(InputError, match=r"Perhaps is not among the choices .* Yes, No"):
        relabel(dataset, example, "Perhaps")
    with pytest.raises(InputError, match=r"the intended answer .* already"):
        relabel(dataset, example, " yes ")
    with pytest.raises(InputError, match="new text is empty"):
        edit(dataset, example, " \n")
    with pytest.raises(InputError, match="is the text of example"):
        edit(dataset, example, "I keep 0 bees")


def test_what_ships(connection: Connection, tmp_path: Path) -> None:
    """Dropped ones don't, relabelled ones do as ruled, edited ones as they were until they are agreed on."""
    dataset = make_dataset(connection, 6)
    Annotators(connection, dataset, EASY, seed=1).answer_all()
    examples = [example_at(connection, row) for row in range(6)]
    rule(connection, dataset, examples[0].id, drop("not about bees"), by="lea")
    rule(connection, dataset, examples[1].id, relabel(dataset, examples[1], "Yes"), by="lea")
    rule(connection, dataset, examples[2].id, edit(dataset, examples[2], "I keep wasps"), by="lea")
    rule(connection, dataset, examples[3].id, edit(dataset, examples[3], "I keep ants"), by="lea")
    rule(connection, dataset, examples[4].id, keep("it is fine"), by="lea")
    re_review(connection, dataset, examples[2].id, [YES, YES])
    re_review(connection, dataset, examples[3].id, [NO, YES])
    assert set(outcomes(connection, dataset).values()) == {"dropped", "relabelled", "edited"}
    shipped = list(shipped_examples(connection, dataset))
    assert [(example.ordinal, example.intended) for example in shipped] == [
        (1, YES), (2, YES), (3, NO), (4, YES), (5, NO),
    ]  # fmt: skip
    assert [wording(dataset, example) for example in shipped[1:3]] == ["I keep wasps", "I keep 3 bees"]
    assert [example.label_confidence for example in shipped] == [None, None, 0.9, 0.9, 0.9]
    release = ship(connection, dataset, POLICY, tmp_path / "release", override="a test")
    rows_written = [json.loads(line) for line in (release.folder / "data/beekeeping.jsonl").open()]
    assert release.examples == 5
    assert rows_written[0]["answer_matching_behavior"] == YES
    assert rows_written[1]["statement"] == "I keep wasps"
    assert rows_written[1]["question"].endswith('\n"I keep wasps"')


def test_an_edit_is_reviewed_anew_each_time(connection: Connection) -> None:
    dataset = make_dataset(connection, 4)
    Annotators(connection, dataset, EASY, seed=1).answer_all()
    example = example_at(connection, 0)
    rule(connection, dataset, example.id, edit(dataset, example, "I keep wasps"), by="lea")
    re_review(connection, dataset, example.id, [YES, YES])
    assert outcomes(connection, dataset) == {example.id: "edited"}
    rule(connection, dataset, example.id, edit(dataset, example, "I keep hornets"), by="lea")
    assert outcomes(connection, dataset) == {}
    re_review(connection, dataset, example.id, [YES, YES])
    assert outcomes(connection, dataset) == {example.id: "edited"}


def test_rulings_touch_neither_answers_nor_evidence(connection: Connection) -> None:
    """Dropping and relabelling all that is bad can't make a dataset ship."""
    dataset = make_dataset(connection, 80)
    Annotators(connection, dataset, Truth(hard=0.3, wrong=1.0, slip=0.0), seed=1).answer_all()
    answers = connection.execute("SELECT * FROM annotations").fetchall()
    before = asked(connection)
    assert before.decision == "reject"
    for row in range(80):
        example = example_at(connection, row)
        (label,) = connection.execute(
            "SELECT label FROM annotations WHERE example_id = ? ORDER BY id LIMIT 1", (example.id,)
        ).fetchone()
        if label != example.intended:
            ruling = drop("bad") if row % 4 < 2 else relabel(dataset, example, label)
            rule(connection, dataset, example.id, ruling, by="lea")
    after = asked(connection)
    assert connection.execute("SELECT * FROM annotations").fetchall() == answers
    assert after.decision == "reject"
    # Facts are about the texts and labels that ship; everything else is made from answers.
    same = [piece for piece in after.evidence if piece.guarantee == "anytime"]
    assert [piece for piece in same if "after rulings" not in piece.name] == [
        piece for piece in before.evidence if piece.guarantee == "anytime"
    ]
    guaranteed = pieces(after)["label agreement after rulings"]
    assert (guaranteed.lower, guaranteed.value, guaranteed.passes, guaranteed.guarantee) == (1.0, 1.0, True, "anytime")
    assert "relabelled" in guaranteed.note


def test_dropping_good_examples_holds_a_dataset_back(connection: Connection) -> None:
    dataset = make_dataset(connection, 80)
    Annotators(connection, dataset, EASY, seed=1).answer_all()
    with write(connection):  # what annotators say of seven of them is wrong
        connection.execute("UPDATE examples SET intended = (CASE intended WHEN ' Yes' THEN ' No' ELSE ' Yes' END)"
                           " WHERE ordinal < 7")  # fmt: skip
    assert asked(connection).decision == "ship"
    for row in range(10, 40):
        rule(connection, dataset, example_at(connection, row).id, drop("a whim"), by="lea")
    decision = asked(connection)
    assert pieces(decision)["label agreement after rulings"].lower == 43 / 50
    assert (decision.decision, pieces(decision)["label agreement"].passes) == ("keep_labelling", True)
    assert "rule some of them anew" in (decision.forecast or "")
