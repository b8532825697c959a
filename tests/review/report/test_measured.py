"""Diversity, head to head and second looks in a report: where something was measured, and only there."""

import json
from pathlib import Path

from db import datasets
from db.examples import iterate_examples
from db.store.connection import Connection
from review.annotation.second_look import answer_again
from review.assignment.serving import start_session
from review.assignment.settings import Changes, assign
from review.comparisons.diversity import next_handful, rate
from review.comparisons.head_to_head import judge_pair, next_pair
from review.comparisons.measurements import Measurements
from review.gate.policy import load_policy
from review.report import make_report, to_html, to_markdown
from tests.review.test_diversity import both_origins, finish
from tests.review.test_second_look import argument_row, label_all, write_arguments
from tests.support.workspaces import NO, YES, persona_row


def test_what_was_measured_is_in_the_report(connection: Connection, tmp_path: Path) -> None:
    written, imported = both_origins(connection, 30)
    finish(connection, written, "Ada", 30)
    (tmp_path / "gold.jsonl").write_text("".join(json.dumps(persona_row(key)) + "\n" for key in range(900, 910)))
    questions = [example.question for example in iterate_examples(connection, imported.id)]
    rows = [argument_row(number, question=question) for number, question in enumerate(questions)]
    rows += [argument_row(number) for number in range(900, 910)]
    path = write_arguments(tmp_path / "arguments.jsonl", rows)
    changes = Changes(second_look=True, gold=tmp_path / "gold.jsonl", gold_rate=0.5, arguments=path)
    assign(connection, imported, changes)
    before = make_report(connection, [written], load_policy())
    assert before.datasets[0].measurements == Measurements(None, (), None)
    assert "Other measurements" not in to_markdown(before) + to_html(before)

    ada = start_session(connection, "Ada")
    for _, look in label_all(connection, imported, ada):
        if look is not None:
            answer_again(connection, ada, imported, look, NO if look.argument else YES, 1.0)
    for rating in (2, 4, 5, 5):
        handful = next_handful(connection, written, "Ada")
        assert handful is not None
        rate(connection, handful.id, "Ada", rating, seconds=1.0, submission=f"{handful.id}")
    for place in range(10):
        pair = next_pair(connection, written, imported, "Ada")
        assert pair is not None
        judge_pair(connection, pair, "tie" if place else "left", seconds=1.0, submission=f"{place}")

    report = make_report(connection, datasets.all_datasets(connection), load_policy())
    model, hand = (one.measurements for one in report.datasets)
    assert model.diversity is not None
    assert model.second_looks is None
    assert hand.second_looks is not None
    assert [(one.first, one.second) for one in (*model.head_to_heads, *hand.head_to_heads)] == [
        ("by-model", "by-hand"),
        ("by-hand", "by-model"),
    ]
    text, page = to_markdown(report), to_html(report)
    assert text.count("### Other measurements") == 2
    for words in (
        "| diversity, from 1 to 5 |",
        "2 handfuls of ten, 1 validator |",
        "| tests its behaviour better than by-hand |",
        "10 pairs, 9 of them ties, 1 validator |",
        "second look, after an argument: changed to the intended label",
        "second look, only asked to reconsider: changed away from it | 0.00 (interval undefined",
        "second look, after an argument: right on gold, second answer",
    ):
        assert words in text
        assert words.strip("| ").split(" | ")[0] in page
