"""What a user has agreed to: kept away from the workspace, of one job as it stands, at one place."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from db.errors import InputError
from db.job_records import Limits
from db.jobs import NewItem, claim_items, insert_items, set_state
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from generation.jobs.consent import agree, agreed_jobs, has_agreed, order_name, waits_for
from generation.jobs.jobs import find_job, move_job, waiting_job, widen
from generation.worker.lease import give_up_lease, take_lease
from generation.worker.worker import Worker
from tests.support.scripted_engine import ScriptedEngine, make_job

AS_MALLORY = "UPDATE jobs SET queued_by = 'mallory'"
ALTERED = [
    "model = 'dearer'",
    "engine = 'anthropic'",
    "count = count * 1000",
    "rounds = rounds + 1",
    "seed = seed + 1",
    "keep_open = 1 - keep_open",
    'limits = \'{"budget_usd": "1000"}\'',
    "recipe_text = recipe_text || ' '",
    "behavior_text = behavior_text || ' '",
    "inputs = '{\"a\": []}'",
    "created_at = '2026-01-01T00:00:00.000+00:00'",
]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of one user's own."""
    return as_user(monkeypatch, tmp_path / "ada")


def as_user(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """Goes on as the user of that home."""
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    monkeypatch.setenv("LOGNAME", home.name)
    return home


def test_who_queues_a_job_has_agreed_to_it_and_nobody_else(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(connection)
    assert (job.queued_by, has_agreed(connection, job.id), waits_for(connection, job)) == ("ada", True, "")
    as_user(monkeypatch, tmp_path / "ben")
    assert not has_agreed(connection, job.id)
    assert agreed_jobs(connection) == frozenset()
    assert waits_for(connection, job) == ("queued by ada, not by you here; it waits for their worker, or for your yes")
    agree(connection, job.id)
    agree(connection, job.id)
    assert agreed_jobs(connection) == {order_name(connection, job.id)}


@pytest.mark.parametrize("change", ALTERED)
def test_a_job_that_was_altered_is_another_job(connection: Connection, change: str) -> None:
    job = make_job(connection)
    with write(connection):
        connection.execute(f"UPDATE jobs SET {change}")
    assert not has_agreed(connection, job.id)
    now = find_job(connection, job.id)
    assert waits_for(connection, now) == "queued by you, and changed or moved since; it waits for your yes"


def test_what_moves_while_a_job_runs_changes_nothing(connection: Connection) -> None:
    job = make_job(connection)
    with write(connection):
        connection.execute("UPDATE jobs SET round = 2, items = 9, selected = 3, cost_nanodollars = 5, note = 'x'")
        set_state(connection, job.id, "running")
    assert has_agreed(connection, job.id)


def test_another_job_of_the_same_words_and_a_copy_elsewhere_are_other_jobs(
    connection: Connection, workspace_path: Path, tmp_path: Path
) -> None:
    job = make_job(connection)
    with write(connection):
        names = [row[1] for row in connection.execute("PRAGMA table_info(jobs)") if row[1] != "id"]
        connection.execute(f"INSERT INTO jobs ({', '.join(names)}) SELECT {', '.join(names)} FROM jobs")
    assert [has_agreed(connection, each) for each in (1, 2)] == [True, False]
    copy = tmp_path / "copy.db"
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(workspace_path, copy)
    elsewhere = open_workspace(copy)
    assert not has_agreed(elsewhere, job.id)
    elsewhere.close()
    link = tmp_path / "link.db"
    link.symlink_to(workspace_path)
    by_link = open_workspace(link)
    assert has_agreed(by_link, job.id)
    by_link.close()


def test_a_workspace_put_in_place_of_ones_own_is_another(connection: Connection, workspace_path: Path) -> None:
    job = make_job(connection)
    with write(connection):
        connection.execute("UPDATE settings SET value = 'another' WHERE name = 'workspace_id'")
    assert not has_agreed(connection, job.id)


def test_a_yes_lives_through_what_its_user_changes_and_not_through_what_others_do(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(connection)
    widen(connection, job.id, Limits(budget_tokens=1000))
    assert has_agreed(connection, job.id)
    move_job(connection, job.id, "pause")
    with write(connection):
        set_state(connection, job.id, "short")
    move_job(connection, job.id, "resume")  # which lets it draw once more
    assert has_agreed(connection, job.id)
    ben = as_user(monkeypatch, tmp_path / "ben")
    widen(connection, job.id, Limits(budget_tokens=10**6))
    move_job(connection, job.id, "pause")
    move_job(connection, job.id, "resume")
    assert not has_agreed(connection, job.id)
    assert not ben.exists()
    as_user(monkeypatch, tmp_path / "ada")
    assert not has_agreed(connection, job.id)
    move_job(connection, job.id, "pause")
    move_job(connection, job.id, "resume", said_yes=True)
    assert has_agreed(connection, job.id)


def test_a_yes_is_to_what_was_seen(connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(connection)
    as_user(monkeypatch, tmp_path / "ben")
    seen = order_name(connection, job.id)
    with write(connection):
        connection.execute("UPDATE jobs SET model = 'dearer'")
    with pytest.raises(InputError, match="was changed while you were asked"):
        agree(connection, job.id, seen)
    assert not has_agreed(connection, job.id)


def not_a_folder(state: Path) -> None:
    state.mkdir()
    (state / "evalwright").write_text("")


def a_link(state: Path) -> None:
    (state / "elsewhere" / "agreed").mkdir(parents=True)
    (state / "evalwright").symlink_to(state / "elsewhere")


def of_all(state: Path) -> None:
    (state / "evalwright" / "agreed").mkdir(parents=True)
    (state / "evalwright" / "agreed").chmod(0o777)


@pytest.mark.parametrize("harm", [not_a_folder, a_link, of_all])
def test_where_others_may_write_no_yes_is_kept_and_nothing_is_queued(
    connection: Connection, state: Path, harm: Callable[[Path], None]
) -> None:
    harm(state)
    with pytest.raises(InputError, match="let XDG_STATE_HOME name a folder of your own"):
        make_job(connection)
    assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def test_no_yes_of_others_counts(connection: Connection, state: Path) -> None:
    job = make_job(connection)
    (note,) = (state / "evalwright" / "agreed").iterdir()
    assert note.stat().st_mode & 0o777 == 0o600
    assert (state / "evalwright").stat().st_mode & 0o777 == 0o700
    note.rename(state / "kept")
    note.symlink_to(state / "kept")
    assert not has_agreed(connection, job.id)
    note.unlink()
    (state / "kept").rename(note)
    assert has_agreed(connection, job.id)
    note.parent.chmod(0o777)
    assert not has_agreed(connection, job.id)


async def test_a_worker_that_nobody_asked_for_runs_its_users_jobs_and_then_makes_room(
    connection: Connection, workspace_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    monkeypatch.setattr("generation.worker.worker.REST_SECONDS", 0.0)
    as_user(monkeypatch, tmp_path / "mallory")
    theirs = make_job(connection, count=2, rounds=1)
    as_user(monkeypatch, tmp_path / "ada")
    own = make_job(connection, count=2, rounds=1, behavior='name = "b"\ndescription = "x"\n')
    assert await Worker(workspace_path, engines=lambda *_: ScriptedEngine(), own_only=True).run()
    assert find_job(connection, own.id).state in {"done", "short"}
    assert find_job(connection, theirs.id).state == "queued"
    assert connection.execute("SELECT DISTINCT job_id FROM calls").fetchall() == [(own.id,)]
    assert connection.execute("SELECT count(*) FROM worker_leases").fetchone() == (0,)


def test_a_job_that_somebody_elses_worker_runs_waits_for_nobody(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(connection)
    as_user(monkeypatch, tmp_path / "ben")
    assert waiting_job(connection, job.id).id == job.id
    take_lease(connection, "theirs")
    with write(connection):
        insert_items(connection, job.id, 1, [NewItem("sample", 0, {})])
        claim_items(connection, job.id, 1, lease="theirs", limit=1, now=time.time())
    assert waits_for(connection, job) == ""
    with pytest.raises(InputError, match="is run anyway"):
        waiting_job(connection, job.id)
    give_up_lease(connection, "theirs")
    assert waiting_job(connection, job.id).id == job.id
