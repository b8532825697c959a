"""The anthropic engine through the real SDK, against a server on loopback: whatever goes wrong."""

import json
import traceback

import pytest

from generation.engines.anthropic_messages import AnthropicEngine
from generation.engines.protocol import (
    EngineBusyError,
    EngineError,
    EngineUnsureError,
    EngineUnusableError,
    Prompt,
    SampleRequest,
    Sampling,
    SettingRefusedError,
    Usage,
)
from tests.support.messages_server import (
    KEY,
    Answer,
    MessagesServer,
    dropped,
    error,
    overloaded,
    rate_limited,
    raw,
    slow,
)

ASK = SampleRequest(Prompt("Say something about tea."), Sampling(max_tokens=64))
WHOLE = {"content": [], "stop_reason": "end_turn", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 0}}


async def failure(engine: AnthropicEngine, request: SampleRequest = ASK) -> EngineError:
    with pytest.raises(EngineError) as caught:
        await engine.sample(request)
    return caught.value


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
async def test_what_passes_is_worth_trying_again(
    engine: AnthropicEngine, messages_server: MessagesServer, status: int
) -> None:
    messages_server.script = [error(status, "Come back later.")]
    caught = await failure(engine)
    assert isinstance(caught, EngineBusyError)
    assert caught.retry_after is None
    assert f"({status}: Come back later)." in str(caught)
    assert len(messages_server.received) == 1, "the SDK must not retry by itself"
    assert (await engine.sample(ASK)).completions[0].text


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"date": "Sun, 22 Nov 2026 10:00:00 GMT", "retry_after": "Sun, 22 Nov 2026 10:01:30 GMT"}, 90.0),
        ({"date": "Sun, 22 Nov 2026 10:00:00 GMT", "retry_after": "Sun, 22 Nov 2026 09:00:00 GMT"}, 0.0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({}, None),
    ],
)
async def test_the_server_says_how_long_to_wait(
    engine: AnthropicEngine, messages_server: MessagesServer, headers: dict[str, str], seconds: float | None
) -> None:
    messages_server.script = [error(429, **headers)]
    caught = await failure(engine)
    assert isinstance(caught, EngineBusyError)
    assert caught.retry_after == seconds


async def test_overload_and_rate_limits_of_the_helpers(
    engine: AnthropicEngine, messages_server: MessagesServer
) -> None:
    messages_server.script = [overloaded(), rate_limited("12"), None]
    assert "529: Overloaded" in str(await failure(engine))
    limited = await failure(engine)
    assert isinstance(limited, EngineBusyError)
    assert limited.retry_after == 12
    assert (await engine.sample(ASK)).completions[0].stop_reason == "stop"


@pytest.mark.parametrize("after", [0, 40, 250])
async def test_a_lost_connection_is_worth_trying_again(
    engine: AnthropicEngine, messages_server: MessagesServer, after: int
) -> None:
    messages_server.script = [dropped(after)]
    caught = await failure(engine)
    assert isinstance(caught, EngineBusyError)
    assert "connection" in str(caught)
    assert (await engine.sample(ASK)).completions[0].text


async def test_nobody_at_the_address_is_worth_trying_again(
    messages_server: MessagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://someone:hidden-password@127.0.0.1:1")
    engine = AnthropicEngine("claude-haiku-5-5")
    caught = await failure(engine)
    await engine.close()
    assert isinstance(caught, EngineBusyError)
    assert "127.0.0.1:1 " in str(caught)
    assert "hidden-password" not in str(caught)


async def test_a_late_answer_is_worth_trying_again(messages_server: MessagesServer) -> None:
    messages_server.script = [slow(30)]
    engine = AnthropicEngine("claude-haiku-5-5", timeout=0.05)
    caught = await failure(engine)
    await engine.close()
    assert isinstance(caught, EngineBusyError)
    assert "did not answer in time" in str(caught)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (error(401, "invalid x-api-key"), "check ANTHROPIC_API_KEY"),
        (error(403, "no access"), "does not let this key use claude-haiku-5-5"),
        (error(404, "model: claude-haiku-5-5"), "has no model claude-haiku-5-5"),
        (error(402, "credit balance too low"), "spending"),
        (error(429, "limit", code="enforced_spend_limit_reached", retry_after="5"), "spending"),
        (error(400, "on hold", code="organization_on_hold"), "spending"),
    ],
)
async def test_what_needs_a_person_makes_the_engine_unusable(
    engine: AnthropicEngine, messages_server: MessagesServer, answer: Answer, named: str
) -> None:
    messages_server.script = [answer]
    caught = await failure(engine)
    assert isinstance(caught, EngineUnusableError)
    assert named in str(caught)


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_refused_request_is_only_an_error(
    engine: AnthropicEngine, messages_server: MessagesServer, status: int
) -> None:
    messages_server.script = [error(status, "prompt is too long")]
    caught = await failure(engine)
    assert type(caught) is EngineError
    assert str(caught).endswith(f"refused the request ({status}: prompt is too long).")


async def test_a_request_that_the_server_itself_refuses(engine: AnthropicEngine) -> None:
    caught = await failure(engine, SampleRequest(Prompt("x"), Sampling(max_tokens=0)))
    assert isinstance(caught, SettingRefusedError)
    assert "refuses the setting max_tokens" in str(caught)


async def test_a_servers_words_are_shortened_and_cleaned(
    engine: AnthropicEngine, messages_server: MessagesServer
) -> None:
    messages_server.script = [error(400, "\x1b]0;title\x07 bad\r\n\u202egnihtyna\u2028 \x9b31m" + "word " * 10_000)]
    said = str(await failure(engine))
    assert len(said) < 300
    assert "bad gnihtyna 31mword" in said
    assert said.isprintable()


async def test_an_error_page_is_not_taken_for_json(engine: AnthropicEngine, messages_server: MessagesServer) -> None:
    page = Answer(502, b"<html>Bad\ngateway</html>", headers={"content-type": "text/html"})
    messages_server.script = [page, Answer(500, b""), Answer(500, {"error": {"message": [1]}})]
    assert "502: a web page: Bad gateway" in str(await failure(engine))
    assert isinstance(await failure(engine), EngineBusyError)
    assert isinstance(await failure(engine), EngineBusyError)


@pytest.mark.parametrize("header", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"])
async def test_a_key_that_the_server_repeats_is_not_shown(
    messages_server: MessagesServer, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv(header, f"X-Api-Key: {KEY}" if header.endswith("HEADERS") else KEY)
    messages_server.script = [error(401, f"key {KEY} is wrong"), error(500, f"Bearer {KEY}"), error(400, KEY)]
    engine = AnthropicEngine("claude-haiku-5-5")
    caught = [await failure(engine) for _ in range(3)]
    await engine.close()
    assert [type(each) for each in caught] == [EngineUnusableError, EngineUnsureError, EngineError]
    assert all("[key]" in str(each) for each in caught)
    assert not any(KEY in "".join(traceback.format_exception(each)) for each in caught)


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"Hello"),
        raw(b"Hello", "text/plain"),
        raw(b""),
        raw(b"\xff\xfe\xfa"),
        raw(b'{"content": [{"type": "text", "te'),
        raw(b"[]"),
        raw(b'"text"'),
        raw(b"{}"),
        raw(b"[" * 100_000),
        raw(json.dumps({**WHOLE, "content": None}).encode()),
        raw(json.dumps({**WHOLE, "content": "Hello"}).encode()),
        raw(json.dumps({**WHOLE, "content": ["Hello"]}).encode()),
        raw(json.dumps({**WHOLE, "content": [{"type": "text", "text": None}]}).encode()),
        raw(json.dumps({**WHOLE, "content": [{"type": "text", "text": "\ud800"}]}).encode()),
        raw(json.dumps({**WHOLE, "model": None}).encode()),
        raw(json.dumps({**WHOLE, "usage": None}).encode()),
        raw(json.dumps({**WHOLE, "usage": {"input_tokens": 1}}).encode()),
        raw(json.dumps({**WHOLE, "usage": {"input_tokens": "1", "output_tokens": 1}}).encode()),
        raw(json.dumps({**WHOLE, "usage": {"input_tokens": -1, "output_tokens": 1}}).encode()),
        raw(json.dumps({**WHOLE, "stop_reason": None}).encode()),
    ],
)
async def test_an_unreadable_body_is_a_sentence(
    engine: AnthropicEngine, messages_server: MessagesServer, answer: Answer
) -> None:
    messages_server.script = [answer, raw(json.dumps(WHOLE).encode())]
    caught = await failure(engine)
    assert isinstance(caught, EngineUnsureError)
    assert caught.kind == "broken reply"
    assert "can't be read as messages" in str(caught)
    assert str(caught).isprintable()
    assert (await engine.sample(ASK)).usage == Usage(1, 0), "the body they were made from is readable"


async def test_a_prompt_that_utf8_cannot_hold_is_a_sentence(
    engine: AnthropicEngine, messages_server: MessagesServer
) -> None:
    caught = await failure(engine, SampleRequest(Prompt("half \ud83d"), Sampling(8)))
    assert type(caught) is EngineError
    assert "UTF-8" in str(caught)
    assert messages_server.received == []


@pytest.mark.parametrize("with_address", [True, False])
async def test_without_a_key_nothing_is_sent(
    no_anthropic_settings: None,
    messages_server: MessagesServer,
    monkeypatch: pytest.MonkeyPatch,
    with_address: bool,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "")
    if not with_address:
        monkeypatch.delenv("ANTHROPIC_BASE_URL")
    engine = AnthropicEngine("claude-haiku-5-5")
    caught = await failure(engine)
    await engine.close()
    assert isinstance(caught, EngineUnusableError)
    assert "set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN" in str(caught)
    assert messages_server.received == []


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("ANTHROPIC_API_KEY", "wrong-key", "check ANTHROPIC_API_KEY"),
        ("ANTHROPIC_API_KEY", "secret-key\nmore", "has a line break"),
        ("ANTHROPIC_BASE_URL", "127.0.0.1", "http://"),
        ("ANTHROPIC_BASE_URL", "ftp://127.0.0.1", "http://"),
        ("ANTHROPIC_BASE_URL", "http://127.0.0.1:port", "ANTHROPIC_BASE_URL"),
        ("ANTHROPIC_PROFILE", "nobody", "nobody"),
    ],
)
async def test_wrong_settings_make_the_engine_unusable(
    messages_server: MessagesServer,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    named: str,
) -> None:
    if variable == "ANTHROPIC_PROFILE":
        monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv(variable, value)
    engine = AnthropicEngine("claude-haiku-5-5")
    caught = await failure(engine)
    await engine.close()
    assert isinstance(caught, EngineUnusableError)
    assert named in str(caught)
    assert "secret-key" not in "".join(traceback.format_exception(caught))
