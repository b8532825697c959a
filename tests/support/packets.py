"""Packets labelled as a validator does, and what happens to them on the way."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from db import datasets, re_reviews
from db.evidence import first_answers_of_dataset
from db.mixed_in import gold_answers, repeat_pairs
from db.packets import MARKS
from db.records import Answers, BlindExample, Dataset
from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import end_session, next_example, start_session
from review.gate.sample import draw_sample
from review.packets import Conflict, merge_packet, merging
from tests.support.workspaces import YES, answer

Say = Callable[[BlindExample], Answers]


def yes(_: BlindExample) -> Answers:
    return answer(YES)


def label_packet(
    path: Path, most: int = 10_000, say: Callable[[BlindExample], Answers] = yes, name: str = "Ada"
) -> list[BlindExample]:
    """Labels a packet as its app does; returns what was served, in order."""
    connection = open_workspace(path, create=False)
    connection.execute("PRAGMA synchronous = OFF")
    (dataset,) = datasets.all_datasets(connection)
    session = start_session(connection, name)
    served: list[BlindExample] = []
    while len(served) < most and (example := next_example(connection, session, dataset)) is not None:
        served.append(example)
        assert submit(connection, session, dataset, example, say(example)).outcome == "counted"
    end_session(connection, session)
    connection.close()
    return served


def label_here(connection: Connection, dataset: Dataset, name: str, most: int = 1000) -> list[BlindExample]:
    """Labels what somebody is served here, with one label; returns it, in order."""
    session = start_session(connection, name)
    served: list[BlindExample] = []
    while len(served) < most and (example := next_example(connection, session, dataset)) is not None:
        submit(connection, session, dataset, example, answer(YES))
        served.append(example)
    end_session(connection, session)
    return served


def change_answers(
    path: Path, say: Callable[[BlindExample], Answers | None], name: str = "Ada", most: int = 10_000
) -> int:
    """Goes back through a packet as its app does, and changes what `say` says something else of; returns how many."""
    connection = open_workspace(path, create=False)
    connection.execute("PRAGMA synchronous = OFF")
    (dataset,) = datasets.all_datasets(connection)
    session = start_session(connection, name)
    found: list[BlindExample] = []
    earlier = earlier_answer(connection, session, dataset)
    while earlier is not None and len(found) < most:
        found.append(earlier.example)
        earlier = earlier_answer(connection, session, dataset, earlier.anchor)
    changes = [(example, said) for example in found if (said := say(example)) is not None]
    for example, said in changes:
        assert submit(connection, session, dataset, example, said).outcome == "changed"
    end_session(connection, session)
    connection.close()
    return len(changes)


def change_last(path: Path, label: str | None) -> None:
    """Changes the answer that was given last in a packet."""
    assert change_answers(path, lambda _: answer(label), most=1) == 1


def merge_and_count(workspace: Path, packet: Path) -> int:
    """Merges; returns how many answers were new."""
    connection = open_workspace(workspace)
    try:
        return merge_packet(connection, packet).new
    finally:
        connection.close()


def merge_and_die_at(workspace: Path, packet: Path, statement: int) -> int:
    """Merges an answer at a time, but is killed at its n-th statement; returns how many there were if not."""
    merging.HELD = -1.0
    connection = open_workspace(workspace)
    count = 0

    def traced(_: str) -> None:
        nonlocal count
        count += 1
        if count == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    connection.set_trace_callback(traced)
    merge_packet(connection, packet)
    return count


def stored(connection: Connection) -> list[tuple[object, ...]]:
    """Every answer of a workspace, in order; the name of a skip that merging itself has appended is drawn each time."""
    return connection.execute(
        "SELECT example_id, annotator_id, occasion, revision, label, iif(session_id LIKE ?, '', submission)"
        " FROM annotations ORDER BY id",
        (f"%{MARKS}",),
    ).fetchall()


def counting(connection: Connection, dataset: Dataset) -> dict[str, object]:
    """Everything that counts of a dataset's answers, apart from when and in which order they came."""
    people = "SELECT annotator_id, answered, skipped, mixed_in FROM cursors ORDER BY dataset_id, annotator_id"
    states = "SELECT example_id, answers, settled, places FROM review_status ORDER BY example_id"
    sample = draw_sample(connection, dataset)
    return {
        "first answers": sorted(map(repr, first_answers_of_dataset(connection, dataset.id, 0))),
        "sample": [(each.id, each.settling, each.agreed) for each in sample.examples],
        "gold": sorted(map(repr, gold_answers(connection, dataset.id))),
        "repeats": sorted(map(repr, repeat_pairs(connection, dataset.id))),
        "edits": {key: sorted(map(str, said)) for key, said in re_reviews.answers_in(connection, dataset.id).items()},
        "counters": datasets.counts(connection, dataset.id),
        "people": connection.execute(people).fetchall(),
        "states": connection.execute(states).fetchall(),
    }


def say(label: str | None, **more: Any) -> Say:
    """Says the same of whatever is shown."""
    return lambda _: replace(answer(label), **more)


def copy(path: Path, name: str) -> Path:
    """Copies a packet beside itself."""
    return Path(shutil.copy(path, path.with_name(name)))


def labels(connection: Connection, dataset: Dataset) -> set[object]:
    """Which labels count on a dataset, None for a skip."""
    rows = connection.execute(
        "SELECT a.label FROM annotations AS a WHERE a.dataset_id = ? AND a.occasion = 'first' AND NOT EXISTS"
        " (SELECT 1 FROM annotations AS b WHERE b.example_id = a.example_id AND b.annotator_id = a.annotator_id"
        " AND b.occasion = 'first' AND b.revision > a.revision)",
        (dataset.id,),
    )
    return {label for (label,) in rows}


def told(conflicts: tuple[Conflict, ...]) -> set[tuple[str, tuple[str | None, ...]]]:
    """What is told of conflicts: why, and the label that each copy gives."""
    return {(each.why, tuple(said.label for said in each.says)) for each in conflicts}


def merge_in_order(connection: Connection, *files: Path) -> None:
    """Merges one file after the other."""
    for file in files:
        merge_packet(connection, file)
