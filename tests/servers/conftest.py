"""The real servers, each started once for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.errors import EvalwrightError
from generation.engines.model_store import fetch_model
from tests.servers.installed import HERE, RealServer, python_with

KEY = "sk-loopback-test-key"
"""The key that LiteLLM's proxy is told to ask for."""


@pytest.fixture(scope="module")
def model() -> Path:
    """The file of the embedded model."""
    try:
        return fetch_model()
    except EvalwrightError as error:
        pytest.skip(f"the embedded model can't be had here: {error}")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[RealServer]:
    """llama.cpp's own server with the embedded model."""
    command = [str(python_with("llama")), str(HERE / "llama_server.py"), str(model), "PORT"]
    log = tmp_path_factory.mktemp("llama") / "said.txt"
    with RealServer(command, "/health", log, {"HOME": str(log.parent)}) as server:
        yield server


@pytest.fixture(scope="module")
def litellm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """LiteLLM's proxy, whose models are in `litellm.yaml`."""
    command = [str(python_with("litellm")), "-m", "uvicorn", "litellm.proxy.proxy_server:app"]
    log = tmp_path_factory.mktemp("litellm") / "said.txt"
    env = {
        "HOME": str(log.parent),
        "CONFIG_FILE_PATH": str(HERE / "litellm.yaml"),
        "LITELLM_MASTER_KEY": KEY,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it looks for prices on the network, three times
        "NO_COLOR": "1",
    }
    arguments = ["--host", "127.0.0.1", "--port", "PORT", "--no-access-log"]
    with RealServer([*command, *arguments], "/health/liveliness", log, env) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the environment leads anywhere else."""
    for name in (
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_BASE_URL",
    ):
        monkeypatch.delenv(name, raising=False)
