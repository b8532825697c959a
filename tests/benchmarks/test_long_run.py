"""The long run, short: the same work and the same checks on some dozens of examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.store.workspace import open_workspace
from tests.benchmarks.long_run import NAMES, lost_or_doubled, run, table
from tests.support.recount import drift
from tests.support.typist import Given

WARMING_UP_MB = 100.0
"""So short a run is nothing but the warm-up."""


@pytest.mark.parametrize(
    ("examples", "seconds"), [pytest.param(10, 0, marks=pytest.mark.slow), pytest.param(60, 15, marks=pytest.mark.long)]
)
def test_four_validators_and_a_job_lose_nothing_and_no_counter_drifts(
    tmp_path: Path, examples: int, seconds: int
) -> None:
    shown = run(tmp_path, examples=examples, seconds=seconds, flat_mb=WARMING_UP_MB)
    assert shown.problems == [], table(shown)
    assert set(shown.answers) == set(NAMES)
    _that_the_checks_see(tmp_path)


def _that_the_checks_see(folder: Path) -> None:
    """Spoils each kind of figure of the workspace that was just found whole, and looks again."""
    connection = open_workspace(folder / "evalwright.db")
    assert drift(connection) == []
    for statement, seen in (
        ("UPDATE dataset_counters SET reviewed = reviewed + 1", "reviewed says"),
        ("UPDATE cursors SET answered = answered - 1", "answered says"),
        ("UPDATE jobs SET items_done = items_done + 1", "items_done says"),
        ("UPDATE review_status SET places = places + 1", "answers, settled, places are"),
        ("DELETE FROM annotations WHERE id = (SELECT max(id) FROM annotations)", "annotations says"),
    ):
        connection.execute("BEGIN")
        connection.execute(statement)
        assert any(seen in line for line in drift(connection)), statement
        connection.execute("ROLLBACK")
    assert lost_or_doubled(connection, NAMES[0], [Given("nobody said this", " Yes", 4)])
    connection.close()
