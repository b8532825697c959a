"""Candidates and their fates: what each stage made of what the model wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.connection import Connection
from db.records import Candidate, NewCandidate, WorkItem

_COLUMNS = "id, job_id, round, intended, text, fate, stage, reason, twin_id, scores, label_confidence, example_id"


@dataclass(frozen=True)
class FunnelRow:
    """How many candidates a stage dropped for one reason; an empty stage is still on its way or selected."""

    stage: str
    reason: str
    fate: str
    count: int


def insert_candidates(connection: Connection, item: WorkItem, new: Sequence[NewCandidate]) -> list[int]:
    """Stores the candidates of one call; a repeat of an earlier text is dropped as the duplicate of its twin.

    Returns:
        The ids of those that go on.
    """
    going_on = []
    for candidate in new:
        twin = None if candidate.stage else _earlier(connection, item.job_id, candidate.text_key)
        stage, reason = (
            (candidate.stage, candidate.reason) if twin is None else ("deduplicate", "repeats an earlier one")
        )
        candidate_id = connection.execute(
            "INSERT INTO candidates (job_id, round, item_id, ordinal, intended, text, text_key, fate, stage, reason,"
            " twin_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                item.job_id,
                item.round,
                item.id,
                candidate.ordinal,
                candidate.intended,
                candidate.text,
                candidate.text_key,
                "dropped" if stage else "waiting",
                stage,
                reason,
                twin,
            ),
        ).lastrowid
        assert candidate_id is not None
        if not stage:
            going_on.append(candidate_id)
    connection.execute("UPDATE jobs SET candidates = candidates + ? WHERE id = ?", (len(new), item.job_id))
    return going_on


def _earlier(connection: Connection, job_id: int, text_key: str) -> int | None:
    row = connection.execute(
        "SELECT id FROM candidates WHERE job_id = ? AND text_key = ? AND stage NOT IN ('parse', 'check')"
        " ORDER BY id LIMIT 1",
        (job_id, text_key),
    ).fetchone()
    return row[0] if row else None


def get_candidate(connection: Connection, candidate_id: int) -> Candidate:
    """Returns a candidate."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM candidates WHERE id = ?", (candidate_id,)).fetchone()
    return _candidate(row)


def set_scores(
    connection: Connection, candidate_id: int, scores: dict[str, Any], label_confidence: float | None
) -> None:
    """Stores what the judges said of a candidate so far."""
    connection.execute(
        "UPDATE candidates SET scores = ?, label_confidence = ? WHERE id = ?",
        (json.dumps(scores), label_confidence, candidate_id),
    )


def waiting_candidates(connection: Connection, job_id: int) -> list[Candidate]:
    """Returns the candidates that no stage has dropped and no round has selected, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM candidates WHERE job_id = ? AND fate = 'waiting' ORDER BY id", (job_id,)
    )
    return [_candidate(row) for row in rows]


def selected_per_label(connection: Connection, job_id: int) -> dict[str, int]:
    """Returns how many candidates of each intended label are selected."""
    rows = connection.execute(
        "SELECT intended, count(*) FROM candidates WHERE job_id = ? AND fate = 'selected' GROUP BY intended",
        (job_id,),
    )
    return dict(rows.fetchall())


def select_candidates(connection: Connection, job_id: int, chosen: Sequence[tuple[int, int]]) -> None:
    """Marks candidates selected, each with the example it became: pairs of candidate id and example id."""
    connection.executemany(
        "UPDATE candidates SET fate = 'selected', stage = 'select', example_id = ? WHERE id = ?",
        [(example_id, candidate_id) for candidate_id, example_id in chosen],
    )
    connection.execute("UPDATE jobs SET selected = selected + ? WHERE id = ?", (len(chosen), job_id))


def drop_candidates(connection: Connection, candidate_ids: Sequence[int], stage: str, reason: str) -> None:
    """Marks candidates dropped by a stage, with the reason."""
    connection.executemany(
        "UPDATE candidates SET fate = 'dropped', stage = ?, reason = ? WHERE id = ?",
        [(stage, reason, candidate_id) for candidate_id in candidate_ids],
    )


def funnel(connection: Connection, job_id: int) -> list[FunnelRow]:
    """Returns how many candidates met each fate, by stage and reason."""
    rows = connection.execute(
        "SELECT stage, reason, fate, count(*) FROM candidates WHERE job_id = ? GROUP BY stage, reason, fate"
        " ORDER BY stage, reason, fate",
        (job_id,),
    )
    return [FunnelRow(*row) for row in rows]


def _candidate(row: tuple[Any, ...]) -> Candidate:
    values: tuple[Any, ...] = (*row[:9], json.loads(row[9]), *row[10:])
    return Candidate(*values)
