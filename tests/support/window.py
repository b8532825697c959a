"""A validator's window as a process of its own, which answers as often as it is told and says what was acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from db import datasets
from db.errors import EvalwrightError
from db.store.workspace import open_workspace
from review.annotation.submitting import submit
from review.assignment.serving import end_session, next_example, start_session
from tests.support.processes import Child, context
from tests.support.workspaces import answer


@dataclass(frozen=True)
class Told:
    """What a window was told: the submissions that were acknowledged, and why there were no more."""

    acknowledged: tuple[str, ...]
    trouble: str


class Window:
    """One that is open."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def give(self, count: int) -> Told:
        """Has it answer so many examples, or until it can't."""
        self._pipe.send(count)
        told: Told = self._pipe.recv()
        return told


@contextmanager
def window(workspace: Path, *, annotator: str = "Ada") -> Iterator[Window]:
    """Opens one; at the end it is left as people leave it."""
    ours, theirs = context.Pipe()
    child = Child(answer_as_told, workspace, annotator, theirs)
    opened: Told = ours.recv()
    assert opened == Told((), "")
    yield Window(ours)
    ours.send(None)
    child.result()


def answer_as_told(workspace: Path, annotator: str, pipe: Pipe) -> None:
    """What the process does."""
    connection = open_workspace(workspace)
    dataset = datasets.all_datasets(connection)[0]
    session = start_session(connection, annotator)
    example = next_example(connection, session, dataset)
    pipe.send(Told((), ""))
    given = 0
    while (count := pipe.recv()) is not None:
        acknowledged, trouble = [], ""
        try:
            for _ in range(count):
                given += 1
                one = answer(submission=f"{session.id}-{given}")
                assert example is not None
                example = submit(connection, session, dataset, example, one).next
                acknowledged.append(one.submission)
        except EvalwrightError as error:
            trouble = str(error)
        pipe.send(Told(tuple(acknowledged), trouble))
    with suppress(EvalwrightError):
        end_session(connection, session)
    connection.close()
