"""What accounts and servers do every day, through the real client: the job's state, its sentence, and what was asked.

Each row stands for a kind that was met; see `generation.engines.faults`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from db.job_records import Limits
from db.store.connection import Connection
from generation.engines import faults, reply_bounds
from generation.engines.anthropic_batches import AnthropicBatchesEngine
from generation.engines.anthropic_messages import AnthropicEngine
from generation.engines.openai_compatible import OpenAICompatibleEngine
from generation.engines.protocol import EngineError, JudgeRequest, Prompt, SampleRequest, Sampling
from generation.jobs.jobs import find_job, move_job, widen
from generation.worker import retries as patience
from tests.support.messages_server import KEY, Answer, MessagesServer, Received, dropped, raw, reply
from tests.support.scripted_engine import make_job, run_worker
from tests.support.wild_server import WildServer, check_judged_once, refusing, run, said, say

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient", "no_anthropic_settings")]

SAMPLE = SampleRequest(Prompt("Write a list of 3 statements."), Sampling(100))


PAGE = b"<html><head><title>Sign in</title></head><body>Hotel Wi-Fi</body></html>"
QUOTA = {"message": "You have used up what you had.", "type": "insufficient_quota", "code": "insufficient_quota"}
CREDIT = {"type": "invalid_request_error", "message": "Your credit balance is too low to use this API."}

PAUSING: dict[str, tuple[Answer, str]] = {
    "quota as 429": (refusing(429, QUOTA), "The account's quota at 127.0.0.1"),
    "credit as 400": (refusing(400, CREDIT), "wants the account's spending settled first (400: Your credit balance"),
    "402": (refusing(402, {"message": "Payment Required"}), "wants the account's spending settled first (402"),
    "budget of a proxy": (
        refusing(400, {"message": "Budget has been exceeded! Max budget: 1.0", "type": "budget_exceeded"}),
        "wants the account's spending settled first (400: Budget has been exceeded",
    ),
    "quota as success": (Answer(body={"error": QUOTA}), "The account's quota at 127.0.0.1"),
    "wrong key": (refusing(401, {"message": "Incorrect API key provided"}), "refused the key (401: Incorrect API key"),
    "key as 400": (refusing(400, {"message": "API key not valid. Pass a valid one."}), "refused the key (400"),
    "no access": (refusing(403, {"message": "no"}), "does not let this key use mine (403: no)"),
    "no model": (refusing(404, {"message": "The model `mine` does not exist"}), "has no model mine (404"),
    "no model as 400": (
        refusing(400, {"message": "Invalid model name passed in model=mine"}), "has no model mine (400",
    ),
    "no such address": (Answer(404, {"detail": "Not Found"}), "There are no chat completions at http://127.0.0.1"),
    "method not allowed": (Answer(405, b"Method Not Allowed"), "the address usually ends in /v1"),
    "redirect": (Answer(307, {}, headers={"location": "https://elsewhere.test/v1"}), "to https://elsewhere.test/v1"),
    "proxy": (Answer(407, b"login"), "A proxy on the way to 127.0.0.1"),
    "setting": (
        refusing(400, {"message": "Unrecognized request argument supplied: seed"}),
        "refuses the setting seed (400: Unrecognized request argument supplied: seed); change it in the recipe, or "
        "leave it out with --leave-out seed.",
    ),
    "web page": (raw(PAGE, "text/html"), "can't be read as chat completions (a web page: Sign in)"),
    "not packed": (Answer(body=b"{}", headers={"content-encoding": "gzip"}), "a reply that can't be unpacked"),
    "no choices": (Answer(body={"choices": [], "usage": None}), "(it has no choices)"),
    "an error as success": (Answer(body={"error": {"message": "odd"}}), "sent an error in place of a reply (odd)"),
    "unknown": (refusing(418, {"message": "I am a teapot"}), "refused the request (418: I am a teapot)"),
    "wait a day": (refusing(429, {"message": "later"}, retry_after="86400"), "The server asks to wait 24.0 hours."),
}  # fmt: skip


@pytest.mark.parametrize("good", [0, 6])
@pytest.mark.parametrize("kind", PAUSING)
async def test_what_no_call_gets_past_pauses_the_job_with_its_reason(
    wild_server: WildServer, workspace_path: Path, connection: Connection, kind: str, good: int
) -> None:
    """At once where a person has to act, else after a run of failures; and nothing that was answered is asked again."""
    answer, sentence = PAUSING[kind]
    wild_server.good, wild_server.script = good, lambda _received: answer
    job = await run(connection, workspace_path, count=20)
    assert job.state == "paused", job.note
    assert sentence in job.note
    assert job.items_done == good
    assert job.items_failed <= patience.FAILURES_IN_A_ROW
    assert KEY not in job.note
    answered = [json.dumps(received.body, sort_keys=True) for received in wild_server.received[:good]]
    wild_server.script = ()
    move_job(connection, job.id, "resume")
    await run_worker(workspace_path, OpenAICompatibleEngine("mine", concurrency=4))
    assert find_job(connection, job.id).finished
    later = [json.dumps(received.body, sort_keys=True) for received in wild_server.received[good:]]
    assert not set(answered) & set(later)


WAITED_FOR = {
    "too many requests": refusing(429, {"message": "slow down"}, retry_after="0s"),
    "loading": refusing(503, {"message": "Loading model"}),
    "overloaded": refusing(529, {"message": "Overloaded"}),
    "overloaded as success": Answer(body={"error": {"message": "Provider returned error", "code": 429}}),
    "bad gateway": Answer(502, PAGE, headers={"content-type": "text/html"}),
    "dropped": dropped(),
    "cut": dropped(200),
    "no choices": Answer(body={"choices": []}),
    "web page": raw(PAGE, "text/html"),
}


@pytest.mark.parametrize("kind", WAITED_FOR)
@pytest.mark.parametrize("good", [0, 3])
async def test_what_passes_is_waited_for_and_nothing_is_voted_where_probabilities_are_to_be_had(
    wild_server: WildServer, workspace_path: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch, kind: str,
    good: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(faults, "LOADING_SECONDS", 0.01)
    wild_server.good = good
    wild_server.script = [WAITED_FOR[kind]] * 2
    job = await run(connection, workspace_path)
    assert (job.state in {"done", "short"}, job.items_failed) == (True, 0)
    check_judged_once(connection)


async def test_a_run_of_failures_pauses_a_job_whatever_came_before(
    wild_server: WildServer, workspace_path: Path, connection: Connection
) -> None:
    wild_server.good = 40
    wild_server.script = lambda _received: refusing(422, {"message": "something nobody has heard of"})
    job = await run(connection, workspace_path, count=40)
    assert (job.state, job.items_done) == ("paused", 40)
    assert job.note == (
        f"{patience.FAILURES_IN_A_ROW} calls in a row have failed: {server_name(wild_server)} refused the request "
        f"(422: something nobody has heard of); `evalwright jobs retry {job.id}` makes the failed calls again."
    )
    assert job.items_failed <= patience.FAILURES_IN_A_ROW


def server_name(server: MessagesServer) -> str:
    return server.url.removeprefix("http://")


async def test_the_length_of_the_run_is_a_limit(
    wild_server: WildServer, workspace_path: Path, connection: Connection
) -> None:
    wild_server.script = lambda _received: refusing(422, {"message": "no"})
    job = make_job(connection, engine="openai-compatible", count=40, rounds=1)
    widen(connection, job.id, Limits(failures_in_a_row=2))
    await run_worker(workspace_path, OpenAICompatibleEngine("mine", concurrency=1))
    now = find_job(connection, job.id)
    assert now.state == "paused"
    assert now.items_failed == 2, "what was under way then is given back"


async def test_a_setting_that_is_refused_can_be_left_out(
    wild_server: WildServer, workspace_path: Path, connection: Connection
) -> None:
    def no_seed(received: Received) -> Answer | None:
        refused = refusing(400, {"message": "Unsupported parameter", "param": "seed", "code": "unsupported_parameter"})
        return refused if "seed" in received.body else None

    wild_server.script = no_seed
    job = await run(connection, workspace_path)
    assert (job.state, job.items_done) == ("paused", 0)
    widen(connection, job.id, Limits(leave_out=("seed",)))
    move_job(connection, job.id, "resume")
    engine = OpenAICompatibleEngine("mine", leave_out=("seed",))
    await run_worker(workspace_path, engine)
    assert find_job(connection, job.id).finished
    sent = [json.loads(prompt) for (prompt,) in connection.execute("SELECT prompt FROM calls")]
    assert sent
    assert not any("seed" in body for body in sent)


# The Messages API and its batches


@pytest.mark.parametrize("engine", ["anthropic", "anthropic-batches"])
@pytest.mark.parametrize("trouble", [CREDIT, {"type": "billing_error", "message": "no money"}])
async def test_money_that_runs_out_pauses_messages_and_batches(
    messages_server: MessagesServer, workspace_path: Path, connection: Connection, engine: str, trouble: dict[str, str]
) -> None:
    """In a batch each request says it by itself; what was answered before is stored."""
    messages_server.script = lambda received: (
        Answer(400, {"type": "error", "error": trouble})
        if received.number > 4 and received.path == "/v1/messages"
        else None
    )
    messages_server.batches.fate = lambda number: "succeeded" if number <= 4 else "errored"
    messages_server.batches.trouble = trouble
    made = AnthropicEngine("m") if engine == "anthropic" else AnthropicBatchesEngine("m")
    job = await run(connection, workspace_path, made, engine=engine)
    assert (job.state, job.items_failed) == ("paused", 0)
    assert "wants the account's spending settled first" in job.note
    assert job.items_done == connection.execute("SELECT count(*) FROM calls").fetchone()[0] > 0
    messages_server.script = ()
    messages_server.batches.fate = lambda _number: "succeeded"
    move_job(connection, job.id, "resume")
    again = AnthropicEngine("m") if engine == "anthropic" else AnthropicBatchesEngine("m")
    await run_worker(workspace_path, again)
    now = find_job(connection, job.id)
    assert now.state == "done", now.note


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (raw(PAGE, "text/html"), "broken reply"),
        (Answer(body={"type": "error", "error": {"type": "overloaded_error", "message": "x"}}), "busy"),
        (Answer(body={"error": {"message": "Provider returned error", "code": 402}}), "spending"),
        (Answer(body=b"{}", headers={"content-encoding": "gzip"}), "broken reply"),
        (Answer(307, b"", headers={"location": "https://elsewhere.test/"}), "address"),
        (Answer(404, b"nothing here"), "address"),
        (Answer(404, {"type": "error", "error": {"type": "not_found_error", "message": "model: m"}}), "model"),
        (Answer(400, {"error": {"message": "output_config: Extra inputs are not permitted"}}), "setting"),
    ],
)
async def test_faults_of_the_messages_api_by_kind(messages_server: MessagesServer, answer: Answer, kind: str) -> None:
    engine = AnthropicEngine("m")
    messages_server.script = [answer]
    with pytest.raises(EngineError) as caught:
        await engine.judge(JudgeRequest(Prompt("Is it?"), ("Yes", "No")))
    await engine.close()
    assert caught.value.kind == kind


@pytest.mark.parametrize("protocol", ["chat", "messages"])
async def test_what_a_server_echoes_of_the_key_is_stored_nowhere(
    wild_server: WildServer, messages_server: MessagesServer, workspace_path: Path, connection: Connection,
    protocol: str,
) -> None:  # fmt: skip
    """In a good reply, as in an error."""
    wild_server.bend = lambda reply, _body: say(reply, f"{said(reply)}\n- I know {KEY} by heart")
    messages_server.script = lambda received: (
        None if "output_config" in received.body else reply(f"- I walk on day {received.number}\n- I know {KEY} well")
    )
    made = AnthropicEngine("m") if protocol == "messages" else None
    await run(connection, workspace_path, made, engine="openai-compatible" if made is None else "anthropic")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert connection.execute("SELECT count(*) FROM candidates WHERE text LIKE '%[key]%'").fetchone()[0] > 0
    assert KEY.encode() not in b"".join(path.read_bytes() for path in workspace_path.parent.glob("*.db*"))


async def test_a_reply_without_end_is_ended(messages_server: MessagesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_bounds, "LARGEST_REPLY", 1 << 20)
    messages_server.script = [raw(b" " * (2 << 20))]
    engine = AnthropicEngine("m")
    with pytest.raises(EngineError, match="the reply is larger than 1 MiB"):
        await engine.sample(SAMPLE)
    await engine.close()


async def test_a_redirect_never_takes_the_key_along(messages_server: MessagesServer) -> None:
    with MessagesServer() as elsewhere:
        messages_server.script = [Answer(307, b"", headers={"location": f"{elsewhere.url}/v1/messages"})]
        engine = AnthropicEngine("m")
        with pytest.raises(EngineError, match="leads elsewhere"):
            await engine.sample(SAMPLE)
        await engine.close()
        assert elsewhere.received == []
