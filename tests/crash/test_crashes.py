"""Everything is killed at random moments; a failure is repeated with `python -m tests.crash --seed`, as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.disks import a_disk, full, read_only, why_no_disk
from tests.crash.harness import Outcome, again_and_again
from tests.crash.subjects import SUBJECTS

KILLS = {"app": (2, 8), "worker": (2, 6), "batches": (2, 5)}
"""How often in CI and how often by hand, of those that take long to start; of the others `MORE`."""

MORE = (5, 15)
FULL_DISKS = 2
ON_A_DISK = {"app", "import", "ship"}
"""Those that CI runs on a disk that is full or may only be read."""

SEED = 20_261_128


def check(outcome: Outcome) -> None:
    assert not outcome.failures, "\n".join(f"number {number}: {failure}" for number, failure in outcome.failures)


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize(
    "by_hand", [pytest.param(False, marks=pytest.mark.slow), pytest.param(True, marks=pytest.mark.long)]
)
def test_killed_at_any_moment(name: str, *, by_hand: bool) -> None:
    kills = KILLS.get(name, MORE)[by_hand]
    print(f"python -m tests.crash --kills {kills} --seed {SEED} {name}")
    outcome = again_and_again(SUBJECTS[name], kills, SEED)
    print(outcome)
    check(outcome)


ON_DISKS = [pytest.param(name, marks=pytest.mark.slow if name in ON_A_DISK else pytest.mark.long) for name in SUBJECTS]


@pytest.fixture(scope="module")
def why_not() -> str:
    return why_no_disk()


@pytest.mark.parametrize("name", ON_DISKS)
def test_on_a_full_disk(name: str, tmp_path: Path, why_not: str) -> None:
    if why_not:
        pytest.skip(why_not)
    with a_disk(tmp_path) as disk:
        check(again_and_again(SUBJECTS[name], FULL_DISKS, SEED, way=full(disk), scene=disk.folder))


@pytest.mark.parametrize("name", ON_DISKS)
def test_on_a_disk_that_may_only_be_read(name: str, tmp_path: Path, why_not: str) -> None:
    if why_not:
        pytest.skip(why_not)
    with a_disk(tmp_path) as disk:
        check(again_and_again(SUBJECTS[name], 1, SEED, way=read_only(disk), scene=disk.folder))
