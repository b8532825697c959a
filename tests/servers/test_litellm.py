"""LiteLLM's proxy with mock answers, by both protocols: a job that runs, wrong keys and addresses, a budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from generation.engines.openai_compatible import OpenAICompatibleEngine
from generation.engines.protocol import Prompt, SampleRequest, Sampling
from tests.servers.conftest import KEY
from tests.servers.installed import RealServer
from tests.servers.jobs_on import Outcome, generate

pytestmark = pytest.mark.servers

ENGINES = ["openai-compatible", "anthropic"]


def job_on(
    server: RealServer,
    folder: Path,
    engine: str,
    *arguments: str,
    model: str = "writer",
    key: str = KEY,
    path: str | None = None,
) -> Outcome:
    """Runs a small job by either protocol; `path` is what the address has behind the host."""
    if engine == "anthropic":
        environment = {"ANTHROPIC_BASE_URL": server.url + (path or ""), "ANTHROPIC_API_KEY": key}
    else:
        environment = {"OPENAI_BASE_URL": server.url + ("/v1" if path is None else path), "OPENAI_API_KEY": key}
    options = ["--engine", engine, "--model", model, "--rounds", "1", "--count", "4", *arguments]
    return generate(folder, *options, **environment)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_job_runs(litellm: RealServer, tmp_path: Path, engine: str) -> None:
    """The proxy drops the log-probabilities that its models don't have, in silence: these are votes."""
    found = job_on(litellm, tmp_path, engine)
    assert (found.code, found.job.state, found.job.selected) == (0, "done", 4), found.said
    votes = [reply["answer"] for _, reply in found.of("judge")]
    assert set(votes) == {0, 1}
    assert {reply["model"] for _, _, reply in found.calls} == {"writer"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"key": "sk-another-key-than-it-has"}, "refused the key (400: No connected db)"),
        ({"model": "writers"}, "has no model writers (400: "),
        ({"path": "/v2"}, "There are no "),
        ({"model": "dear"}, "wants the account's spending settled first (429: No deployments available - crossed"),
    ],
    ids=["key", "model", "address", "budget"],
)
def test_what_pauses_a_job(
    litellm: RealServer, tmp_path: Path, engine: str, wrong: dict[str, str], sentence: str
) -> None:
    found = job_on(litellm, tmp_path, engine, "--concurrency", "1", **wrong)
    assert found.job.state == "paused", found.said
    assert sentence in found.job.note
    assert found.code == 2
    assert "sk-" not in found.said
    assert found.job.items_failed == 0


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/", " "])
async def test_addresses_that_lead_there_all_the_same(
    litellm: RealServer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The proxy answers without /v1, too."""
    monkeypatch.setenv("OPENAI_BASE_URL", litellm.url + path)
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\n")
    engine = OpenAICompatibleEngine("idle")
    found = await engine.sample(SampleRequest(Prompt("Hello."), Sampling(9)))
    assert found.completions[0].text == "I would rather not say."
    await engine.close()


def test_a_job_that_keeps_nothing_is_short_and_says_why(litellm: RealServer, tmp_path: Path) -> None:
    found = job_on(litellm, tmp_path, "openai-compatible", "--count", "20", model="idle")
    assert (found.code, found.job.state, found.job.selected) == (1, "short", 0), found.said
    assert "0 of 20 wanted passed the recipe's stages; most of the others ended at parse: no list" in found.said
    assert "To go on:" in found.said
