"""Chat completions of every shape that servers send, read for what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from db.job_records import Limits
from db.store.connection import Connection
from generation.engines.openai_compatible import OpenAICompatibleEngine
from generation.jobs.jobs import find_job, widen
from tests.support.messages_server import Answer, Received
from tests.support.scripted_engine import make_job, run_worker
from tests.support.wild_server import Bend, WildServer, bytes_of, check_judged_once, choice, refusing, run, said, say

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]


def think(reply: dict[str, Any], _body: object) -> None:
    say(reply, f"<think>\nThe user wants it.\n- zz a bullet in a thought\n</think>\n\n{said(reply)}")


def think_in_tokens(reply: dict[str, Any], _body: object) -> None:
    """The server keeps thoughts out of the text, and in the list of tokens."""
    tokens = (choice(reply).get("logprobs") or {}).get("content")
    if tokens:
        thoughts = ["<think>", " They", " would", " disagree", ".", "</think>", "\n\n"]
        listed = [{"token": text, "top_logprobs": [{"token": text, "logprob": -0.01}]} for text in thoughts]
        tokens[:0] = listed


def untag(reply: dict[str, Any], _body: object) -> None:
    """The same without marks: only the text says where the answer begins."""
    think_in_tokens(reply, _body)
    tokens = (choice(reply).get("logprobs") or {}).get("content") or []
    for entry in tokens:
        entry["token"] = {"<think>": "Well", "</think>": " then"}.get(entry["token"], entry["token"])


def one_alternative(reply: dict[str, Any], _body: object) -> None:
    for entry in (choice(reply).get("logprobs") or {}).get("content") or []:
        entry["top_logprobs"] = [{**entry["top_logprobs"][0], "logprob": -0.1}]


def null_alternatives(reply: dict[str, Any], _body: object) -> None:
    for entry in (choice(reply).get("logprobs") or {}).get("content") or []:
        entry["top_logprobs"][0]["logprob"] = -0.1
        for other in entry["top_logprobs"][1:]:
            other["logprob"] = None


def minus_infinity(reply: dict[str, Any], _body: object) -> bytes:
    for entry in (choice(reply).get("logprobs") or {}).get("content") or []:
        entry["top_logprobs"].append({"token": " never", "logprob": float("-inf")})
    return bytes_of(reply)


SHAPES: dict[str, Bend] = {
    "as it should be": lambda _reply, _body: None,
    "finish_reason null": lambda reply, _: choice(reply).update(finish_reason=None),
    "finish_reason absent": lambda reply, _: choice(reply).pop("finish_reason") and None,
    "finish_reason eos": lambda reply, _: choice(reply).update(finish_reason="eos"),
    "finish_reason tool_calls": lambda reply, _: choice(reply).update(finish_reason="tool_calls"),
    "parts": lambda reply, _: say(
        reply, [{"type": "thinking", "thinking": "- zz no"}, {"type": "text", "text": said(reply)}]
    ),
    "thoughts": think,
    "thoughts aside": lambda reply, _: say(reply, said(reply), reasoning_content="- zz a thought"),
    "thoughts in tokens": think_in_tokens,
    "thoughts without marks": untag,
    "one alternative": one_alternative,
    "null alternatives": null_alternatives,
    "minus infinity": minus_infinity,
    "byte order mark": lambda reply, _: b"\xef\xbb\xbf" + bytes_of(reply),
    "usage absent": lambda reply, _: reply.pop("usage") and None,
    "usage half": lambda reply, _: reply["usage"].update(completion_tokens=None),
    "usage in floats": lambda reply, _: reply.update(usage={"prompt_tokens": 10.0, "completion_tokens": 3.0}),
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_replies_of_every_shape_are_read(
    wild_server: WildServer, workspace_path: Path, connection: Connection, shape: str
) -> None:
    """Every candidate is judged with probabilities, in one call, and no thought becomes a candidate."""
    wild_server.bend = SHAPES[shape]
    job = await run(connection, workspace_path)
    assert (job.state in {"done", "short"}, job.items_failed) == (True, 0)
    check_judged_once(connection)
    texts = [text for (text,) in connection.execute("SELECT text FROM candidates")]
    assert texts
    assert not any("zz" in text for text in texts)
    scores = [json.loads(scores) for (scores,) in connection.execute("SELECT scores FROM candidates")]
    judged = [each["judge"] for each in scores if "judge" in each]
    assert all(len(votes) == 1 and 0 < votes[0][0] < 1 for votes in judged)


async def test_fewer_alternatives_are_asked_for_where_a_server_gives_no_more(
    wild_server: WildServer, workspace_path: Path, connection: Connection
) -> None:
    def at_most_five(received: Received) -> Answer | None:
        many = received.body.get("top_logprobs", 0) > 5
        return refusing(400, {"message": "at most 5 log probabilities may be asked for"}) if many else None

    wild_server.script = at_most_five
    job = await run(connection, workspace_path)
    assert job.items_failed == 0
    check_judged_once(connection)
    asked = [received.body["top_logprobs"] for received in wild_server.received if "top_logprobs" in received.body]
    assert asked[-1] == 5
    assert asked.count(20) <= 4, "what was refused once is not asked again"


@pytest.mark.parametrize("refusal", ["logprobs is not supported", "Bad request"])
async def test_votes_decide_where_a_server_refuses_log_probabilities(
    wild_server: WildServer, workspace_path: Path, connection: Connection, refusal: str
) -> None:
    wild_server.script = lambda received: refusing(400, {"message": refusal}) if "logprobs" in received.body else None
    job = await run(connection, workspace_path)
    assert job.items_failed == 0
    asked, candidates = connection.execute(
        "SELECT count(*), count(DISTINCT candidate_id) FROM work_items WHERE stage = 'judge'"
    ).fetchone()
    assert asked == 5 * candidates > 0


async def test_a_reply_that_cannot_be_read_is_followed_by_one_more_that_is_held_to_the_answers(
    wild_server: WildServer, workspace_path: Path, connection: Connection
) -> None:
    """As on llama.cpp's server with a small model: what it says freely is no answer, under a form it is one."""

    def ramble(reply: dict[str, Any], body: Mapping[str, Any]) -> None:
        if "logprobs" in body and "response_format" not in body:
            say(reply, "I'm not sure yet.", refusal=None)
            choice(reply)["logprobs"]["content"] = [{"token": "I'm", "top_logprobs": [{"token": "I'm", "logprob": -1}]}]

    wild_server.bend = ramble
    job = await run(connection, workspace_path)
    assert (job.state, job.items_failed) == ("done", 0)
    scores = [json.loads(scores) for (scores,) in connection.execute("SELECT scores FROM candidates")]
    judged = [each["judge"] for each in scores if "judge" in each]
    assert [None] in [votes[:1] for votes in judged]
    assert all(votes.count(None) == len(votes) - 1 for votes in judged), "the first that can be read is the last"


async def test_a_form_that_is_refused_without_a_name_is_given_up(
    wild_server: WildServer, workspace_path: Path, connection: Connection
) -> None:
    refused = refusing(400, {"message": "This response_format type is unavailable now"})
    wild_server.script = lambda received: refused if "response_format" in received.body else None

    def says_nothing(reply: dict[str, Any], body: Mapping[str, Any]) -> None:
        if "logprobs" in body and "grammar" not in body:
            say(reply, "I would rather not say.")
            choice(reply).update(logprobs=None)

    wild_server.bend = says_nothing
    job = await run(connection, workspace_path)
    assert job.items_failed == 0
    formed = [received for received in wild_server.received if "response_format" in received.body]
    assert 0 < len(formed) <= 4


async def test_a_judge_steps_back_where_there_is_no_room_for_thoughts(
    wild_server: WildServer, workspace_path: Path, connection: Connection
) -> None:
    """Once one was cut off, all would be refused for ever."""
    large = refusing(400, {"message": "'max_tokens' or 'max_completion_tokens' is too large: 4096. Reduce the length"})
    wild_server.script = lambda received: large if received.body.get("max_tokens", 0) == 4096 else None
    cut = iter([True])

    def cut_one(reply: dict[str, Any], body: Mapping[str, Any]) -> None:
        if "logprobs" in body and next(cut, False):
            say(reply, "<think>it is")
            choice(reply).update(finish_reason="length", logprobs=None)

    wild_server.bend = cut_one
    job = await run(connection, workspace_path)
    assert (job.state in {"done", "short"}, job.items_failed) == (True, 0)
    assert not any("max_completion_tokens" in received.body for received in wild_server.received)


async def test_one_bad_moment_is_no_reason_to_vote(
    wild_server: WildServer, workspace_path: Path, connection: Connection
) -> None:
    moments = iter([True])
    wild_server.script = lambda received: (
        refusing(400, {"message": "try later"}) if "logprobs" in received.body and next(moments, False) else None
    )
    job = await run(connection, workspace_path)
    assert job.items_failed == 0
    asked, candidates = connection.execute(
        "SELECT count(*), count(DISTINCT candidate_id) FROM work_items WHERE stage = 'judge'"
    ).fetchone()
    assert asked <= candidates + 4, "one candidate is voted on, the others are judged with probabilities"


async def test_what_an_unusable_reply_took_counts_against_the_budget(
    wild_server: WildServer, workspace_path: Path, connection: Connection
) -> None:
    def sometimes_empty(reply: dict[str, Any], _body: object) -> None:
        reply["usage"] = {"prompt_tokens": 300, "completion_tokens": 700}
        if len(wild_server.received) % 2:
            reply["choices"] = []

    wild_server.bend = sometimes_empty
    job = make_job(connection, engine="openai-compatible", count=40, rounds=1)
    widen(connection, job.id, Limits(budget_tokens=60_000, failures_in_a_row=1000))
    await run_worker(workspace_path, OpenAICompatibleEngine("mine", concurrency=2))
    now = find_job(connection, job.id)
    assert now.state == "paused"
    assert "budget" in now.note
    assert now.input_tokens + now.output_tokens == 1000 * len(wild_server.received) <= 60_000
