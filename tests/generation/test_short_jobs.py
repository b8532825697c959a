"""Jobs that come out short: what they say, and how they go on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from db import datasets, jobs
from db.connection import Connection, write
from db.examples import iterate_examples
from db.job_records import Job, Limits
from db.jobs import NewItem, claim_items
from db.worker_lease import drop_lease
from generation.engines.protocol import EngineError, JudgeRequest, SampleRequest
from generation.jobs import find_job, move_job, retry_job, ways_on, widen
from generation.lease import Turn, take_lease
from generation.plan import redraw_items, round_items
from generation.rounds import draw_again
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
    with pytest.raises(Exception, match=r"not for calls that failed; `evalwright jobs resume 1` draws more"):
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
    first = round_items(job, running, 1)
    further = [redraw_items(job, running, 1, number, [NO]) for number in (1, 2)]
    assert {item.payload["intended"] for items in further for item in items} == {NO}
    assert all(len(items) == len(first) // 2 for items in further)
    everything = [*first, *round_items(job, running, 2), *further[0], *further[1]]
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
