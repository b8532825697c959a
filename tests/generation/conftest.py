"""What tests of the worker share: it looks for news often, and waits for nobody long."""

import pytest

from generation import calls, results, worker


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortens the waits of a worker that are waits and nothing else; calls begin in its turns only."""
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.005)
    monkeypatch.setattr(calls, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(worker, "BREATH_SECONDS", 0.0)
    monkeypatch.setattr(results, "BACKOFF_SECONDS", 0.001)
