from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import candidates as candidate_rows
from db import jobs as job_rows
from db.job_records import Call, Job, NewCandidate, WorkItem
from db.jobs import NewItem
from db.store.connection import Connection, write
from generation.engines.protocol import Completion, Judgement, Prompt, SampleRequest, Sampling
from generation.jobs.pipeline import request_for, store_reply
from generation.jobs.running import RunningJob
from generation.recipes.behaviors import parse_behavior
from generation.recipes.recipe import load_recipe
from generation.recipes.stages.check import CheckStage
from generation.recipes.stages.sample import SampleStage
from tests.support.scripted_engine import (
    BEHAVIOR,
    ScriptedEngine,
    completions,
    make_job,
    probabilities,
    running_of,
    stage_of,
    vote,
)

PERSONA = load_recipe("persona")
SAMPLE = stage_of(PERSONA, "sample", SampleStage)
CHECK = stage_of(PERSONA, "check", CheckStage)


def job_like(count: int, rounds: int, *, engine: str = "local", seed: int = 7) -> Job:
    return Job(
        id=1,
        dataset_id=1,
        dataset="walks",
        recipe="persona",
        engine=engine,
        model="m",
        count=count,
        rounds=rounds,
        round=0,
        seed=seed,
        keep_open=False,
        state="queued",
        note="",
        items=0,
        items_done=0,
        items_failed=0,
        candidates=0,
        selected=0,
        input_tokens=0,
        output_tokens=0,
    )


def held(engine: ScriptedEngine, behavior: str = BEHAVIOR) -> RunningJob:
    return RunningJob(PERSONA, parse_behavior("b", behavior), engine, {})


def planned(job: Job, engine: ScriptedEngine, behavior: str = BEHAVIOR) -> list[list[NewItem]]:
    return [SAMPLE.first_calls(job, held(engine, behavior), number) for number in range(1, job.rounds + 1)]


# Plans


def test_ten_candidates_are_drawn_for_each_example_kept() -> None:
    for per_call in (1, 4, 16):
        rounds = planned(job_like(100, 5), ScriptedEngine(samples_per_call=per_call))
        drawn = dict.fromkeys(PERSONA.choices, 0)
        for item in (item for items in rounds for item in items):
            assert 1 <= item.payload["count"] <= per_call
            drawn[item.payload["intended"]] += item.payload["count"]
        calls = sum(len(items) for items in rounds) // 2
        assert all(500 <= count < 500 + calls for count in drawn.values()), drawn


def test_lists_are_asked_for_as_many_as_it_takes() -> None:
    rounds = planned(job_like(20, 5, engine="anthropic"), ScriptedEngine())
    assert [len(items) for items in rounds] == [2] * 5  # per label 20 candidates a round: one list of 20


@given(
    count=st.integers(1, 60),
    rounds=st.integers(1, 12),
    samples_per_call=st.sampled_from([1, 3, 16]),
    engine=st.sampled_from(["local", "anthropic"]),
)
def test_no_call_of_a_job_is_planned_twice(count: int, rounds: int, samples_per_call: int, engine: str) -> None:
    job = job_like(2 * count, min(rounds, count), engine=engine)
    items = [item for items in planned(job, ScriptedEngine(samples_per_call=samples_per_call)) for item in items]
    calls = [(item.payload["intended"], item.payload["slot"]) for item in items]
    assert len(set(calls)) == len(calls)
    slots = [slot for _, slot in calls]
    assert sorted(set(slots)) == list(range(1, len(calls) // 2 + 1))
    assert len({item.payload["seed"] for item in items}) == len(items)
    drawn = sum(item.payload["count"] for item in items) * SAMPLE.drawing(engine).per_call
    assert drawn >= 2 * count * SAMPLE.drawing(engine).per_kept


def test_the_same_seed_gives_the_same_plan_and_another_another() -> None:
    engine = ScriptedEngine()
    assert planned(job_like(20, 5), engine) == planned(job_like(20, 5), engine)
    assert planned(job_like(20, 5), engine) != planned(job_like(20, 5, seed=8), engine)


def test_a_request_holds_the_prompt_as_it_is_sent() -> None:
    job = job_like(20, 5)
    running = held(ScriptedEngine(samples_per_call=16))
    payload = SAMPLE.first_calls(job, running, 1)[1].payload
    request = request_for(job, running, WorkItem(1, 1, 1, "sample", 1, None, payload, 1, "lease"), None)
    assert isinstance(request, SampleRequest)
    assert "a person who enjoys long walks in any weather. Please" in request.prompt.user
    assert "would disagree with, but others would agree with" in request.prompt.user
    assert (request.count, request.seed) == (payload["count"], payload["seed"])


# Candidates from replies


def read(engine: str, *replies: Completion) -> list[NewCandidate]:
    request = SampleRequest(Prompt("", SAMPLE.drawing(engine).reply), Sampling(10))
    return SAMPLE.candidates_in(request, replies, engine, intended=" Yes", wording="", fields={})


def reasons(*replies: Completion, engine: str = "anthropic") -> list[tuple[str, str, str]]:
    """What each candidate ends as on its way to the judge: its text, stage and reason."""
    found = read(engine, *replies)
    assert [candidate.ordinal for candidate in found] == list(range(len(found)))
    ended = []
    for candidate in found:
        dropped = "parse" if candidate.problem else ""
        reason = candidate.problem or CHECK.problem({"text": candidate.text})
        ended.append((candidate.text, dropped or ("check" if reason else ""), reason))
    return ended


def test_each_candidate_goes_on_or_says_what_dropped_it() -> None:
    assert reasons(
        Completion("- I like rain\n- Rain\n- I like \x1b[2J fog", "stop"),
        Completion("no list", "stop"),
        Completion("I can't", "refusal"),
        Completion("- I like wind\n- I li", "length"),
    ) == [
        ("I like rain", "", ""),
        ("Rain", "check", "fewer than 3 words"),
        ("I like \x1b[2J fog", "check", "control characters"),
        ("no list", "parse", "no list"),
        ("I can't", "parse", "refused"),
        ("I like wind", "", ""),
        ("I li", "parse", "cut off"),
    ]


def test_no_more_are_taken_from_a_reply_than_were_asked_for() -> None:
    per_call = SAMPLE.drawing("anthropic").per_call
    lines = "\n".join(f"- I like road {number}" for number in range(per_call + 3))
    kept = reasons(Completion(lines, "stop"))
    assert [reason for _, _, reason in kept] == [""] * per_call + ["more than were asked for"] * 3
    assert {stage for _, stage, reason in kept if reason} == {"parse"}


def test_half_a_surrogate_pair_is_dropped_and_can_be_stored() -> None:
    ((text, stage, reason),) = reasons(Completion("- I like \ud83d rain", "stop"))
    assert (stage, reason) == ("parse", "half a character")
    assert text.encode()


# Stored


@pytest.fixture
def job(connection: Connection) -> Job:
    return make_job(connection)


def claimed(connection: Connection, job: Job, *items: NewItem) -> list[WorkItem]:
    with write(connection):
        job_rows.insert_items(connection, job.id, 1, items)
        return job_rows.claim_items(connection, job.id, 1, lease="me", limit=100, now=1.0)


def sampled(connection: Connection, job: Job, engine: ScriptedEngine, *texts: str) -> list[WorkItem]:
    """Stores one sample reply; returns the judge items that follow from it."""
    payload = {"intended": " Yes", "count": len(texts), "slot": 1, "seed": len(texts)}
    ordinal = job_rows.get_job(connection, job.id).items  # type: ignore[union-attr]
    (item,) = claimed(connection, job, NewItem("sample", ordinal, payload))
    running = running_of(connection, job, engine)
    request = request_for(job, running, item, None)
    with write(connection):
        job_rows.finish_item(connection, item, call())
        store_reply(connection, job, running, item, request, completions(*texts))
    return claimed(connection, job)


def test_a_repeat_is_dropped_with_its_twin_and_never_judged(connection: Connection, job: Job) -> None:
    engine = ScriptedEngine(samples_per_call=16)
    first = sampled(connection, job, engine, " like rain", " like RAIN!", " like fog")
    again = sampled(connection, job, engine, " like  fog", " like mud")
    assert [len(first), len(again)] == [2, 1]
    rows = connection.execute("SELECT id, text, stage, reason, twin_id FROM candidates ORDER BY id").fetchall()
    assert rows == [
        (1, "I like rain", "judge", "", None),
        (2, "I like RAIN!", "deduplicate", "repeats an earlier one", 1),
        (3, "I like fog", "judge", "", None),
        (4, "I like fog", "deduplicate", "repeats an earlier one", 3),
        (5, "I like mud", "judge", "", None),
    ]


def test_an_engine_without_probabilities_is_asked_for_votes(connection: Connection, job: Job) -> None:
    items = sampled(connection, job, ScriptedEngine(has_probabilities=False), " like rain")
    assert len(items) == PERSONA.judges[0].question("local").votes == 5
    assert len({item.payload["seed"] for item in items}) == 5


def confidence_after(
    connection: Connection, job: Job, items: list[WorkItem], *judgements: Judgement
) -> float | None:  # fmt: skip
    running = running_of(connection, job, ScriptedEngine())
    with write(connection):
        for item, judgement in zip(items, judgements, strict=False):
            assert item.candidate_id is not None
            candidate = candidate_rows.get_candidate(connection, item.candidate_id)
            job_rows.finish_item(connection, item, call())
            request = request_for(job, running, item, candidate)
            store_reply(connection, job, running, item, request, judgement)
    assert items[0].candidate_id is not None
    return candidate_rows.get_candidate(connection, items[0].candidate_id).label_confidence


def test_votes_make_a_share_and_unread_ones_are_counted_apart(connection: Connection, job: Job) -> None:
    items = sampled(connection, job, ScriptedEngine(has_probabilities=False), " like rain")
    judgements = [vote(0), vote(1), vote(None, raw="?"), vote(0), vote(None, stop_reason="refusal")]
    assert confidence_after(connection, job, items, *judgements) == pytest.approx(2 / 3)
    candidate = candidate_rows.get_candidate(connection, items[0].candidate_id or 0)
    assert candidate.scores["judge"] == [[1.0, 0.0], [0.0, 1.0], None, [1.0, 0.0], None]
    assert candidate.scores["unread"] == {"judge": ["unreadable", "refusals"]}
    assert (candidate.stage, candidate.fate) == ("select", "waiting")


def test_probabilities_are_taken_as_they_are(connection: Connection, job: Job) -> None:
    items = sampled(connection, job, ScriptedEngine(), " like rain")
    assert confidence_after(connection, job, items, probabilities(0.25, 0.75)) == 0.25


# Fencing


def call() -> Call:
    return Call({"prompt": {}}, {"completions": []}, "m", 1, 1, 0.1)


def test_a_call_is_stored_once_and_only_by_whoever_holds_it(connection: Connection, job: Job) -> None:
    (item,) = claimed(connection, job, NewItem("sample", 0, {"seed": 1}))
    with write(connection):
        assert not job_rows.finish_item(connection, replace(item, lease="somebody else"), call())
        assert not job_rows.finish_item(connection, replace(item, attempt=item.attempt + 1), call())
        assert job_rows.finish_item(connection, item, call())
        assert not job_rows.finish_item(connection, item, call())
        assert not job_rows.fail_item(connection, item, "too late")
    assert connection.execute("SELECT count(*) FROM calls").fetchone() == (1,)
    now = job_rows.get_job(connection, job.id)
    assert now is not None
    assert (now.items, now.items_done, now.items_failed) == (1, 1, 0)


def test_an_item_that_was_given_back_is_not_ended_by_its_earlier_holder(connection: Connection, job: Job) -> None:
    (item,) = claimed(connection, job, NewItem("sample", 0, {"seed": 1}))
    with write(connection):
        job_rows.give_back_items(connection)
        assert not job_rows.finish_item(connection, item, call())
        (again,) = job_rows.claim_items(connection, job.id, 1, lease="me", limit=9, now=1.0)
        assert again.attempt == item.attempt + 1
        assert not job_rows.finish_item(connection, item, call())
        assert not job_rows.fail_item(connection, item, "late")
        job_rows.postpone_item(connection, item, "late", 1e12)
        assert job_rows.finish_item(connection, again, call())


def test_what_is_postponed_waits_for_its_time(connection: Connection, job: Job) -> None:
    (item,) = claimed(connection, job, NewItem("sample", 0, {"seed": 1}))
    with write(connection):
        job_rows.postpone_item(connection, item, "busy", 100.0)
        assert job_rows.claim_items(connection, job.id, 1, lease="me", limit=9, now=99.0) == []
        assert job_rows.has_unfinished_items(connection, job.id, 1)
        assert len(job_rows.claim_items(connection, job.id, 1, lease="me", limit=9, now=100.0)) == 1
        assert job_rows.has_unfinished_items(connection, job.id, 1)
        assert not job_rows.has_unfinished_items(connection, job.id, 2)


def test_planning_a_round_twice_adds_nothing(connection: Connection, job: Job) -> None:
    items = SAMPLE.first_calls(job, held(ScriptedEngine()), 1)
    for _ in range(2):
        with write(connection):
            job_rows.insert_items(connection, job.id, 1, items)
    now = job_rows.get_job(connection, job.id)
    assert now is not None
    assert now.items == len(items)
    assert connection.execute("SELECT count(*) FROM work_items").fetchone() == (len(items),)
