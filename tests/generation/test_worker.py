"""Whole jobs, run by a worker over an engine in this process."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path

import pytest

from db import candidates as candidate_rows
from db.store.connection import Connection
from db.store.workspace import open_workspace
from generation.engines.protocol import JudgeRequest, SampleReply, SampleRequest
from generation.jobs.jobs import find_job
from generation.recipes.recipe import load_recipe
from review.assignment.serving import next_example, start_session
from review.datasets.find_and_close import find
from tests.support.books import all_candidates, check_books, examples_of
from tests.support.scripted_engine import (
    ScriptedEngine,
    agreement_share,
    completions,
    make_job,
    probabilities,
    run_worker,
    share,
    vote,
)

pytestmark = pytest.mark.usefixtures("impatient")

PERSONA = load_recipe("persona")


async def test_a_job_ends_with_its_examples_and_a_closed_dataset(workspace_path: Path, connection: Connection) -> None:
    job = make_job(connection, count=20, rounds=5)
    engine = ScriptedEngine()
    assert await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert (now.state, now.selected, now.note) == ("done", 20, "")
    check_books(connection, job)
    examples = examples_of(connection, job)
    assert Counter(example.intended for example in examples) == {" Yes": 10, " No": 10}
    assert find(connection, "long-walks").state == "closed"
    assert engine.closed
    assert engine.most_in_flight == engine.concurrency
    for example in examples:
        agreed = agreement_share(example.question)
        expected = agreed if example.intended == " Yes" else 1 - agreed
        assert example.question == PERSONA.question_of({"text": example.question.split('"')[1]})
        assert example.label_confidence == pytest.approx(expected)
        assert expected > 0.5


async def test_what_was_chosen_are_the_best_of_each_round(workspace_path: Path, connection: Connection) -> None:
    """Recomputed from the candidates alone, round by round."""
    job = make_job(connection, count=12, rounds=3)
    await run_worker(workspace_path, ScriptedEngine())
    candidates = [candidate for candidate in all_candidates(connection, job) if candidate.stage != "deduplicate"]
    kept: set[int] = set()
    for number in range(1, 4):
        for label in PERSONA.choices:
            pool = [
                each
                for each in candidates
                if each.round <= number and each.intended == label and (each.label_confidence or 0) > 0.5
            ]
            free = sorted(
                (each for each in pool if each.id not in kept), key=lambda c: (-(c.label_confidence or 0), c.id)
            )
            have = sum(1 for each in pool if each.id in kept)
            kept |= {each.id for each in free[: 2 * number - have]}
    assert {each.id for each in candidates if each.fate == "selected"} == kept
    reasons = {each.reason for each in candidates if each.fate == "dropped"}
    assert reasons == {"the most probable label is another", "others of its label scored higher"}


async def test_a_label_that_has_none_draws_again_and_the_other_keeps_its_best(
    workspace_path: Path, connection: Connection
) -> None:
    """Nothing passes for No: it draws twice, the job comes out short, and the best for Yes are kept all the same."""
    job = make_job(connection, count=4, rounds=1)
    engine = ScriptedEngine()
    engine.on_judge = lambda _request: probabilities(0.9, 0.1)
    await run_worker(workspace_path, engine)
    check_books(connection, job)
    now = find_job(connection, job.id)
    assert (now.state, now.selected) == ("short", 2)
    assert now.note == (
        "2 of 4 wanted passed the recipe's stages; "
        "most of the others ended at judge: the most probable label is another (40)"
    )
    drawn = Counter(each.intended for each in all_candidates(connection, job))
    assert drawn[" No"] == 2 * drawn[" Yes"]
    assert {each.intended for each in all_candidates(connection, job) if each.stage == "select"} == {" Yes"}
    assert len({request.seed for request in engine.sampled}) == len(engine.sampled)


async def test_a_stored_call_holds_what_was_sent_and_what_came(workspace_path: Path, connection: Connection) -> None:
    job = make_job(connection)
    engine = ScriptedEngine()
    await run_worker(workspace_path, engine)
    rows = connection.execute("SELECT prompt, reply, model, input_tokens, output_tokens FROM calls").fetchall()
    assert len(rows) == engine.calls
    assert {row[2] for row in rows} == {"pretend-model-1"}
    asked: list[SampleRequest | JudgeRequest] = [*engine.sampled, *engine.judged]
    sent = sorted(json.loads(row[0])["prompt"]["user"] for row in rows)
    assert sent == sorted(request.prompt.user for request in asked)
    now = find_job(connection, job.id)
    assert now.input_tokens == sum(row[3] for row in rows)
    assert now.output_tokens == sum(row[4] for row in rows)


async def test_the_same_seed_and_engine_give_the_same_prompts_and_examples(tmp_path: Path) -> None:
    asked, made = [], []
    for number in (1, 2):
        path = tmp_path / f"{number}.db"
        connection = open_workspace(path)
        job = make_job(connection, seed=5)
        engine = ScriptedEngine(concurrency=1)
        await run_worker(path, engine)
        asked.append([*engine.sampled, *engine.judged])
        made.append([example.question for example in examples_of(connection, job)])
        connection.close()
    assert asked[0] == asked[1]
    assert made[0] == made[1]


async def test_requests_differ_in_prompt_or_seed(workspace_path: Path, connection: Connection) -> None:
    make_job(connection, count=12, rounds=3)
    engine = ScriptedEngine(has_probabilities=False)
    await run_worker(workspace_path, engine)
    assert len(set(engine.sampled)) == len(engine.sampled)
    assert len(set(engine.judged)) == len(engine.judged)


async def test_votes_make_label_confidence_a_share(workspace_path: Path, connection: Connection) -> None:
    job = make_job(connection)
    engine = ScriptedEngine(has_probabilities=False)
    await run_worker(workspace_path, engine)
    check_books(connection, job)
    judged = [each for each in all_candidates(connection, job) if each.label_confidence is not None]
    votes = PERSONA.judges[0].question("local").votes
    for each in judged:
        place = PERSONA.choices.index(each.intended)
        given = [vote[place] for vote in each.scores["judge"]]
        assert len(given) == votes
        assert each.label_confidence == sum(given) / votes
    assert len(engine.judged) == votes * len(judged)
    assert all((example.label_confidence or 0) > 0.5 for example in examples_of(connection, job))


# Every stage drops with its reason


def twenty_ways(request: SampleRequest) -> SampleReply | None:
    """Some replies are of no use, each in its own way."""
    ways = {
        0: completions(" half a sen", stop_reason="length"),
        1: completions("I can't help with that", stop_reason="refusal"),
        2: completions(""),
        3: completions(" am"),
        4: completions(" walk \x1b]0;owned\x07 along roads"),
        5: completions(" walk the same way always"),
    }
    return ways.get(request.seed % 20)


async def test_the_funnel_adds_up_at_every_stage(workspace_path: Path, connection: Connection) -> None:
    job = make_job(connection, count=40, rounds=4)
    engine = ScriptedEngine()
    engine.on_sample = twenty_ways

    def size(request: JudgeRequest) -> int:
        """The same for every vote on a text."""
        return int(share(request.prompt) * 256)

    unread = [vote(None, stop_reason="refusal"), vote(None, raw="{"), vote(None, stop_reason="length")]
    engine.on_judge = lambda request: unread[size(request) % 3] if size(request) % 7 == 0 else None
    await run_worker(workspace_path, engine)
    check_books(connection, job)
    funnel: Counter[tuple[str, str]] = Counter()
    for row in candidate_rows.funnel(connection, job.id):
        funnel[row.stage, row.reason] += row.count
    assert set(funnel) == {
        ("parse", "cut off"),
        ("parse", "refused"),
        ("parse", "empty"),
        ("check", "fewer than 3 words"),
        ("check", "control characters"),
        ("deduplicate", "repeats an earlier one"),
        ("judge", "the judge's replies were refusals"),
        ("judge", "the judge's replies were unreadable"),
        ("judge", "the judge's replies were cut off"),
        ("judge", "the most probable label is another"),
        ("select", "others of its label scored higher"),
        ("select", ""),
    }
    drawn = Counter(request.seed % 20 for request in engine.sampled)
    assert funnel["parse", "cut off"] == drawn[0]
    assert funnel["parse", "refused"] == drawn[1]
    assert funnel["parse", "empty"] == drawn[2]
    assert funnel["check", "fewer than 3 words"] == drawn[3]
    assert funnel["check", "control characters"] == drawn[4]
    assert funnel["deduplicate", "repeats an earlier one"] == drawn[5] - 1
    judged = {request.prompt for request in engine.judged}
    assert len(judged) == len(engine.sampled) - sum(drawn[way] for way in range(6)) + 1
    unclear = [prompt for prompt in judged if int(share(prompt) * 256) % 7 == 0]
    assert len(engine.judged) == len(judged) + 4 * len(unclear), "where one reply can't be read, votes decide"
    assert sum(funnel.values()) == len(engine.sampled) == find_job(connection, job.id).candidates


async def test_a_job_that_falls_short_is_short_and_says_so(workspace_path: Path, connection: Connection) -> None:
    job = make_job(connection, count=10, rounds=2)
    engine = ScriptedEngine()
    engine.on_sample = lambda request: (
        completions(" walk always the same") if "would agree with, but" in request.prompt.user else None
    )
    await run_worker(workspace_path, engine)
    now = find_job(connection, job.id)
    assert now.state == "short"
    assert now.selected in {5, 6}
    assert now.note.startswith(f"{now.selected} of 10 wanted passed the recipe's stages; most of the others ended at ")
    assert Counter(example.intended for example in examples_of(connection, job)).total() == now.selected
    check_books(connection, job)


# Rounds


async def test_a_rounds_choice_is_final_and_can_be_labelled_while_the_job_goes_on(
    workspace_path: Path, connection: Connection
) -> None:
    job = make_job(connection, count=12, rounds=3)
    engine = ScriptedEngine()
    chosen: list[dict[int, str]] = []

    def look(connection: Connection) -> bool:
        now = find_job(connection, job.id)
        rows = connection.execute("SELECT id, question FROM examples").fetchall()
        if len(rows) > len(chosen[-1] if chosen else {}):
            chosen.append(dict(rows))
        return now.finished

    session = start_session(connection, "Ada")
    assert next_example(connection, session, find(connection, "long-walks")) is None
    await run_worker(workspace_path, engine, look)
    chosen.append({example.id: example.question for example in examples_of(connection, job)})
    for earlier, later in itertools.pairwise(chosen):
        assert earlier.items() <= later.items()
    served = next_example(connection, session, find(connection, "long-walks"))
    assert served is not None
    assert served.id in chosen[-1]
    selected = {each.example_id for each in all_candidates(connection, job) if each.fate == "selected"}
    assert selected == set(chosen[-1])  # only what was selected can be served


async def test_the_first_round_is_there_before_the_second_is_asked_for(
    workspace_path: Path, connection: Connection
) -> None:
    job = make_job(connection, count=12, rounds=3)
    engine = ScriptedEngine()
    seen: dict[int, int] = {}

    def note(request: SampleRequest) -> None:
        examples = connection.execute("SELECT count(*) FROM examples").fetchone()[0]
        seen.setdefault(find_job(connection, job.id).round, examples)

    engine.on_sample = note
    await run_worker(workspace_path, engine)
    assert seen == {1: 0, 2: 4, 3: 8}


async def test_keep_open_leaves_the_dataset_open(workspace_path: Path, connection: Connection) -> None:
    make_job(connection, keep_open=True)
    await run_worker(workspace_path, ScriptedEngine())
    assert find(connection, "long-walks").state == "open"
