"""The main job with the embedded model itself: written in the background, killed in the middle, and finished."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from db.errors import EvalwrightError
from db.examples import iterate_examples
from db.store.connection import Connection
from db.store.workspace import open_workspace
from db.worker_lease import current_lease
from generation.engines.model_store import cached_model, fetch_model, models_folder
from generation.jobs.jobs import find_job
from tests.support.command_line import PATIENCE, environment, start
from tests.support.scripted_engine import BEHAVIOR

pytestmark = pytest.mark.long

COUNT = 8


@pytest.fixture(scope="module")
def cache() -> Path:
    """The user's cache folder, with the model in it."""
    if cached_model() is None:
        try:
            fetch_model()
        except EvalwrightError as error:
            pytest.skip(f"the embedded model can't be had here: {error}")
    return models_folder().parent


def test_a_dataset_by_the_embedded_model_survives_a_kill(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "walks.toml").write_text(BEHAVIOR)
    connection = open_workspace(tmp_path / "evalwright.db")
    env = environment(tmp_path, EVALWRIGHT_CACHE=str(cache))
    generating = start("generate", "walks.toml", "--count", str(COUNT), "--rounds", "2", cwd=tmp_path, env=env)
    wait_for_calls(connection, 10)
    lease = current_lease(connection)
    assert lease is not None
    assert lease.pid != generating.pid
    before = stored(connection)
    os.kill(lease.pid, signal.SIGKILL)
    assert generating.wait(5 * PATIENCE) == 0, (tmp_path / "said.txt").read_text()

    job = find_job(connection, 1)
    assert (job.state, job.items_failed) == ("done", 0), job.note
    assert stored(connection)[: len(before)] == before
    assert job.items_done == len(stored(connection)) == job.items
    after = current_lease(connection)
    assert after is None or after.pid != lease.pid
    examples = list(iterate_examples(connection, job.dataset_id))
    assert len(examples) == job.selected
    assert job.selected == COUNT, job.note
    assert Counter(example.intended for example in examples) == {" Yes": COUNT // 2, " No": COUNT // 2}
    for example in examples:
        assert example.label_confidence is not None
        assert 0.5 < example.label_confidence <= 1
        assert example.question.split('"')[1].startswith("I")
    said = (tmp_path / "said.txt").read_text()
    assert f"long-walks: {COUNT} examples" in said
    assert "Traceback" not in said
    connection.close()


def stored(connection: Connection) -> list[tuple[int, str]]:
    return connection.execute("SELECT item_id, reply FROM calls ORDER BY id").fetchall()


def wait_for_calls(connection: Connection, count: int) -> None:
    deadline = time.monotonic() + 5 * PATIENCE
    while connection.execute("SELECT count(*) FROM calls").fetchone()[0] < count:
        assert time.monotonic() < deadline, "nothing is written"
        time.sleep(0.05)
