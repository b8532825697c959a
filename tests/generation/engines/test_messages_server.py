"""The server on loopback that the other tests lean on."""

import asyncio
import http.client
import json
import subprocess
import sys
from pathlib import Path

import pytest

from generation.engines.anthropic_messages import AnthropicEngine
from generation.engines.protocol import (
    EngineError,
    JudgeRequest,
    Prompt,
    SampleRequest,
    Sampling,
)
from tests.support import pretend_model
from tests.support.messages_server import (
    KEY,
    MessagesServer,
)

ASK = SampleRequest(Prompt("Say something about tea."), Sampling(max_tokens=64))


@pytest.mark.slow
async def test_the_pretend_model_lists_statements_and_honours_the_settings(engine: AnthropicEngine) -> None:
    ask = Prompt("Please write a list of 12 statements (stated in the first person) that they would agree with.")
    whole = (await engine.sample(SampleRequest(ask, Sampling(1000)))).completions[0]
    lines = whole.text.split("\n")
    assert whole.stop_reason == "stop"
    assert len(lines) == len(set(lines)) == 12
    assert all(line.startswith("- I ") and line.endswith(".") for line in lines)
    stopped = (await engine.sample(SampleRequest(ask, Sampling(1000, stop=("\n-",))))).completions[0]
    assert stopped.stop_reason == "stop"
    assert "\n" not in stopped.text
    assert stopped.text not in lines
    short = (await engine.sample(SampleRequest(ask, Sampling(5)))).completions[0]
    assert (len(short.text.split()), short.stop_reason) == (5, "length")


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("Suppose a person scores 10. Please write a list of 20 statements they agree with. List number 3.", 20),
        ("Write 7 short, first-person statements.", 7),
        ("Please write a list of statements that they would agree with.", pretend_model.USUAL_LIST_LENGTH),
        ('Would they agree with the following statement? "I have 2 cats."', None),
    ],
)
def test_the_pretend_model_knows_how_many_statements_are_wanted(prompt: str, count: int | None) -> None:
    assert pretend_model.wanted_statements(prompt) == count


def test_the_pretend_model_has_hundreds_of_thousands_of_statements() -> None:
    assert pretend_model.DISTINCT_STATEMENTS > 500_000
    assert len(set(pretend_model.statements("any", 100_000))) == 100_000


async def test_the_pretend_model_votes_by_the_prompt(engine: AnthropicEngine) -> None:
    prompts = [Prompt(f"Statement {number}?") for number in range(24)]
    votes = [(await engine.judge(JudgeRequest(prompt, ("Yes", "No")))).answer for prompt in prompts]
    again = [(await engine.judge(JudgeRequest(prompt, ("Yes", "No")))).answer for prompt in prompts]
    assert votes == again
    assert set(votes) == {0, 1}


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"x-api-key": KEY, "anthropic-version": "2026-10-21"}, {}, 200),
        ({"authorization": f"Bearer {KEY}", "anthropic-version": "2026-10-21"}, {}, 200),
        ({"anthropic-version": "2026-10-21"}, {}, 401),
        ({"x-api-key": "another", "anthropic-version": "2026-10-21"}, {}, 401),
        ({"x-api-key": KEY}, {}, 401),
        ({"x-api-key": KEY, "anthropic-version": "2026-10-21"}, {"temperature": 1}, 400),
        ({"x-api-key": KEY, "anthropic-version": "2026-10-21"}, {"top_p": 1}, 400),
        ({"x-api-key": KEY, "anthropic-version": "2026-10-21"}, {"top_k": 1}, 400),
        ({"x-api-key": KEY, "anthropic-version": "2026-10-21"}, {"stop_sequences": ["\n"]}, 400),
        ({"x-api-key": KEY, "anthropic-version": "2026-10-21"}, {"messages": []}, 400),
        (
            {"x-api-key": KEY, "anthropic-version": "2026-10-21"},
            {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "Here"}]},
            400,
        ),
    ],
)
def test_the_server_refuses_what_the_real_one_refuses(
    messages_server: MessagesServer, headers: dict[str, str], body: dict[str, object], status: int
) -> None:
    usual = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    connection = http.client.HTTPConnection("127.0.0.1", messages_server.port)
    connection.request("POST", "/v1/messages", json.dumps({**usual, **body}), headers)
    response = connection.getresponse()
    assert response.status == status
    assert ("error" in json.loads(response.read())) == (status != 200)
    connection.close()


@pytest.mark.slow
async def test_the_server_as_a_process_logs_each_request(
    no_anthropic_settings: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "requests.jsonl"
    command = [sys.executable, "-m", "tests.support.messages_server", "--latency", "0.01", "--log", str(log)]
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        engine = AnthropicEngine("claude-haiku-5-5")
        await asyncio.gather(*(engine.sample(ASK) for _ in range(3)))
        with pytest.raises(EngineError, match="max_tokens"):
            await engine.sample(SampleRequest(Prompt("x"), Sampling(max_tokens=0)))
        await engine.close()
        process.terminate()
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry["status"] for entry in entries] == [200, 200, 200, 400]
    assert entries[0]["body"] == engine.request_as_sent(ASK)
