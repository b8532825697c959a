"""Ratings from elsewhere: attached by text or id, reported, and never evidence for the gate."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from db import imported_ratings as rows
from db.errors import InputError
from db.examples import iterate_examples
from db.imported_ratings import ImportedRating
from db.records import Dataset
from db.store.connection import Connection
from review.agreement import agreement
from review.agreement.imported_ratings import Attached, attach_ratings
from review.annotation.submitting import submit
from review.assignment.serving import next_example, start_session
from review.formats.inspect_samples import write_ratings
from review.formats.ratings import RatedValue, read_ratings
from review.gate.decision import judge
from review.gate.policy import load_policy
from review.report import make_report, to_html, to_markdown
from tests.support.contents import persona
from tests.support.workspaces import answer as answered
from tests.support.workspaces import make_dataset

HEADER = "unit,annotator,value\n"


@pytest.fixture
def dataset(connection: Connection) -> Dataset:
    return make_dataset(connection, 6)


def write(folder: Path, lines: list[list[Any]], name: str = "helpfulness.csv") -> Path:
    path = folder / name
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["unit", "annotator", "value"], *lines])
    return path


def stored(connection: Connection, dataset: Dataset) -> list[ImportedRating]:
    return [
        one for kept in rows.sets_of_dataset(connection, dataset.id) for one in rows.ratings_of_set(connection, kept.id)
    ]


def test_units_are_texts_or_ids(connection: Connection, dataset: Dataset, tmp_path: Path) -> None:
    make_dataset(connection, 3, name="others")
    first, second, third, fourth, *_ = iterate_examples(connection, dataset.id)
    path = tmp_path / "helpfulness.csv"
    quoted = first.question.replace('"', '""')
    path.write_text(
        f'{HEADER}"{quoted}",ann,1\n{second.body},ann,2\n{third.id},ann,3\nbeekeeping-4,ann,4\n'
        "I keep 999 bees,ann,5\n7,ann,5\nbeekeeping-9,ann,5\n"
    )
    attached = attach_ratings(connection, dataset, path, level="ordinal")
    assert attached == Attached("helpfulness", 4, 0, 1, 4, ("7", "I keep 999 bees", "beekeeping-9"), ())
    assert [(one.example_id, one.value) for one in stored(connection, dataset)] == [
        (example.id, str(number)) for number, example in enumerate((first, second, third, fourth), 1)
    ]


def test_a_text_of_several_examples_is_no_guess(connection: Connection, dataset: Dataset, tmp_path: Path) -> None:
    first, second, *_ = iterate_examples(connection, dataset.id)
    connection.execute("UPDATE examples SET body = ? WHERE id = ?", (first.body, second.id))
    attached = attach_ratings(
        connection, dataset, write(tmp_path, [[first.body, "ann", 1], [str(second.id), "ann", 2]])
    )
    assert attached.ambiguous == (first.body,)
    assert stored(connection, dataset) == [ImportedRating(second.id, "ann", "2")]


def test_the_same_file_twice_adds_nothing_and_more_of_the_same_adds(
    connection: Connection, dataset: Dataset, tmp_path: Path
) -> None:
    path = write(tmp_path, [["1", "ann", 1], ["1", "ben", 2]])
    assert attach_ratings(connection, dataset, path).added == 2
    again = attach_ratings(connection, dataset, path)
    assert (again.added, again.known) == (0, 2)
    more = attach_ratings(connection, dataset, write(tmp_path, [["1", "ann", 1], ["2", "ann", 2]]))
    assert (more.added, more.known) == (1, 1)
    assert len(stored(connection, dataset)) == 3


@pytest.mark.parametrize(
    ("lines", "level", "sentence"),
    [
        ([["99", "ann", 1]], "nominal", "no unit is an example of beekeeping"),
        ([["1", "ann", "good"]], "ordinal", "'good' .unit 1, annotator ann. isn't a number"),
        ([["2", "ann", 1], ["1", "ann", 5]], "nominal", "ann rated example 1 as '5', and '1' is there already"),
        ([["2", "ann", 1]], "ordinal", "has nominal ratings for helpfulness already"),
        (
            [["2", "ann", 1], ["beekeeping-2", "ann", 2]],
            "nominal",
            "ann rates example 2 as '1' and as '2', under two names",
        ),
    ],
)
def test_what_can_not_be_attached_leaves_nothing(
    connection: Connection, dataset: Dataset, tmp_path: Path, lines: list[list[Any]], level: Any, sentence: str
) -> None:
    attach_ratings(connection, dataset, write(tmp_path, [["1", "ann", 1]]))
    with pytest.raises(InputError, match=sentence):
        attach_ratings(connection, dataset, write(tmp_path, lines), level=level)
    assert stored(connection, dataset) == [ImportedRating(1, "ann", "1")]


def test_they_are_reported_apart_and_the_gate_never_sees_them(
    connection: Connection, dataset: Dataset, tmp_path: Path
) -> None:
    session = start_session(connection, "Ada")
    example = next_example(connection, session, dataset)
    assert example is not None
    submit(connection, session, dataset, example, answered())
    policy = load_policy()
    before = judge(connection, dataset, policy).as_json()
    questions = agreement(connection, dataset).questions
    tables = {
        table: connection.execute(f"SELECT * FROM {table}").fetchall()
        for table in ("annotations", "annotators", "review_status", "dataset_counters")
    }
    lines = [[str(number), rater, number % 2 + 1] for number in range(1, 7) for rater in ("ann", "ben", "cy")]
    attach_ratings(connection, dataset, write(tmp_path, lines), level="ordinal")

    assert judge(connection, dataset, policy).as_json() == before
    assert agreement(connection, dataset).questions == questions
    for table, kept in tables.items():
        assert connection.execute(f"SELECT * FROM {table}").fetchall() == kept
    (imported,) = agreement(connection, dataset).imported
    assert (imported.name, imported.level, imported.n_units, imported.n_annotators) == ("helpfulness", "ordinal", 6, 3)
    assert imported.alpha == 1.0
    shown = make_report(connection, [dataset], policy)
    assert "### Imported ratings" in to_markdown(shown)
    assert "<h3>Imported ratings</h3>" in to_html(shown)


def test_human_ratings_of_inspect_are_read_back(tmp_path: Path) -> None:
    path = write_ratings(tmp_path, persona(), {1: {"ann": 5.0, "ben": 4.5}, 3: {"ann": 1.0}})
    assert read_ratings(path) == [
        RatedValue("persona-1", "ann", "5"), RatedValue("persona-1", "ben", "4.5"), RatedValue("persona-3", "ann", "1"),
    ]  # fmt: skip
    path.write_text('{"id": 7, "value": "C", "epoch": 2}\n{"id": 7, "value": "I", "metadata": {"annotator": "ann"}}\n')
    assert read_ratings(path) == [RatedValue("7", "epoch 2", "C"), RatedValue("7", "ann", "I")]
