"""What takes long of `test_false_ships`, with as many reviews as CI has time for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.review import test_false_ships as in_many

REVIEWS = 5


@pytest.mark.slow
def test_a_lead_who_rules_and_excludes_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_many, "REVIEWS", REVIEWS)
    in_many.test_a_lead_who_rules_and_excludes_changes_nothing(tmp_path)
