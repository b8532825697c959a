"""What tests of the worker share: it looks for news often, and waits for nobody long."""

import pytest

from generation import results, worker


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortens the waits of a worker that are waits and nothing else."""
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.005)
    monkeypatch.setattr(results, "BACKOFF_SECONDS", 0.001)
