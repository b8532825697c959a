"""The wording that an answer was given on, in workspaces from before it was noted."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.store import schema
from db.store.workspace import open_workspace
from review.assignment.serving import start_session


def test_older_re_reviews_get_the_edit_of_their_time(workspace_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = [name for name, _ in schema.MIGRATIONS]
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[: known.index("wordings")])
    monkeypatch.setattr(schema, "CURRENT", len(schema.MIGRATIONS))
    older = open_workspace(workspace_path)
    older.execute(
        "INSERT INTO datasets (name, behavior, kind, origin, seed, state, visible, created_at)"
        " VALUES ('bees', '', 'persona', '', 1, 'closed', 1, '')"
    )
    older.execute("INSERT INTO dataset_counters (dataset_id, examples) VALUES (1, 8)")
    older.executemany(
        "INSERT INTO examples (id, dataset_id, ordinal, question, body, choices) VALUES (?, 1, ?, 'q', 'b', '[]')",
        [(number + 1, number) for number in range(8)],
    )
    ada = start_session(older, "Ada")
    for key, occasion in enumerate(["first", "re-review", "first", "re-review", "gold"], start=1):
        older.execute(
            "INSERT INTO annotations (id, dataset_id, example_id, annotator_id, occasion, revision, skipped, seconds,"
            " submission, session_id, created_at) VALUES (?1, 1, 7, 1, ?2, ?1, 1, 1, 'given ' || ?1, ?3, '')",
            (key, occasion, ada.id),
        )
    for after, verdict in ((1, "edit"), (2, "keep"), (3, "edit")):
        older.execute(
            "INSERT INTO rulings (dataset_id, example_id, verdict, question, body, ruled_by, after_annotation,"
            " created_at) VALUES (1, 7, ?1, iif(?1 = 'edit', 'q', NULL), iif(?1 = 'edit', 'b', NULL), 'lea', ?2, '')",
            (verdict, after),
        )
    older.execute(
        "INSERT INTO packets (token, dataset_id, annotator_id, made_at, expires_at) VALUES (?, 1, 1, '', 0)", (ada.id,)
    )
    older.execute("INSERT INTO packet_examples VALUES (1, 1, 7, 'first')")
    older.close()
    monkeypatch.undo()
    now = open_workspace(workspace_path)
    assert now.execute("SELECT ruling_id FROM annotations ORDER BY id").fetchall() == [
        (None,), (1,), (None,), (3,), (None,),
    ]  # fmt: skip
    assert now.execute("SELECT * FROM packet_examples").fetchall() == [(1, 1, 7, "first", None)]
