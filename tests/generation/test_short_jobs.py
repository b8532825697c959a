"""Jobs that come out short: what they say, and how they go on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from db import datasets, jobs
from db.examples import iterate_examples
from db.job_records import Job, Limits
from db.jobs import NewItem, claim_items
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from db.worker_lease import drop_lease
from generation.engines.protocol import EngineError, JudgeRequest, SampleRequest
from generation.jobs.jobs import find_job, move_job, retry_job, ways_on, widen
from generation.jobs.rounds import draw_again, finish_round
from generation.worker.lease import Turn, take_lease
from tests.support.books import check_books
from tests.support.scripted_engine import ScriptedEngine, make_job, probabilities, run_worker, running_of

pytestmark = pytest.mark.usefixtures("impatient")

YES, NO = " Yes", " No"


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


def is_for_no(request: SampleRequest) -> bool:
    return "would agree with, but" not in request.prompt.user


def labels(connection: Connection, job: Job) -> Counter[str]:
    return Counter(str(example.intended) for example in iterate_examples(connection, job.dataset_id))


async def test_a_short_job_draws_more_when_it_is_resumed_and_closes_again(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    job = make_job(connection, count=4, rounds=1)
    engine.on_judge = lambda _request: probabilities(0.9, 0.1)
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, labels(connection, job)) == ("short", {YES: 2})
    assert datasets.get_dataset(connection, job.dataset_id).state == "closed"
    assert ways_on(now)[0] == f"`evalwright jobs resume {job.id}` draws more."
    before = len(engine.sampled)
    engine.on_judge = lambda _request: None
    assert move_job(connection, job.id, "resume").state == "queued"
    assert datasets.get_dataset(connection, job.dataset_id).state == "open"
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, now.note, labels(connection, job)) == ("done", "", {YES: 2, NO: 2})
    assert datasets.get_dataset(connection, job.dataset_id).state == "closed"
    assert all(is_for_no(request) for request in engine.sampled[before:]), "only what is lacking is drawn"
    assert len({request.seed for request in engine.sampled}) == len(engine.sampled)
    check_books(connection, job)


async def test_failed_calls_of_every_round_can_be_made_again(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    """Samples and judgements that failed in an early round are made in the last one, and their candidates go on."""
    job = make_job(connection, count=8, rounds=2)
    widen(connection, job.id, Limits(redraws=0, failures_in_a_row=1000))

    def failing(request: SampleRequest | JudgeRequest) -> None:
        if isinstance(request, JudgeRequest) or (is_for_no(request) and request.seed % 2):
            raise EngineError("odd")

    engine.on_sample = engine.on_judge = failing
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, now.selected, now.round) == ("short", 0, 2)
    failed = now.items_failed
    assert f"{failed} calls failed" in now.note
    assert f"`evalwright jobs retry {job.id}` makes the failed calls again." in ways_on(now)
    engine.on_sample = engine.on_judge = lambda _request: None  # type: ignore[assignment]
    assert retry_job(connection, job.id) == failed
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, now.items_failed, labels(connection, job)) == ("done", 0, {YES: 4, NO: 4})
    check_books(connection, job)


async def test_retrying_where_nothing_failed_says_what_helps(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    job = make_job(connection, count=4, rounds=1)
    engine.on_judge = lambda _request: probabilities(0.9, 0.1)
    await run_worker(workspace_path, engine)
    with pytest.raises(Exception, match=r"could be made again; `evalwright jobs resume 1` draws more"):
        retry_job(connection, job.id)
    assert find_job(connection, job.id).state == "short"


async def test_a_short_job_without_examples_can_be_dropped_and_gives_its_name_back(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    job = make_job(connection, count=4, rounds=1)
    engine.on_judge = lambda _request: probabilities(0.5, 0.5)
    await run_worker(workspace_path, engine)
    assert find_job(connection, job.id).state == "short"
    with pytest.raises(Exception, match="go on with `evalwright jobs resume 1`, or drop it"):
        make_job(connection)
    move_job(connection, job.id, "cancel")
    assert make_job(connection).dataset == job.dataset


def test_a_further_draw_is_another_one_and_begins_once(connection: Connection, engine: ScriptedEngine) -> None:
    """Slots and seeds go on; killed while it is planned, the same draw is planned to its end."""
    job = make_job(connection, count=40, rounds=2)
    running = running_of(connection, job, engine)
    first = running.recipe.stages[0].first_calls(job, running, 1)
    further = [running.recipe.stages[0].further_calls(job, running, 1, number, [NO]) for number in (1, 2)]
    assert {item.payload["intended"] for items in further for item in items} == {NO}
    assert all(len(items) == len(first) // 2 for items in further)
    everything = [*first, *running.recipe.stages[0].first_calls(job, running, 2), *further[0], *further[1]]
    slots = [(item.payload["slot"], item.payload["intended"]) for item in everything]
    assert len(set(slots)) == len(slots)
    assert len({item.payload["seed"] for item in everything}) == len(everything)

    with write(connection):
        jobs.insert_items(connection, job.id, 1, [*first, *further[0][:3]])
        jobs.begin_round(connection, job.id, 1)
        jobs.set_state(connection, job.id, "running")
    assert take_lease(connection, "me")
    turn, now = Turn(connection, "me", job.id), find_job(connection, job.id)
    assert draw_again(turn, now, running, [NO])
    assert jobs.count_items(connection, job.id) == len(first) + len(further[0])
    assert not draw_again(turn, now, running, [NO]), "once is all that it may"
    assert not draw_again(turn, now, running, [])


def test_a_new_worker_waits_for_no_time_of_another_clock(connection: Connection) -> None:
    job = make_job(connection)
    with write(connection):
        jobs.insert_items(connection, job.id, 1, [NewItem("sample", 0, {})])
    assert take_lease(connection, "one")
    with write(connection):
        (item,) = claim_items(connection, job.id, 1, lease="one", limit=1, now=0)
        jobs.postpone_item(connection, item, "busy", 1e12)
        drop_lease(connection, "one")
    assert take_lease(connection, "two")
    with write(connection):
        assert claim_items(connection, job.id, 1, lease="two", limit=1, now=1.0)


async def test_cancelling_a_short_job_leaves_a_closed_dataset_as_it_is(
    workspace_path: Path, connection: Connection, engine: ScriptedEngine
) -> None:
    """Its review order above all: people may have answered already, and nobody may draw another."""
    job = make_job(connection, count=12, rounds=1)
    engine.on_judge = lambda _request: probabilities(0.9, 0.1)
    await run_worker(workspace_path, engine)
    before = datasets.get_dataset(connection, job.dataset_id)
    order = connection.execute("SELECT example_id, position FROM review_status ORDER BY 1").fetchall()
    assert (before.state, len(order)) == ("closed", 6)
    move_job(connection, job.id, "cancel")
    assert datasets.get_dataset(connection, job.dataset_id) == before
    assert connection.execute("SELECT example_id, position FROM review_status ORDER BY 1").fetchall() == order


def test_what_is_left_out_adds_up(connection: Connection) -> None:
    job = make_job(connection, engine="openai-compatible")
    widen(connection, job.id, Limits(leave_out=("seed",)))
    assert widen(connection, job.id, Limits(leave_out=("top_p",))).limits.leave_out == ("seed", "top_p")


@pytest.mark.parametrize("rounds_in_all", [1, 2])
async def test_calls_put_back_between_two_steps_of_the_worker_are_made(
    workspace_path: Path,
    connection: Connection,
    engine: ScriptedEngine,
    monkeypatch: pytest.MonkeyPatch,
    rounds_in_all: int,
) -> None:
    """A person retries just when the round, or the job, is about to end."""
    job = make_job(connection, count=4, rounds=rounds_in_all)
    widen(connection, job.id, Limits(redraws=0, failures_in_a_row=1000))
    engine.on_sample = _failing
    retried: list[int] = []

    def finish_and_retry(*arguments: Any) -> list[str]:
        lacking = finish_round(*arguments)
        if not retried:
            engine.on_sample = lambda _request: None
            other = open_workspace(workspace_path)
            retried.append(retry_job(other, job.id))
            other.close()
        return lacking

    monkeypatch.setattr("generation.jobs.pipeline.finish_round", finish_and_retry)
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert retried[0] > 0
    assert (now.items_done, now.items_failed) == (now.items, 0)
    waiting = connection.execute("SELECT count(*) FROM work_items WHERE state = 'waiting'").fetchone()[0]
    assert (now.finished, waiting) == (True, 0)
    check_books(connection, job)


def _failing(request: SampleRequest) -> None:
    if request.seed % 3 == 0:
        raise EngineError("odd")
