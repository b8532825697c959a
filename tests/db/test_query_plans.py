import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from db import (
    adjudication,
    annotations,
    assignment,
    browse,
    datasets,
    diversity,
    evidence,
    jobs,
    mixed_in,
    pairs,
    quality,
    re_reviews,
    second_looks,
)
from db.records import Dataset
from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.annotation.drafts import keep_draft, kept_draft
from review.annotation.submitting import earlier_answer, next_skipped, submit
from review.assignment import serving as review_assignment
from review.assignment.serving import end_session, keep_alive, next_example, start_session
from tests.support.gold import mix_in
from tests.support.large import large_dataset
from tests.support.workspaces import NO, YES, answer


@pytest.fixture(params=["without statistics", "with statistics"])
def planned(request: pytest.FixtureRequest, connection: Connection) -> Connection:
    """A workspace with one dataset under review, and perhaps with what ANALYZE says of it.

    From one dataset ANALYZE learns that `dataset_id` tells nothing apart; a workspace with more must not pay for that.
    """
    mix_in(connection, large_dataset(connection, 600), gold=60, gold_rate=0.2, repeat_rate=0.2)
    if request.param == "with statistics":
        connection.execute("ANALYZE")
    return connection


def plan(connection: Connection, statement: str, values: Any = ()) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]


def steps_of(plan: list[str]) -> list[str]:
    """The plan without the markers of its parts."""
    return [step for step in plan if "SUBQUERY" not in step]


PLACE = {"dataset": 1, "annotator": 1, "after": 3}
NOT_ANSWERED = "SEARCH a USING COVERING INDEX sqlite_autoindex_annotations_2 (example_id=? AND annotator_id=?)"
NEWER = (
    "SEARCH later USING COVERING INDEX sqlite_autoindex_annotations_2"
    " (example_id=? AND annotator_id=? AND occasion=? AND revision>?)"
)
NOT_HELD = "SEARCH v USING PRIMARY KEY (example_id=? AND annotator_id=?)"
NOT_SHOWN = "SEARCH d USING PRIMARY KEY (annotator_id=? AND dataset_id=? AND example_id=?)"


def test_the_next_reopened_example(planned: Connection) -> None:
    assert steps_of(plan(planned, assignment.NEXT_REOPENED, PLACE)) == [
        "SEARCH r USING INDEX reopenings_of_dataset (dataset_id=? AND id>?)",
        NOT_ANSWERED,
        NOT_HELD,
        NOT_SHOWN,
        "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)",
    ]


def test_the_next_example_ahead(planned: Connection) -> None:
    assert steps_of(plan(planned, assignment.NEXT_FRONTIER, PLACE)) == [
        "SEARCH s USING INDEX review_frontier (dataset_id=? AND position>?)",
        NOT_ANSWERED,
        NOT_HELD,
        NOT_SHOWN,
    ]


def test_the_next_edited_example(planned: Connection) -> None:
    assert steps_of(plan(planned, re_reviews.NEXT, PLACE)) == [
        "SEARCH e USING INDEX re_reviews_waiting (dataset_id=?)",
        "SEARCH a USING INDEX sqlite_autoindex_annotations_2 (example_id=? AND annotator_id=? AND occasion=?)",
        NOT_HELD,
        "SEARCH d USING PRIMARY KEY (annotator_id=? AND dataset_id=? AND example_id=?)",
    ]


def test_the_answers_on_edited_examples(planned: Connection) -> None:
    """Edits are gone through, and for each its answers: never all annotations."""
    for which, first in {
        "e.example_id = 1": "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
        "e.dataset_id = 1": "SCAN e",
    }.items():
        statement = f"SELECT a.label {re_reviews.ANSWERS.format(which=which)}"
        assert steps_of(plan(planned, statement))[:2] == [
            first,
            "SEARCH a USING INDEX sqlite_autoindex_annotations_2 (example_id=?)",
        ]


def test_the_last_reopening(planned: Connection) -> None:
    assert plan(planned, assignment.LAST_REOPENING, (1,)) == [
        "SEARCH reopenings USING COVERING INDEX reopenings_of_dataset (dataset_id=?)"
    ]


def test_the_previous_answer(planned: Connection) -> None:
    place = {"annotator": 1, "dataset": 1, "before": 10}
    assert steps_of(plan(planned, annotations.PREVIOUS, place)) == [
        "SEARCH a USING INDEX annotations_by_annotator (annotator_id=? AND dataset_id=? AND id<?)",
        NEWER,
        "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
    ]


def test_the_next_skipped_example(planned: Connection) -> None:
    place = {"annotator": 1, "dataset": 1, "after": 10}
    assert steps_of(plan(planned, annotations.NEXT_SKIPPED, place)) == [
        "SEARCH a USING INDEX annotations_skipped (annotator_id=? AND dataset_id=? AND id>?)",
        NEWER,
    ]


def test_claiming_work(planned: Connection) -> None:
    claim = {"lease": "a", "job": 1, "round": 1, "now": 1.0, "limit": 5}
    assert steps_of(plan(planned, jobs.CLAIM, claim)) == [
        "SEARCH work_items USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH work_items USING INDEX work_items_waiting (job_id=? AND round=?)",
    ]


PEOPLE = ("Ada", "Fay", "Gil")


def test_all_that_a_validator_waits_for(planned: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked from the first example to the end of a session is found by an index."""
    (dataset_id,) = planned.execute("SELECT id FROM datasets").fetchone()
    for name in PEOPLE:  # A new name is compared with all others, once.
        start_session(planned, name)
    asked: list[str] = []
    planned.set_trace_callback(asked.append)
    review_for_a_while(planned, dataset_id, monkeypatch)
    planned.set_trace_callback(None)
    statements = {statement for statement in asked if re.match(r"\s*(SELECT|UPDATE|DELETE)\b", statement)}
    assert len(statements) > 25
    for statement in statements:
        found = plan(planned, statement)
        assert found, statement
        scans = [step for step in found if step.startswith("SCAN") and step != "SCAN CONSTANT ROW"]
        assert not scans, (statement, found)
        sorting = [step for step in found if "TEMP B-TREE" in step]
        assert not sorting or "sqlite_autoindex_annotations_2 (example_id=?)" in found[0], (statement, found)


def review_for_a_while(connection: Connection, dataset_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = datasets.get_dataset(connection, dataset_id)
    sessions = [start_session(connection, name) for name in PEOPLE]
    for session, label in zip(sessions, (YES, NO, None), strict=True):
        example = next_example(connection, session, dataset)
        for _ in range(12):
            assert example is not None
            example = submit(connection, session, dataset, example, answer(label)).next
        earlier = earlier_answer(connection, session, dataset)
        assert earlier is not None
        keep_draft(connection, session, earlier.example.id, {"label": NO}, 1.0)
        kept_draft(connection, session, earlier.example.id)
        submit(connection, session, dataset, earlier.example, answer(YES))
        next_skipped(connection, session, dataset)
        keep_alive(connection, session)
    monkeypatch.setattr(review_assignment, "now", lambda: 4e9)
    next_example(connection, sessions[0], dataset)
    end_session(connection, sessions[1])


# How much work one answer is, in steps of SQLite's virtual machine


def steps(connection: Connection, work: Callable[[], object]) -> int:
    """How many steps SQLite takes for a piece of work."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    connection.set_progress_handler(tick, 1)
    work()
    connection.set_progress_handler(None, 1)
    return count


def steps_of_an_answer(connection: Connection, dataset: Dataset, name: str) -> dict[str, int]:
    """The steps of everything an annotator waits for."""
    session = start_session(connection, name)
    found = {"first example": steps(connection, lambda: next_example(connection, session, dataset))}
    for number in range(3):
        shown = next_example(connection, session, dataset)
        assert shown is not None
        submitting = partial(submit, connection, session, dataset, shown, answer(YES))
        found[f"answer {number}"] = steps(connection, submitting)
    found["going back"] = steps(connection, lambda: earlier_answer(connection, session, dataset))
    found["leaving"] = steps(connection, lambda: end_session(connection, session))
    return found


def most_steps_with_mixing(connection: Connection, dataset: Dataset, name: str) -> int:
    """The most steps of an answer, among enough answers for gold examples and repeats to be among the next ones."""
    session = start_session(connection, name)
    shown = next_example(connection, session, dataset)
    found = []
    served = set()
    for _ in range(12):
        assert shown is not None
        served.add(shown.occasion)
        found.append(steps(connection, partial(submit, connection, session, dataset, shown, answer(YES))))
        shown = next_example(connection, session, dataset)
    assert served >= {"gold", "repeat"}
    return max(found)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, dict[str, int]]]:
    """Steps by size of the dataset, annotator and piece of work."""
    found = {}
    for count in (1_000, 30_000):
        connection = open_workspace(tmp_path_factory.mktemp("large") / "workspace.db")
        connection.execute("PRAGMA synchronous = OFF")
        dataset = large_dataset(connection, count)
        names = ("Ada", "Béla", "Carla", "Emil", "Fay")
        found[count] = {name: steps_of_an_answer(connection, dataset, name) for name in names}
        mix_in(connection, dataset, gold=count // 10, gold_rate=0.5, repeat_rate=0.5)
        found[count]["Ada"]["gold or a repeat next"] = most_steps_with_mixing(connection, dataset, "Ada")
        connection.close()
    return found


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("Ada", "gave the first answer on every dispute"),
        ("Béla", "gave the second answer on every dispute"),
        ("Carla", "settled half of the disputes"),
        ("Emil", "is far ahead of the others"),
        ("Fay", "is new"),
    ],
)
def test_an_answer_is_as_much_work_in_a_large_dataset(
    work: dict[int, dict[str, dict[str, int]]], name: str, who: str
) -> None:
    small, large = work[1_000][name], work[30_000][name]
    for piece in small:
        assert large[piece] <= 1.2 * small[piece] + 20, f"{piece} of {name}, who {who}: {json.dumps([small, large])}"


def test_what_an_annotator_has_finished_is_found_among_their_own_answers(planned: Connection) -> None:
    steps = plan(planned, diversity.FINISHED, {"annotator": 1, "dataset": 1, "shared": 1, "size": 10})
    assert steps[0] == "SEARCH own USING INDEX annotations_by_annotator (annotator_id=? AND dataset_id=?)"
    assert not [step for step in steps if step.startswith("SCAN")]


@pytest.mark.parametrize(
    "read",
    [
        lambda connection: evidence.first_answers_of_dataset(connection, 1, 0),
        lambda connection: quality.blind_answers(connection, 1, 0),
        lambda connection: mixed_in.gold_answers(connection, 1),
        lambda connection: mixed_in.repeat_pairs(connection, 1),
        lambda connection: second_looks.looked_twice(connection, 1),
        lambda connection: adjudication.contrary_examples(connection, 1),
        lambda connection: annotations.first_answers(connection, 1),
        lambda connection: annotations.everything_said(connection, 1),
        lambda connection: browse.find_some(connection, 1, browse.Filter(states=("disputed", "flagged"))),
        lambda connection: browse.rows(connection, [1, 2]),
    ],
)
def test_the_newest_revisions_are_found_by_the_index_of_revisions(
    planned: Connection, read: Callable[[Connection], object]
) -> None:
    """The view of them is a part of each query's own plan: it is never made first and then searched."""
    asked: list[str] = []
    planned.set_trace_callback(asked.append)
    read(planned)
    planned.set_trace_callback(None)
    found = [step for statement in asked for step in plan(planned, statement)]
    assert NEWER in found
    assert not [
        step for step in found if step.startswith(("SCAN a", "SCAN later", "MATERIALIZE", "CO-ROUTINE current"))
    ]


def test_an_example_for_a_pair_is_found_in_the_review_order(planned: Connection) -> None:
    place = {"dataset": 1, "other": 2, "annotator": 1, "barred": 0, "label": None}
    steps = plan(planned, pairs.SHOWABLE, place)
    assert steps[0] == "SEARCH s USING INDEX review_order (dataset_id=?)"
    assert not [step for step in steps if step.startswith(("SCAN", "USE TEMP"))]
