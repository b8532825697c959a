"""Many validators at once, each a process, some of them killed."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

from db import datasets
from db.records import Dataset
from db.store.connection import Connection
from tests.support.labelling import Acknowledged, all_settled, label_until_settled, read_log
from tests.support.processes import Child, context


class Crowd:
    """Validators as processes that label one dataset, each with a log of what was acknowledged."""

    def __init__(self, workspace: Path, folder: Path, size: int, *, together: bool = True) -> None:
        self.workspace = workspace
        self.folder = folder
        self.barrier = context.Barrier(size) if together else None
        self.children = [self.start(number) for number in range(size)]

    def start(self, number: int) -> Child[int]:
        arguments = (self.workspace, "beekeeping", f"annotator {number}", self.log(number), self.barrier)
        return Child(label_until_settled, *arguments)

    def log(self, number: int) -> Path:
        return self.folder / f"{number}.log"

    def acknowledged(self) -> list[tuple[int, Acknowledged]]:
        """What was acknowledged to whom."""
        numbers = range(len(self.children))
        return [(number, entry) for number in numbers for entry in read_log(self.log(number))]


def check_crowd(
    connection: Connection, dataset: Dataset, crowd: Crowd, *, killed: int = 0, occasions: Sequence[str] = ("first",)
) -> None:
    """Everything acknowledged is stored once, everything is settled, and nobody had an example twice on an occasion."""
    stored = {
        row[0]: row[1:]
        for row in connection.execute(
            "SELECT submission, name, example_id, label, occasion"
            " FROM annotations JOIN annotators ON annotators.id = annotator_id"
        )
    }
    acknowledged = crowd.acknowledged()
    for number, entry in acknowledged:
        assert stored[entry.submission][:3] == (f"annotator {number}", entry.example_id, entry.label)
    assert len(acknowledged) <= len(stored) <= len(acknowledged) + killed
    served = [(name, example_id, occasion) for name, example_id, _, occasion in stored.values()]
    assert len(set(served)) == len(served)
    counted = datasets.counts(connection, dataset.id)
    assert counted.settled == counted.examples
    assert counted.annotations == sum(occasion == "first" for *_, occasion in stored.values())
    assert {occasion for *_, occasion in stored.values()} == set(occasions)
    given = connection.execute(
        "SELECT count(*), count(DISTINCT label) FROM annotations WHERE occasion = 'first' GROUP BY example_id"
    ).fetchall()
    assert len(given) == counted.examples
    if dataset.always_three:
        assert {count for count, _ in given} == {3}
    else:
        assert set(given) == {(2, 1), (3, 2)}
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def label_amid_kills(connection: Connection, dataset: Dataset, crowd: Crowd, *, most: int) -> int:
    """Kills a validator now and then, `most` times, and starts them again; returns how many were killed."""
    chance = random.Random(1)
    killed = 0
    while killed < most and not all_settled(connection, dataset):
        time.sleep(chance.uniform(0, 0.06))
        number = chance.randrange(len(crowd.children))
        if crowd.children[number].process.exitcode is None:
            crowd.children[number].kill()
            if crowd.children[number].process.exitcode != 0:
                killed += 1
                crowd.children[number] = crowd.start(number)
    for child in crowd.children:
        child.result()
    return killed
