"""Candidates and their fates: what each stage made of what the model wrote."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from db.job_records import Candidate, NewCandidate
from db.store.connection import Connection
from db.store.json_columns import table_to_json
from db.store.rows import find_record, get_record, insert_all, records
from db.store.sqlite import Cursor

PARSE = "parse"
"""The stage that drops what can't be read from a reply: a part of every stage that reads replies."""

Fate = Literal["waiting", "used", "selected", "dropped"]

_COLUMNS = (
    "id, job_id, round, parent_id, wording, born, intended, text, original_text, fields, fate, stage, reason, twin_id,"
    " scores, label_confidence, example_id"
)


@dataclass(frozen=True)
class FunnelRow:
    """How many candidates ended, or are, at a stage, with one fate for one reason.

    Attributes:
        stage: Where they are: the stage that dropped, used or selected them, or that they wait at.
        born: The stage that made them.
        wording: The wording that wrote them; empty where the behaviour has one.
    """

    stage: str
    reason: str
    fate: str
    count: int
    born: str = ""
    wording: str = ""


@dataclass(frozen=True)
class SelectionRow:
    """What a round chose, and its mean label confidence beside that of plain top-k; None where nothing was scored."""

    round: int
    chosen: int
    confidence: float | None
    plain_confidence: float | None


@dataclass(frozen=True)
class Move:
    """Where a candidate goes: the stage where it waits or ends, with the reason, and the twin that it repeats."""

    candidate_id: int
    stage: str
    fate: Fate = "waiting"
    reason: str = ""
    twin_id: int | None = None


def insert_candidates(
    connection: Connection,
    job_id: int,
    round_number: int,
    new: Sequence[NewCandidate],
    *,
    item_id: int | None = None,
    parent_id: int | None = None,
) -> list[Candidate]:
    """Stores candidates of one call, of one other candidate, or of a job's input file; in a write transaction.

    Returns:
        Those that were not there already, as stored.
    """
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM candidates").fetchone()
    origin = {"job_id": job_id, "round": round_number, "item_id": item_id, "parent_id": parent_id}
    rows = [
        {
            **origin,
            "ordinal": candidate.ordinal,
            "wording": candidate.wording,
            "born": candidate.born,
            "intended": candidate.intended,
            "text": candidate.text,
            "fields": table_to_json(candidate.fields),
            "fate": "dropped" if candidate.problem else "waiting",
            "stage": PARSE if candidate.problem else candidate.born,
            "reason": candidate.problem,
        }
        for candidate in new
    ]
    insert_all(connection, "candidates", rows, unless_known=True)
    made = records(
        connection.execute(f"SELECT {_COLUMNS} FROM candidates WHERE id > ? ORDER BY id", (last,)), Candidate
    )
    connection.execute("UPDATE jobs SET candidates = candidates + ? WHERE id = ?", (len(made), job_id))
    return made


def note_text(connection: Connection, job_id: int, stage: str, text_key: str, candidate_id: int) -> int | None:
    """Notes the text with which a candidate comes to a stage; returns the earlier one that it repeats, if any."""
    added = connection.execute(
        "INSERT OR IGNORE INTO distinct_texts (job_id, stage, text_key, candidate_id) VALUES (?, ?, ?, ?)",
        (job_id, stage, text_key, candidate_id),
    ).rowcount
    if added:
        return None
    (earlier,) = connection.execute(
        "SELECT candidate_id FROM distinct_texts WHERE job_id = ? AND stage = ? AND text_key = ?",
        (job_id, stage, text_key),
    ).fetchone()
    return None if earlier == candidate_id else int(earlier)


def get_candidate(connection: Connection, candidate_id: int) -> Candidate:
    """Returns a candidate."""
    return get_record(_with_id(connection, candidate_id), Candidate)


def find_candidate(connection: Connection, candidate_id: int) -> Candidate | None:
    """Returns a candidate, or None if there is none of that id."""
    return find_record(_with_id(connection, candidate_id), Candidate)


def has_children(connection: Connection, candidate_id: int) -> bool:
    """Whether others were made from a candidate."""
    row = connection.execute("SELECT 1 FROM candidates WHERE parent_id = ? LIMIT 1", (candidate_id,)).fetchone()
    return row is not None


def set_scores(
    connection: Connection, candidate_id: int, scores: dict[str, Any], label_confidence: float | None
) -> None:
    """Stores what the judges said of a candidate so far."""
    connection.execute(
        "UPDATE candidates SET scores = ?, label_confidence = ? WHERE id = ?",
        (json.dumps(scores), label_confidence, candidate_id),
    )


def set_fields(connection: Connection, candidate_id: int, fields: dict[str, Any]) -> None:
    """Stores what is known of a candidate by name."""
    connection.execute("UPDATE candidates SET fields = ? WHERE id = ?", (table_to_json(fields), candidate_id))


def rewrite_candidate(connection: Connection, candidate_id: int, text: str, fields: dict[str, Any]) -> None:
    """Gives a candidate a new text; the one that it was first written with is kept."""
    connection.execute(
        "UPDATE candidates SET original_text = coalesce(original_text, text), text = ?, fields = ? WHERE id = ?",
        (text, table_to_json(fields), candidate_id),
    )


def move_candidates(connection: Connection, moves: Iterable[Move]) -> None:
    """Moves candidates to the stages where they wait or end."""
    connection.executemany(
        "UPDATE candidates SET stage = :stage, fate = :fate, reason = :reason, twin_id = :twin_id"
        " WHERE id = :candidate_id",
        [vars(move) for move in moves],
    )


def revive(connection: Connection, job_id: int, reasons: Collection[str]) -> None:
    """Lets candidates wait again that were dropped because calls about them had failed, in the job's round of now.

    Args:
        connection: The workspace, in a write transaction.
        job_id: Whose they are.
        reasons: What they were dropped for.
    """
    marks = ", ".join("?" * len(reasons))
    connection.execute(
        "UPDATE candidates SET fate = 'waiting', reason = '', round = (SELECT round FROM jobs WHERE id = job_id)"
        f" WHERE job_id = ? AND fate = 'dropped' AND reason IN ({marks}) AND EXISTS (SELECT 1 FROM work_items AS i"
        " WHERE i.candidate_id = candidates.id AND i.stage = candidates.stage AND i.state = 'failed')",
        (job_id, *reasons),
    )


def waiting_at(
    connection: Connection, job_id: int, stage: str, *, limit: int = -1, after: int = 0
) -> list[Candidate]:  # fmt: skip
    """Returns the candidates that wait at a stage, oldest first.

    Args:
        connection: The workspace.
        job_id: Whose they are.
        stage: Where they wait.
        limit: The most to return; -1 for all.
        after: Only those with a greater id.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM candidates INDEXED BY candidates_waiting"
        " WHERE job_id = ? AND stage = ? AND fate = 'waiting' AND id > ? ORDER BY id LIMIT ?",
        (job_id, stage, after, limit),
    )
    return records(rows, Candidate)


def selected_candidates(connection: Connection, job_id: int) -> list[Candidate]:
    """Returns the candidates that earlier rounds selected, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM candidates WHERE job_id = ? AND fate = 'selected' ORDER BY id", (job_id,)
    )
    return records(rows, Candidate)


def select_candidates(connection: Connection, job_id: int, stage: str, chosen: Sequence[tuple[int, int]]) -> None:
    """Marks candidates selected, each with the example it became: pairs of candidate id and example id."""
    connection.executemany(
        "UPDATE candidates SET fate = 'selected', stage = ?, example_id = ? WHERE id = ?",
        [(stage, example_id, candidate_id) for candidate_id, example_id in chosen],
    )
    connection.execute("UPDATE jobs SET selected = selected + ? WHERE id = ?", (len(chosen), job_id))


def note_selection(connection: Connection, job_id: int, row: SelectionRow) -> None:
    """Notes what a round's choice cost; that of a round cut short by a crash was noted before, and stays."""
    insert_all(connection, "selections", [{**vars(row), "job_id": job_id}], unless_known=True)


def selections(connection: Connection, job_id: int) -> list[SelectionRow]:
    """Returns what each round chose, in order."""
    rows = connection.execute(
        "SELECT round, chosen, confidence, plain_confidence FROM selections WHERE job_id = ? ORDER BY round", (job_id,)
    )
    return records(rows, SelectionRow)


def funnel(connection: Connection, job_id: int) -> list[FunnelRow]:
    """Returns how many candidates met each fate, by the stage where it met them and the reason."""
    rows = connection.execute(
        "SELECT stage, reason, fate, count(*) AS count, '' AS born, '' AS wording FROM candidates WHERE job_id = ?"
        " GROUP BY stage, reason, fate ORDER BY stage, reason, fate",
        (job_id,),
    )
    return records(rows, FunnelRow)


def detailed_funnel(connection: Connection, job_id: int) -> list[FunnelRow]:
    """Returns the same as `funnel`, told apart by the stage that made the candidates, and by wording."""
    rows = connection.execute(
        "SELECT stage, reason, fate, count(*) AS count, born, wording FROM candidates WHERE job_id = ?"
        " GROUP BY born, stage, fate, reason, wording ORDER BY min(id)",
        (job_id,),
    )
    return records(rows, FunnelRow)


def candidates_at(
    connection: Connection,
    job_id: int,
    stage: str,
    reason: str | None = None,
    *,
    fate: str | None = None,
    born: str | None = None,
    limit: int,
    after: int = 0,
) -> list[Candidate]:
    """Returns candidates that ended or wait at a stage, oldest first: what stands behind a number of the funnel.

    Args:
        connection: The workspace.
        job_id: Whose they are.
        stage: Where they are.
        reason: Only those with this reason.
        fate: Only those with this fate.
        born: Only those that this stage made.
        limit: The most to return.
        after: Only those with a greater id.
    """
    given = [(name, value) for name, value in (("reason", reason), ("fate", fate), ("born", born)) if value is not None]
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM candidates INDEXED BY candidates_at_stage WHERE job_id = ? AND stage = ? AND id > ?"
        f" {' '.join(f'AND {name} = ?' for name, _ in given)} ORDER BY id LIMIT ?",
        (job_id, stage, after, *(value for _, value in given), limit),
    )
    return records(rows, Candidate)


def siblings_in_review(connection: Connection, candidate_id: int) -> list[int | None]:
    """Returns what came from the same reply or was made from the same candidate, and is or may yet be an example.

    Returns:
        The example that each one became; None for those that still wait.
    """
    rows = connection.execute(
        "SELECT s.example_id FROM candidates AS c JOIN candidates AS s ON s.item_id = c.item_id"
        " WHERE c.id = :id AND s.id <> c.id AND s.fate IN ('selected', 'waiting')"
        " UNION ALL SELECT s.example_id FROM candidates AS c JOIN candidates AS s ON s.parent_id = c.parent_id"
        " WHERE c.id = :id AND s.id <> c.id AND s.fate IN ('selected', 'waiting')",
        {"id": candidate_id},
    )
    return [example_id for (example_id,) in rows]


def candidates_of_job(connection: Connection, job_id: int, limit: int) -> list[Candidate]:
    """Returns the first candidates of a job, in the order they were made; not those of which others were made."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM candidates WHERE job_id = ? AND fate <> 'used' ORDER BY id LIMIT ?", (job_id, limit)
    )
    return records(rows, Candidate)


def _with_id(connection: Connection, candidate_id: int) -> Cursor:
    return connection.execute(f"SELECT {_COLUMNS} FROM candidates WHERE id = ?", (candidate_id,))
