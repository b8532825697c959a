"""Many validators at once, each a process of its own."""

import time
from pathlib import Path

import pytest

from db import datasets
from db.mixed_in import repeat_pairs
from db.records import Dataset
from db.store import sqlite
from db.store.connection import Connection
from db.store.workspace import open_workspace
from review.annotation.submitting import earlier_answer, submit
from review.assignment.serving import start_session
from review.assignment.settings import Changes, assign
from review.gate.sample import draw_sample
from tests.support.crowd import Crowd, check_crowd, label_amid_kills
from tests.support.gold import mix_in
from tests.support.labelling import label_all
from tests.support.processes import Child, context
from tests.support.workspaces import NO, answer, make_dataset


@pytest.mark.parametrize("always_three", [False, True])
def test_eight_validators_at_once(
    connection: Connection, workspace_path: Path, tmp_path: Path, always_three: bool
) -> None:
    dataset = make_dataset(connection, 300, always_three=always_three)
    crowd = Crowd(workspace_path, tmp_path, 8)
    assert sum(child.result() for child in crowd.children) == len(crowd.acknowledged())
    check_crowd(connection, dataset, crowd)


@pytest.mark.parametrize("always_three", [False, True])
def test_validators_who_are_killed_lose_nothing(
    connection: Connection, workspace_path: Path, tmp_path: Path, always_three: bool
) -> None:
    dataset = make_dataset(connection, 150, always_three=always_three)
    crowd = Crowd(workspace_path, tmp_path, 4, together=False)
    killed = label_amid_kills(connection, dataset, crowd, most=20)
    assert killed > 0
    check_crowd(connection, dataset, crowd, killed=killed)


def test_validators_with_a_rollback_journal(
    workspace_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where SQLite has the WAL-reset bug a workspace is slower, but nothing else is different."""
    monkeypatch.setattr(sqlite, "version", lambda: (3, 40, 1))
    connection = open_workspace(workspace_path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    dataset = make_dataset(connection, 60)
    crowd = Crowd(workspace_path, tmp_path, 4, together=False)
    killed = label_amid_kills(connection, dataset, crowd, most=10)
    check_crowd(connection, dataset, crowd, killed=killed)
    connection.close()


@pytest.mark.long
def test_sixteen_validators_give_three_answers_on_each_of_a_thousand(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    dataset = make_dataset(connection, 1000, always_three=True)
    crowd = Crowd(workspace_path, tmp_path, 16)
    assert sum(child.result() for child in crowd.children) == 3000
    check_crowd(connection, dataset, crowd)
    assert datasets.counts(connection, dataset.id).annotations == 3000


@pytest.mark.long
def test_sixteen_validators_who_are_killed_lose_nothing(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    dataset = make_dataset(connection, 1000, always_three=True)
    crowd = Crowd(workspace_path, tmp_path, 16, together=False)
    killed = label_amid_kills(connection, dataset, crowd, most=100)
    assert killed > 20
    check_crowd(connection, dataset, crowd, killed=killed)


def test_three_windows_of_one_validator_agree_with_each_other(connection: Connection, workspace_path: Path) -> None:
    """Each a process of its own: none shows what another has shown, and each goes back over what all have answered."""
    dataset = make_dataset(connection, 150)
    barrier = context.Barrier(3)
    windows = [Child(label_all, workspace_path, "beekeeping", "Ada", barrier) for _ in range(3)]
    answered = [window.result() for window in windows]
    assert sum(bool(each) for each in answered) > 1  # how many each gets is for the machine to say
    together = [example_id for each in answered for example_id in each]
    assert len(together) == len(set(together)) == 150
    ada, other = start_session(connection, "Ada"), start_session(connection, "Ada")
    back: list[int] = []
    found = earlier_answer(connection, ada, dataset)
    while found is not None:
        back.append(found.example.id)
        found = earlier_answer(connection, ada, dataset, found.anchor)
    assert sorted(back) == sorted(together)
    last = earlier_answer(connection, ada, dataset)
    assert last is not None
    assert submit(connection, other, dataset, last.example, answer(NO)).outcome == "changed"
    changed = earlier_answer(connection, ada, dataset)
    assert changed is not None
    assert (changed.example, changed.answer.label, changed.answer.revision) == (last.example, NO, 2)


# With everything that may be set


def with_everything(connection: Connection, examples: int, *, limit: int) -> Dataset:
    """Always three annotators, each up to a limit, with gold and repeats mixed in."""
    dataset = make_dataset(connection, examples, always_three=True)
    mix_in(connection, dataset, gold=60, gold_rate=0.05, repeat_rate=0.05)
    assign(connection, dataset, Changes(limit=limit, allow=tuple(f"annotator {number}" for number in range(16))))
    return dataset


def check_mixing(connection: Connection, dataset: Dataset, limit: int) -> None:
    """Nobody is over the limit, repeats are of one's own examples, and only gold is of the gold set."""
    given = connection.execute(
        "SELECT count(*) FROM annotations WHERE occasion = 'first' GROUP BY annotator_id"
    ).fetchall()  # fmt: skip
    assert max(count for (count,) in given) <= limit
    pairs = repeat_pairs(connection, dataset.id)
    (repeats,) = connection.execute("SELECT count(*) FROM annotations WHERE occasion = 'repeat'").fetchone()
    assert len(pairs) == repeats
    assert {pair.label == pair.label_again for pair in pairs} == {True}, "these annotators always say the same"
    own = "SELECT occasion = 'gold', dataset_id = ? FROM annotations GROUP BY 1, 2 ORDER BY 1"
    assert connection.execute(own, (dataset.id,)).fetchall() == [(0, 1), (1, 0)]
    assert draw_sample(connection, dataset).total == datasets.counts(connection, dataset.id).examples
    assert connection.execute("SELECT count(*) FROM reservations").fetchone() == (0,)


def test_six_validators_with_limits_gold_and_repeats(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    """Six, so that some can finish however slow the others are: four at their limit gave more than all the answers."""
    dataset = with_everything(connection, 120, limit=115)
    crowd = Crowd(workspace_path, tmp_path, 6)
    for child in crowd.children:
        child.result()
    check_crowd(connection, dataset, crowd, occasions=("first", "gold", "repeat"))
    check_mixing(connection, dataset, 115)


def test_overlap_may_change_while_people_label(connection: Connection, workspace_path: Path, tmp_path: Path) -> None:
    dataset = make_dataset(connection, 250)
    crowd = Crowd(workspace_path, tmp_path, 4)
    while datasets.counts(connection, dataset.id).annotations < 60:
        time.sleep(0.001)
    assign(connection, dataset, Changes(always_three=True))
    for child in crowd.children:
        child.result()
    check_crowd(connection, datasets.get_dataset(connection, dataset.id), crowd)


@pytest.mark.long
def test_sixteen_validators_with_limits_gold_and_repeats(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    dataset = with_everything(connection, 1000, limit=220)
    crowd = Crowd(workspace_path, tmp_path, 16)
    for child in crowd.children:
        child.result()
    check_crowd(connection, dataset, crowd, occasions=("first", "gold", "repeat"))
    assert datasets.counts(connection, dataset.id).annotations == 3000
    check_mixing(connection, dataset, 220)


@pytest.mark.slow
def test_sixteen_validators_with_limits_gold_and_repeats_who_are_killed_lose_nothing(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    dataset = with_everything(connection, 1000, limit=220)
    crowd = Crowd(workspace_path, tmp_path, 16, together=False)
    killed = label_amid_kills(connection, dataset, crowd, most=100)
    assert killed > 20
    check_crowd(connection, dataset, crowd, killed=killed, occasions=("first", "gold", "repeat"))
    check_mixing(connection, dataset, 220)
