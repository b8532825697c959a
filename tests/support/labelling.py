"""Validators as processes: they label until everything is settled, and write down what was acknowledged."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from hashlib import blake2b
from multiprocessing.synchronize import Barrier
from pathlib import Path

from db import datasets
from db.records import Answers, BlindExample, Dataset
from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.annotation.submitting import submit
from review.assignment.serving import Session, end_session, next_example, start_session


@dataclass(frozen=True)
class Acknowledged:
    """An answer that a validator was told is stored."""

    submission: str
    example_id: int
    label: str


def label_of(example: BlindExample, annotator: str) -> str:
    """The label that an annotator gives: mostly the first choice, so that there are disputes but not only."""
    digest = blake2b(f"{example.id}:{annotator}".encode(), digest_size=1).digest()[0]
    return example.choices[int(digest < 64)].answer


def label_until_settled(path: Path, dataset_name: str, annotator: str, log: Path, barrier: Barrier | None) -> int:
    """Labels until every example is settled; returns how many answers it gave."""
    connection = open_workspace(path)
    dataset = datasets.find_dataset(connection, dataset_name)
    assert dataset is not None
    session = start_session(connection, annotator)
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    if barrier is not None:
        barrier.wait()
    given = 0
    example = next_example(connection, session, dataset)
    while example is not None or not all_settled(connection, dataset):
        if example is None:
            time.sleep(0.005)
            example = next_example(connection, session, dataset)
            continue
        label = label_of(example, annotator)
        name = f"{session.id}-{given}"
        submitted = submit(connection, session, dataset, example, Answers(label, 3, 0.5, name))
        assert submitted.outcome == "counted", submitted
        os.write(file, f"{name}\t{example.id}\t{label}\n".encode())
        given += 1
        example = submitted.next
    end_session(connection, session)
    connection.close()
    return given


def all_settled(connection: Connection, dataset: Dataset) -> bool:
    counted = datasets.counts(connection, dataset.id)
    return counted.settled == counted.examples


def read_log(log: Path) -> list[Acknowledged]:
    """What was acknowledged to one annotator."""
    lines = [line.split("\t") for line in log.read_text().splitlines()] if log.exists() else []
    return [Acknowledged(name, int(example), label) for name, example, label in lines]


def answer_one(path: Path, dataset_name: str) -> None:
    """Answers one example and then says so on standard output."""
    connection = open_workspace(path)
    dataset = datasets.find_dataset(connection, dataset_name)
    assert dataset is not None
    session: Session = start_session(connection, "Ada")
    example = next_example(connection, session, dataset)
    assert example is not None
    os.write(1, b"served\n")
    submit(connection, session, dataset, example, Answers(example.choices[0].answer, 3, 0.5, "only one"))
    os.write(1, b"acknowledged\n")


def label_all(path: Path, dataset_name: str, annotator: str, barrier: Barrier) -> list[int]:
    """Labels until nothing is left for this annotator; returns the examples answered, in order."""
    connection = open_workspace(path)
    dataset = datasets.find_dataset(connection, dataset_name)
    assert dataset is not None
    session = start_session(connection, annotator)
    barrier.wait()
    answered = []
    example = next_example(connection, session, dataset)
    while example is not None:
        answered.append(example.id)
        answers = Answers(label_of(example, annotator), 3, 0.5, f"{session.id}-{example.id}")
        submitted = submit(connection, session, dataset, example, answers)
        assert submitted.outcome == "counted", submitted
        example = submitted.next
    end_session(connection, session)
    connection.close()
    return answered
