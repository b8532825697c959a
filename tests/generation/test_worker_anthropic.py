"""Jobs on the anthropic engine: the real SDK, a real server in a process of its own, real workers, really killed."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from db import candidates as candidate_rows
from db.store.connection import Connection
from generation.jobs.jobs import find_job
from generation.recipes.recipe import load_recipe
from tests.support.command_line import environment, run, start
from tests.support.faulty_server import AGREE, FAILED, TRIED_AGAIN, Running, fault, serving
from tests.support.finished import finished_job, stored_calls
from tests.support.messages_server import KEY, MessagesServer

PERSONA = load_recipe("persona")


def generate(folder: Path, server: Running, count: int, *more: str) -> subprocess.CompletedProcess[str]:
    options = ("--recipe", "fewer.toml", "--engine", "anthropic", "--count", str(count))
    return run("generate", "walks.toml", *options, *more, cwd=folder, **server.settings)


# Faults


@pytest.mark.slow
def test_a_job_over_a_server_with_every_fault(folder: Path, workspace: Connection) -> None:
    with serving(folder, "--faults") as server:
        done = generate(folder, server, 12, "--rounds", "2")
        requests = server.requests()
    assert done.returncode == 0, done.stderr
    job = finished_job(workspace, 1, 12)
    assert done.stdout == f"long-walks: 12 examples ({job.items_failed} calls failed)\n"

    met = Counter(fault(request["number"]) for request in requests)
    assert all(met[kind] > 0 for kind in TRIED_AGAIN | FAILED | {"refusal", "cut off", "unreadable"}), met
    assert job.items_failed == sum(met[kind] for kind in FAILED)
    assert job.items == len(requests) - sum(met[kind] for kind in TRIED_AGAIN)
    check_what_was_sent(workspace, requests)
    check_replies(workspace, met)
    check_confidence(workspace)
    assert b"loopback-test-key" not in (folder / "evalwright.db.worker.log").read_bytes()
    assert b"loopback-test-key" not in b"".join(path.read_bytes() for path in folder.glob("evalwright.db*"))


def check_what_was_sent(connection: Connection, requests: list[dict[str, Any]]) -> None:
    """What is stored is what was sent, all of it, as often as it was sent without a fault."""
    stored = Counter(json.dumps(prompt, sort_keys=True) for prompt, _ in stored_calls(connection))
    kept = [request["body"] for request in requests if fault(request["number"]) not in TRIED_AGAIN | FAILED]
    assert stored == Counter(json.dumps(body, sort_keys=True) for body in kept)
    assert {body["model"] for body in kept} == {"claude-haiku-5-5"}
    judged = next(body for body in kept if "output_config" in body)
    answers = judged["output_config"]["format"]["schema"]["properties"]["answer"]["enum"]
    assert tuple(answers) == PERSONA.judges[0].question("anthropic").answers
    assert answers[0] == AGREE


def check_replies(connection: Connection, met: Counter[str]) -> None:
    """A refusal, a reply that was cut off and one that can't be read are each what they are, and none is a vote."""
    replies = [reply for _, reply in stored_calls(connection)]
    reasons = Counter(reply.get("stop_reason") or reply["completions"][0]["stop_reason"] for reply in replies)
    assert (reasons["refusal"], reasons["length"]) == (met["refusal"], met["cut off"])
    for reply in replies:
        if "answer" in reply and reply["answer"] is None:
            assert reply["stop_reason"] != "stop" or reply["raw"] == "They would, I think."


def check_confidence(connection: Connection) -> None:
    """Every label confidence is the share of the votes that could be read, recomputed from the stored replies."""
    rows = connection.execute(
        "SELECT i.candidate_id, c.reply FROM work_items AS i JOIN calls AS c ON c.item_id = i.id"
        " WHERE i.stage = 'judge'"
    ).fetchall()
    votes: dict[int, list[int]] = {}
    for candidate_id, reply in rows:
        answer = json.loads(reply)["answer"]
        votes.setdefault(candidate_id, []).extend([] if answer is None else [answer])
    shares = set()
    for candidate_id, answers in votes.items():
        candidate = candidate_rows.get_candidate(connection, candidate_id)
        place = PERSONA.choices.index(candidate.intended)
        assert candidate.label_confidence == (answers.count(place) / len(answers) if answers else None)
        shares.add(candidate.label_confidence)
        if candidate.fate == "selected":
            query = "SELECT label_confidence FROM examples WHERE id = ?"
            (stored,) = connection.execute(query, (candidate.example_id,)).fetchone()
            assert stored == candidate.label_confidence
            assert stored > 0.5
    assert {0.0, 1 / 3, 0.5, 2 / 3, 1.0} <= shares


@pytest.mark.slow
def test_without_a_key_the_job_is_left_alone_and_it_is_said_what_to_do(folder: Path, workspace: Connection) -> None:
    done = run("generate", "walks.toml", "--engine", "anthropic", "--count", "4", cwd=folder)
    job = find_job(workspace, 1)
    assert done.returncode == 2
    assert done.stdout == f"long-walks: 0 examples ({job.note})\n"
    assert "evalwright: job 1 is queued: Left alone by the worker of " in done.stderr
    assert "The anthropic engine has no key: set ANTHROPIC_API_KEY" in done.stderr
    assert "To go on: `evalwright worker` or the app, where the engine has a key." in done.stderr
    assert job.state == "queued"
    assert stored_calls(workspace) == []
    with MessagesServer() as server:
        keys = {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": KEY}
        working = start("worker", cwd=folder, env=environment(folder, **keys))
        while find_job(workspace, 1).state != "done" and working.poll() is None:
            time.sleep(0.01)
        working.terminate()
        working.wait()
    assert find_job(workspace, 1).state == "done"
    assert find_job(workspace, 1).note == ""
