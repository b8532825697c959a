"""Starts of the evidence in workspaces from before they were counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.decisions import last_decision
from db.sequences import sequences_of
from db.store import schema
from db.store.workspace import open_workspace


def test_a_dataset_that_was_reopened_counts_as_two_starts(
    workspace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [name for name, _ in schema.MIGRATIONS]
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[: known.index("sequences")])
    monkeypatch.setattr(schema, "CURRENT", len(schema.MIGRATIONS))
    older = open_workspace(workspace_path)
    for name, start in (("bees", 0), ("ants", 41)):
        older.execute(
            "INSERT INTO datasets (name, behavior, kind, origin, seed, state, visible, created_at, evidence_from)"
            " VALUES (?, '', 'persona', '', 7, 'closed', 1, '', ?)",
            (name, start),
        )
    older.execute("INSERT INTO dataset_counters (dataset_id, examples) VALUES (1, 8), (2, 9)")
    older.execute(
        "INSERT INTO decisions (dataset_id, decision, provisional, evidence, policy, last_annotation_id, version,"
        " created_at) VALUES (2, 'ship', 0, '[]', '', 41, '0.1.0', '')"
    )
    older.close()
    monkeypatch.undo()
    now = open_workspace(workspace_path)
    starts = {dataset: [(row.number, row.starts_after) for row in sequences_of(now, dataset)] for dataset in (1, 2)}
    assert starts == {1: [(1, 0)], 2: [(1, 0), (2, 41)]}
    assert now.execute("SELECT DISTINCT order_seed FROM datasets").fetchall() == [(7,)]
    stored = last_decision(now, 2)
    assert stored is not None
    assert (stored.decision, stored.method, stored.forecast) == ("ship", 1, "null")
