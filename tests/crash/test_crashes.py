"""Everything is killed at random moments; a failure is repeated with `python -m tests.crash --seed`, as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.disks import a_disk, full, read_only, why_no_disk
from tests.crash.harness import Outcome, again_and_again
from tests.crash.subjects import SUBJECTS

pytestmark = pytest.mark.slow

KILLS = {"app": 8, "worker": 6, "batches": 5}
"""Of those that take long to start; of the others `MORE`."""

MORE = 15
FULL_DISKS = 2
SEED = 20_261_128


def check(outcome: Outcome) -> None:
    assert not outcome.failures, "\n".join(f"number {number}: {failure}" for number, failure in outcome.failures)


@pytest.mark.parametrize("name", SUBJECTS)
def test_killed_at_any_moment(name: str) -> None:
    kills = KILLS.get(name, MORE)
    print(f"python -m tests.crash --kills {kills} --seed {SEED} {name}")
    outcome = again_and_again(SUBJECTS[name], kills, SEED)
    print(outcome)
    check(outcome)


@pytest.fixture(scope="module")
def why_not() -> str:
    return why_no_disk()


@pytest.mark.parametrize("name", SUBJECTS)
def test_on_a_full_disk(name: str, tmp_path: Path, why_not: str) -> None:
    if why_not:
        pytest.skip(why_not)
    with a_disk(tmp_path) as disk:
        check(again_and_again(SUBJECTS[name], FULL_DISKS, SEED, way=full(disk), scene=disk.folder))


@pytest.mark.parametrize("name", SUBJECTS)
def test_on_a_disk_that_may_only_be_read(name: str, tmp_path: Path, why_not: str) -> None:
    if why_not:
        pytest.skip(why_not)
    with a_disk(tmp_path) as disk:
        check(again_and_again(SUBJECTS[name], 1, SEED, way=read_only(disk), scene=disk.folder))
