"""Fixtures that tests of every package share."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from db.store.connection import Connection
from db.store.workspace import open_workspace

settings.register_profile("always the same", derandomize=True)
settings.register_profile("random")
settings.load_profile("always the same")
"""What is found by chance belongs to one's own runs, with `--hypothesis-profile random`."""


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background jobs ignore Ctrl-C, and so would every process that a test starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a test says yes to isn't kept in the home of the person who runs it; also for processes that are forked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests work on workspaces of their own, whatever the person who runs them has set."""
    for name in ("EVALWRIGHT_WORKSPACE", "EVALWRIGHT_AS", "EVALWRIGHT_PRICES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workspace_path(tmp_path: Path) -> Path:
    """Where a workspace may be made; there is none yet."""
    return tmp_path / "workspace.db"


@pytest.fixture
def connection(workspace_path: Path) -> Iterator[Connection]:
    """A connection to a workspace that is new and empty."""
    opened = open_workspace(workspace_path)
    yield opened
    opened.close()
